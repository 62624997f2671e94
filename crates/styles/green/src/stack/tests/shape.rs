//! Tests of the addresses of a stack and of its size.

use corosensei::stack::{STACK_ALIGNMENT, Stack as _};

use crate::stack::{LARGEST_STACK, SMALLEST_STACK, Stack, StackError, mapping::PAGE, size::Class};

#[test]
fn sizes_are_rounded_up_to_powers_of_two() {
    let size = |asked| Class::of(asked).map(Class::bytes).ok();
    assert_eq!(size(0), Some(SMALLEST_STACK));
    assert_eq!(size(SMALLEST_STACK), Some(SMALLEST_STACK));
    assert_eq!(size(SMALLEST_STACK + 1), Some(2 * SMALLEST_STACK));
    assert_eq!(size(LARGEST_STACK), Some(LARGEST_STACK));
    assert_eq!(size(LARGEST_STACK + 1), None);
    assert_eq!(size(usize::MAX), None);
    assert_eq!(Class::of(LARGEST_STACK).ok(), Some(Class(Class::COUNT as u8 - 1)));
}

#[test]
fn absurd_sizes_are_errors() {
    let error = Stack::take(usize::MAX).expect_err("no machine has it");
    assert!(matches!(error, StackError::TooLarge { asked: usize::MAX }));
    assert!(error.to_string().contains("1073741824: ask for less"), "{error}");
}

#[test]
fn all_bytes_promised_are_there() {
    for asked in [0, 100_000, 8 << 20] {
        let stack = Stack::take(asked).expect("there is memory");
        let usable = stack.base().get() - stack.guard().end;
        assert!(usable >= asked.max(SMALLEST_STACK));
        assert!(usable <= stack.size() + *PAGE);
    }
}

#[test]
fn tops_have_32_colours_and_stay_aligned() {
    let stacks: Vec<Stack> = (0..64).map(|_| Stack::take(0).expect("there is memory")).collect();
    let mut colours: Vec<usize> =
        stacks.iter().map(|stack| stack.base().get().wrapping_neg() % *PAGE).collect();
    colours.sort_unstable();
    // There are two chunks of 32 stacks. So each colour occurs twice, and colours are 64 bytes
    // apart.
    let expected: Vec<usize> = (0..64).map(|n| n / 2 * 64).collect();
    assert_eq!(colours, expected);
    assert!(stacks.iter().all(|stack| stack.base().get() % STACK_ALIGNMENT == 0));
}

#[test]
fn stacks_never_leave_their_thread() {
    // If `Stack` were `Send`, both impls would apply, and the call would be ambiguous.
    trait Stays<Marker> {
        fn check() {}
    }
    impl<T> Stays<()> for T {}
    impl<T: Send> Stays<u8> for T {}
    <Stack as Stays<_>>::check();
}
