//! Tests of the pool: it keeps some free stacks, and gives the others back to the kernel.

use std::{cell::RefCell, thread};

use corosensei::stack::Stack as _;

use super::{passes_alone, touch, usage};
use crate::stack::{
    SMALLEST_STACK, Stack, StackError, StackStats,
    pool::{WARM_BYTES, WARM_STACKS},
    stats,
};

/// The number of stacks of the smallest size that may stay warm.
const WARM: usize = WARM_STACKS;

fn take(count: usize) -> Vec<Stack> {
    let stacks: Vec<Stack> = (0..count).map(|_| Stack::take(0).expect("there is memory")).collect();
    stacks.iter().for_each(touch);
    stacks
}

#[test]
fn the_last_stack_back_is_the_first_out() {
    let stacks = take(2);
    let last = stacks[1].base();
    drop(stacks);
    assert_eq!(Stack::take(0).expect("two are pooled").base(), last);
}

#[test]
fn a_free_stack_is_not_reused_for_a_larger_size() {
    let small = Stack::take(0).expect("there is memory").base();
    let large = Stack::take(1 << 20).expect("there is memory");
    assert_ne!(large.base(), small);
    assert_eq!(large.size(), 1 << 20);
}

#[test]
fn stats_count_what_is_taken_and_given() {
    assert_eq!(stats(), StackStats::default());
    let stacks = take(40);
    let in_use = stats();
    // The first chunk has 32 of the stacks, the second has 8 and room for 24 more.
    assert_eq!((in_use.in_use, in_use.pooled, in_use.mappings), (40, 0, 2));
    assert_eq!(in_use.reserved_bytes, 64 * (SMALLEST_STACK + 2 * 4096));
    assert_eq!(in_use.resident_bytes, 40 * 4096);
    drop(stacks);
    let pooled = stats();
    assert_eq!((pooled.in_use, pooled.pooled), (0, 40));
    // All of them are warm, so they keep their pages.
    assert_eq!(pooled.resident_bytes, 40 * 4096);
}

#[test]
fn a_bounded_number_of_stacks_stays_warm() {
    let mut stacks = take(3 * WARM);
    // One stack of the first chunk stays in use, so its chunk cannot be unmapped. The pages of its
    // neighbours have to be given back one by one.
    let first = stacks.swap_remove(0);
    drop(stacks);
    assert!(stats().resident_bytes <= (WARM + 1) * 4096);
    drop(first);
}

#[test]
fn large_stacks_do_not_stay_warm() {
    let stack = Stack::take(2 * WARM_BYTES).expect("there is address space");
    touch(&stack);
    assert_eq!(stats().resident_bytes, 4096);
    drop(stack);
    assert_eq!(stats(), StackStats::default());
}

#[test]
fn after_a_burst_memory_and_address_space_return() {
    passes_alone(module_path!(), "after_a_burst_memory_and_address_space_return", || {
        // The stacks are given back in the order in which they were taken, in the reverse order,
        // and from all chunks in turn.
        let orders: [fn(&mut Vec<Stack>); 3] = [
            |_| {},
            |stacks| stacks.reverse(),
            |stacks| {
                stacks.sort_by_key(|stack| (stack.address.index, stack.address.chunk));
            },
        ];
        for order in orders {
            drop(take(1));
            let (_, space_before, memory_before) = usage();
            let mut stacks = take(100_000);
            let (_, space, memory) = usage();
            assert!(space - space_before > 100_000 * SMALLEST_STACK);
            // Fewer than 100,000 pages are new, because some warm stacks had a page before.
            assert!(memory - memory_before > 99_000 * 4096);
            order(&mut stacks);
            drop(stacks);
            let (_, space, memory) = usage();
            assert!(space.saturating_sub(space_before) < 64 << 20, "{:?}", stats());
            assert!(memory.saturating_sub(memory_before) < 16 << 20, "{:?}", stats());
            assert!(stats().pooled <= 4 * WARM, "{:?}", stats());
        }
    });
}

#[test]
fn a_stack_that_comes_and_goes_maps_nothing() {
    // The first chunk is full: the next stack is alone in the second.
    let _stacks = take(32);
    let base = Stack::take(0).expect("there is memory").base();
    let mappings = stats().mappings;
    for _ in 0..100 {
        assert_eq!(Stack::take(0).expect("one is pooled").base(), base);
        assert_eq!(stats().mappings, mappings);
    }
}

#[test]
fn a_stack_may_outlive_the_pool() {
    thread_local! {
        static KEPT: RefCell<Option<Keeper>> = const { RefCell::new(None) };
    }
    struct Keeper(Stack);
    impl Drop for Keeper {
        fn drop(&mut self) {
            // The pool was made later than this thread-local, so it is gone. The memory is not.
            touch(&self.0);
            assert!(matches!(Stack::take(0), Err(StackError::ThreadEnding)));
            assert_eq!(stats(), StackStats::default());
        }
    }
    let ending = thread::spawn(|| {
        KEPT.with(|kept| {
            *kept.borrow_mut() = Some(Keeper(Stack::take(0).expect("there is memory")));
        });
    });
    ending.join().expect("the thread ends without a panic");
}
