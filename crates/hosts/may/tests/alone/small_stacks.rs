//! Stacks of a size that may cannot use well.

use quadrivium::{may, prelude::*};

use crate::alone;

#[test]
fn a_stack_that_is_too_small_is_made_large_enough_without_output() {
    alone("small_stacks::a_stack_that_is_too_small_is_made_large_enough_without_output", || {
        may::Config::new().stack_size(1).start().unwrap();
        let words = ::may::config().get_stack_size();
        // If the number of words is odd, may measures the use of the stack and prints it. If the
        // size is not a whole number of pages, it keeps no stack for the next coroutine.
        assert!(words > 0 && (words * size_of::<usize>()).is_multiple_of(4096), "{words}");
        let handles: Vec<_> = (0..100).map(|i| may::spawn(future(async move { i }))).collect();
        let sum: u32 = handles.into_iter().map(|it| may::block_on(it).unwrap().unwrap()).sum();
        assert_eq!(sum, 4950);
    });
}
