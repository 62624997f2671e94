//! Tests of guard pages: every stack has one, they are cheap, and they stay.

use corosensei::stack::Stack as _;

use super::{Prober, passes_alone, touch, usage};
use crate::stack::{
    Stack, StackError,
    mapping::{Guarding, Mapping, PAGE, most_mappings},
    pool::StackPool,
    size::Class,
};

#[test]
fn a_hundred_thousand_stacks_are_all_guarded_in_few_mappings() {
    passes_alone(
        module_path!(),
        "a_hundred_thousand_stacks_are_all_guarded_in_few_mappings",
        || {
            if Guarding::probed() == Guarding::Protect {
                return eprintln!("skipped: this kernel has no MADV_GUARD_INSTALL");
            }
            let (mappings_before, ..) = usage();
            let stacks: Vec<Stack> =
                (0..100_000).map(|_| Stack::take(0).expect("there is memory")).collect();
            assert!(usage().0 - mappings_before < 64);
            let mut prober = Prober::new();
            for stack in &stacks {
                let guard = stack.guard();
                assert!(prober.faults(guard.start) && prober.faults(guard.end - 1));
                // Only the guard faults. The lowest and the highest usable byte do not.
                assert!(!prober.faults(guard.end) && !prober.faults(stack.base().get() - 1));
            }
        },
    );
}

#[test]
fn giving_pages_back_does_not_remove_the_guard() {
    for guarding in [Guarding::probed(), Guarding::Protect] {
        let mut mapping = Mapping::new(3 * *PAGE).expect("there is memory");
        let start = mapping.start();
        // SAFETY: nothing uses the mapping.
        unsafe {
            mapping.guard(start..start + *PAGE, guarding).expect("the kernel guards one page");
            mapping.discard(start..start + 3 * *PAGE);
        }
        let mut prober = Prober::new();
        assert!(prober.faults(start), "{guarding:?}");
        assert!(!prober.faults(start + *PAGE), "{guarding:?}");
        // SAFETY: as above.
        unsafe { mapping.unmap() };
    }
}

#[test]
fn pooled_stacks_keep_their_guard() {
    let stacks: Vec<Stack> = (0..600).map(|_| Stack::take(0).expect("there is memory")).collect();
    stacks.iter().for_each(touch);
    drop(stacks);
    let mut prober = Prober::new();
    for _ in 0..2 {
        let stacks: Vec<Stack> =
            (0..600).map(|_| Stack::take(0).expect("there is memory")).collect();
        assert!(stacks.iter().all(|stack| prober.faults(stack.guard().start)));
    }
}

#[test]
fn mprotect_guards_as_well() {
    let mut pool = StackPool::new(Class(0), Guarding::Protect);
    let mut prober = Prober::new();
    for _ in 0..100 {
        let address = pool.take().expect("100 mappings are free");
        assert!(prober.faults(address.limit.get()));
        assert!(!prober.faults(address.limit.get() + *PAGE));
        pool.give(address);
    }
}

#[test]
fn mprotect_stops_before_the_process_has_no_mapping_left() {
    passes_alone(module_path!(), "mprotect_stops_before_the_process_has_no_mapping_left", || {
        let Some(most) = most_mappings().filter(|most| *most < 1_000_000) else {
            return eprintln!("skipped: this system allows any number of mappings");
        };
        let mut pool = StackPool::new(Class(0), Guarding::Protect);
        let mut addresses = Vec::new();
        let error = loop {
            match pool.take() {
                Ok(address) => addresses.push(address),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, StackError::Guard { .. }));
        let message = error.to_string();
        assert!(message.contains(&format!("raise vm.max_map_count (now {most})")), "{message}");
        // Large allocations still succeed.
        assert!(usage().0 < most - 1_000);
        // A stack that was given back can be taken again, and a dropped pool removes its guards.
        pool.give(addresses.pop().expect("many stacks were taken"));
        addresses.push(pool.take().expect("one is pooled"));
        addresses.drain(..).for_each(|address| pool.give(address));
        drop(pool);
        StackPool::new(Class(0), Guarding::Protect).take().expect("all mappings are free again");
    });
}
