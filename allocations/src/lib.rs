//! How often a process allocates: the system's allocator, with a counter that can be turned on.
//!
//! This is the one crate of the workspace with unsafe code in it. [`GlobalAlloc`] is an unsafe trait,
//! because an allocator that hands out wrong memory breaks every promise of the language; and a
//! program has only one allocator, so nothing else sees all that it allocates. There is little to get
//! wrong here: every call goes to [`System`] as it came.
//!
//! Until [`start`] is called an allocation costs one more relaxed load and a branch, which no
//! measurement on real sockets has been able to see. After it, an allocation costs an atomic addition on a
//! cache line that all threads share, so what is counted is not to be timed as well.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

static COUNTING: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The system's allocator. For a binary's `#[global_allocator]`; a library has no say in that.
#[derive(Debug)]
pub struct Counting;

/// Counts from now on. False where [`Counting`] is not this program's allocator, so that what was
/// never counted is not taken for none.
pub fn start() -> bool {
    COUNTING.store(true, Relaxed);
    let before = count();
    // What is not looked at may never be allocated.
    drop(std::hint::black_box(Box::new(0_u8)));
    count() > before
}

/// Allocations since [`start`], reallocations among them; what was freed in between is not taken off.
pub fn count() -> u64 {
    COUNT.load(Relaxed)
}

fn note() {
    if COUNTING.load(Relaxed) {
        COUNT.fetch_add(1, Relaxed);
    }
}

// SAFETY: what comes in goes to `System` unchanged, and what `System` returns is returned, so its
// promises are kept as far as it keeps them. Counting allocates nothing and can't panic.
#[expect(unsafe_code, reason = "the trait is unsafe, and it is what this crate is for")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller promises what `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: as above, and `pointer` came from `System`, since all pointers here do.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}
