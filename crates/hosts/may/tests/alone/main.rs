//! Tests that each need a process of their own, because may is set and started once in a process.

mod large_stacks;
mod no_descriptors;
mod no_room;
mod no_threads;
mod small_stacks;

/// Runs `something` in a process that runs only the test of this name.
fn alone(test: &str, something: impl FnOnce()) {
    let output = quadrivium_conformance::alone(test, "", something);
    assert!(output.status.success(), "{output:#?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("running 1 test\n"), "{output:#?}");
}
