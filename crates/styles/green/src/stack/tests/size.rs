//! Tests of the default size of a stack: the constant, the environment variable, the call.

use std::process::Output;

use super::{alone, alone_with};
use crate::stack::{
    DEFAULT_STACK_SIZE, LARGEST_STACK, SMALLEST_STACK, StackError, stack_size, use_stack_size,
};

/// Prints the default size, twice, in a process with this environment variable.
fn sizes_with(value: &str, test: &str) -> Output {
    alone_with(&[("QUADRIVIUM_STACK_SIZE", value)], module_path!(), test, || {
        println!("size {}", stack_size());
        println!("and then {}", stack_size());
    })
}

/// Returns the size that was printed, and the messages on standard error.
#[track_caller]
fn read(output: &Output) -> (usize, String) {
    let printed = String::from_utf8_lossy(&output.stdout);
    let number = |before: &str| {
        let (_, after) = printed.split_once(before).expect("it is printed");
        after.lines().next().and_then(|number| number.parse().ok()).expect("it is a number")
    };
    let size: usize = number("size ");
    assert_eq!(size, number("and then "), "it stays");
    (size, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn without_a_variable_and_a_call_it_is_the_default() {
    let output = alone(module_path!(), "without_a_variable_and_a_call_it_is_the_default", || {
        assert_eq!(stack_size(), DEFAULT_STACK_SIZE);
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_variable_sets_the_size() {
    let output = sizes_with("1048576", "the_variable_sets_the_size");
    assert_eq!(read(&output), (1 << 20, String::new()));
}

#[test]
fn a_variable_below_the_smallest_gives_the_smallest() {
    let output = sizes_with("1", "a_variable_below_the_smallest_gives_the_smallest");
    assert_eq!(read(&output), (SMALLEST_STACK, String::new()));
}

/// Asserts that a variable with this value changes nothing, and that one message reports it.
#[track_caller]
fn assert_refused(value: &str, test: &str) {
    let (size, message) = read(&sizes_with(value, test));
    assert_eq!(size, DEFAULT_STACK_SIZE);
    let cause = format!("quadrivium: QUADRIVIUM_STACK_SIZE is {value:?}, which is no number of");
    assert!(message.contains(&cause), "{message}");
    assert!(
        message.contains("remedy: set it to a number such as 1048576, or unset it"),
        "{message}"
    );
    assert_eq!(message.matches("quadrivium").count(), 1, "{message}");
}

#[test]
fn a_variable_that_is_no_number_is_reported_once() {
    assert_refused("much", "a_variable_that_is_no_number_is_reported_once");
}

#[test]
fn a_variable_that_is_empty_is_reported_once() {
    assert_refused("", "a_variable_that_is_empty_is_reported_once");
}

#[test]
fn a_variable_above_the_largest_is_reported_once() {
    assert_refused("1073741825", "a_variable_above_the_largest_is_reported_once");
}

#[test]
fn a_call_takes_precedence_over_the_variable() {
    let test = "a_call_takes_precedence_over_the_variable";
    let output = alone_with(&[("QUADRIVIUM_STACK_SIZE", "wrong")], module_path!(), test, || {
        use_stack_size(1 << 21).expect("there may be such a stack");
        println!("size {}", stack_size());
        println!("and then {}", stack_size());
    });
    assert_eq!(read(&output), (1 << 21, String::new()));
}

#[test]
fn a_call_for_too_much_changes_nothing() {
    let output = alone(module_path!(), "a_call_for_too_much_changes_nothing", || {
        let before = stack_size();
        let refused = use_stack_size(LARGEST_STACK + 1);
        assert!(matches!(refused, Err(StackError::TooLarge { .. })));
        assert_eq!(stack_size(), before);
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
