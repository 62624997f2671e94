//! Tests of the errors when the kernel gives no more address space.

use super::{passes_alone, touch};
use crate::stack::{SMALLEST_STACK, Stack, StackError};

#[test]
fn a_limit_on_address_space_is_an_error_that_says_so() {
    passes_alone(module_path!(), "a_limit_on_address_space_is_an_error_that_says_so", || {
        let limit = 256 << 20;
        let limits = libc::rlimit { rlim_cur: limit, rlim_max: limit };
        // SAFETY: the call reads the two numbers. This process is the child's own.
        let result = unsafe { libc::setrlimit(libc::RLIMIT_AS, &limits) };
        assert_eq!(result, 0);
        let mut stacks = Vec::new();
        let error = loop {
            match Stack::take(0) {
                Ok(stack) => stacks.push(stack),
                Err(error) => break error,
            }
        };
        let StackError::Map { bytes, .. } = error else { panic!("{error}") };
        // Chunks shrink until not even one stack fits.
        assert_eq!(bytes, SMALLEST_STACK + 8192);
        assert!(stacks.len() > 1_000, "{}", stacks.len());
        assert!(error.to_string().contains("`ulimit -v`"), "{error}");
        // Small and large allocations of the rest of the program still succeed.
        let small: Vec<Box<[u8; 1024]>> = (0..8 << 10).map(|n| Box::new([n as u8; 1024])).collect();
        let large = vec![1_u8; 8 << 20];
        drop((small, large));
        // The other stacks can be used, and a stack that is given back makes room for another.
        stacks.iter().for_each(touch);
        stacks.pop();
        assert!(Stack::take(0).is_ok());
        assert!(Stack::take(1 << 30).is_err());
    });
}
