//! Stacks for which there is no room.

use quadrivium::may;

use crate::alone;

#[test]
fn a_stack_that_is_too_large_is_an_error() {
    alone("large_stacks::a_stack_that_is_too_large_is_an_error", || {
        for _ in 0..2 {
            let refused = may::Config::new().stack_size(usize::MAX).start();
            assert!(matches!(refused, Err(may::StartError::Refused(_))), "{refused:?}");
        }
    });
}
