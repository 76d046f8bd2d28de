//! What must hold for any bytes, by number. `hold.rs` states most of it as plain functions, which
//! `fuzz/` calls too; here proptest makes up the bytes on each test run.
//!
//! | | what must hold | where |
//! |---|---|---|
//! | 1 | no panic, no endless loop, no read out of bounds | `bytes.rs`, `drive.rs` |
//! | 2 | any chunking gives the same requests, error and consumed offsets | `bytes.rs` |
//! | 3 | a complete request ignores what follows; an error never becomes a success | `bytes.rs` |
//! | 4 | the work grows with the bytes and no faster, also byte by byte | `src/work.rs` |
//! | 5 | the parsers agree, and what they accept httparse accepts | `bytes.rs` |
//! | 6 | two messages behind each other are parsed as each alone | `bytes.rs` |
//! | 7 | what was parsed or written comes back from its encoding | `encoding.rs` |
//! | 8 | every limit is exact | `limits.rs` |
//! | 9 | the five phases answer the same bytes alike | `loadgen/tests/phases_agree.rs` |

mod bytes;
mod drive;
mod encoding;
mod generate;
mod hold;
mod limits;
