//! What is watched while a target runs: that it gives back all memory that it took.
//!
//! Stable Rust has no leak sanitizer. Every allocation of Rust code is counted instead, and what a target does with
//! one input is done again from time to time: if memory grows with each of the repetitions, it leaks.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// How many inputs lie between two that are repeated.
const EVERY: u64 = 97;

/// How often one is repeated. Caches that fill up on the way are full by then.
const REPETITIONS: usize = 12;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static RUNS: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, counted.
struct Counted;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

// SAFETY: all is passed on to the system's allocator as it comes.
#[expect(unsafe_code, reason = "an allocator is unsafe by its signature")]
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_add(size, Ordering::Relaxed);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

/// Does `work` once, and from time to time more often, to see whether memory grows with it.
pub fn run(work: impl Fn()) {
    work();
    if RUNS.fetch_add(1, Ordering::Relaxed) % EVERY != 0 {
        return;
    }
    let live: [usize; REPETITIONS] = std::array::from_fn(|_| {
        work();
        LIVE.load(Ordering::Relaxed)
    });
    let grows = live.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(!grows, "memory grows with every run: {live:?}");
}

/// A fuzz target: what it does with some bytes, watched.
#[macro_export]
macro_rules! target {
    (|$data:ident| $work:expr) => {
        libfuzzer_sys::fuzz_target!(|$data| $crate::watch::run(|| $work));
    };
}
