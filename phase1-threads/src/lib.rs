//! phase1-threads
