//! Stacks for which there is no room. A process of its own: may can be started once, or never.

use quadrivium::may;

#[test]
fn too_large_is_an_error() {
    for _ in 0..2 {
        let refused = may::Config::new().stack_size(usize::MAX).start();
        assert!(matches!(refused, Err(may::StartError::Refused(_))), "{refused:?}");
    }
}
