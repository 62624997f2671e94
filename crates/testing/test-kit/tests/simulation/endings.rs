//! A simulation that ends the process prints which run it was. Each test runs it in a process of
//! its own.

use std::{
    env,
    hint::black_box,
    os::unix::process::ExitStatusExt,
    process::{Command, Output},
};

use quadrivium::{
    EventLoop, green,
    prelude::*,
    test::{Faults, Simulation, choose, every_order, simulate},
};

use crate::styles::{Style, in_every_style, script};

/// The case that the process which the test starts must run.
const CASE: &str = "QUADRIVIUM_TEST_ENDING";

const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;

/// Runs a case in a process of its own, as a test whose output the harness captures, as usual.
fn run_case(case: &str, variables: &[(&str, &str)]) -> (Output, String) {
    let output = Command::new(env::current_exe().expect("a test runs from a file"))
        .args(["--exact", "endings::child"])
        .env(CASE, case)
        .env_remove("QUADRIVIUM_SEED")
        .envs(variables.iter().copied())
        .output()
        .expect("the test can start itself");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, stderr)
}

#[test]
fn child() {
    let case = env::var(CASE).unwrap_or_default();
    match case.as_str() {
        "cancel" => Simulation::new().faults(Faults::none().cancels(0.1)).run(cancelled),
        "overflow" => simulate(overflows),
        "overflow of the thread" => simulate(overflows_the_thread),
        "order" => _ = every_order(ends_in_one_order),
        "cannot unwind" => simulate(cannot_unwind),
        "caught" => Simulation::new().tolerate_panics().run(panics_and_goes_on),
        "over" => ends_after_a_simulation(),
        "print seeds" => Simulation::new().seeds(3..5).run(|_| ()),
        style => {
            in_every_style(|this| {
                if format!("{this:?}") == style {
                    simulate(|event_loop| panics_twice(this, event_loop));
                }
            });
        }
    }
}

/// A value whose destructor fails an assertion.
struct AssertsInDrop;

impl Drop for AssertsInDrop {
    fn drop(&mut self) {
        assert_eq!(1 + 1, 3, "on purpose");
    }
}

/// The destructor runs while a cancel unwinds the green thread.
fn cancelled(event_loop: &mut EventLoop) {
    let _task = event_loop.spawn(green(|| {
        let asserts = AssertsInDrop;
        (0..3).for_each(|_| green::perform(turn()));
        std::mem::forget(asserts);
    }));
    event_loop.run().unwrap();
}

fn recurse(depth: usize) -> usize {
    let frame = black_box([depth; 16]);
    if depth == usize::MAX { 0 } else { recurse(depth + 1) + frame[depth % 16] }
}

fn overflows(event_loop: &mut EventLoop) {
    if choose(10) == 7 {
        event_loop.block_on(green(|| _ = black_box(recurse(0)))).unwrap();
    }
}

fn overflows_the_thread(event_loop: &mut EventLoop) {
    event_loop.block_on(green(|| ())).unwrap();
    if choose(10) == 7 {
        black_box(recurse(0));
    }
}

fn ends_in_one_order(event_loop: &mut EventLoop) {
    let _a = event_loop.spawn(turn());
    let _b = event_loop.spawn(turn());
    if choose(3) == 2 {
        cannot_unwind(event_loop);
    }
    event_loop.run().unwrap();
}

extern "C" fn panics_in_c() {
    panic!("on purpose")
}

fn cannot_unwind(_: &mut EventLoop) {
    panics_in_c();
}

fn panics_and_goes_on(event_loop: &mut EventLoop) {
    drop(event_loop.spawn(future(async { panic!("on purpose") })));
    event_loop.run().unwrap();
}

fn ends_after_a_simulation() {
    simulate(panics_and_is_caught);
    panics_in_c();
}

fn panics_and_is_caught(_: &mut EventLoop) {
    std::panic::catch_unwind(|| panic!("on purpose")).unwrap_err();
}

fn panics_twice(style: Style, event_loop: &mut EventLoop) {
    let asserts = AssertsInDrop;
    let panics = script().turns(1).run(move || {
        let _asserts = asserts;
        panic!("the first")
    });
    drop(event_loop.block_on(style.task(panics)));
}

/// Returns the seed that was printed.
#[track_caller]
fn seed(stderr: &str) -> String {
    let (_, rest) = stderr.split_once("the process ends in a simulation, seed ").expect(stderr);
    rest.lines().next().expect("a line").to_string()
}

#[track_caller]
fn assert_prints_seed(output: &Output, stderr: &str, message: &str) {
    let seed = seed(stderr);
    let alone = format!("To run it alone: QUADRIVIUM_SEED={seed} cargo test endings::child.\n");
    assert!(stderr.contains(&alone), "{stderr}");
    assert!(stderr.contains(message), "{stderr}");
    assert_eq!(output.status.signal(), Some(SIGABRT), "{stderr}");
}

#[test]
fn a_destructor_that_panics_in_a_cancel_prints_the_seed() {
    let (output, stderr) = run_case("cancel", &[]);
    assert_prints_seed(&output, &stderr, "on purpose\n  left: 2\n right: 3");
    // The same seed ends the process in the same way.
    let printed = seed(&stderr);
    let (again, stderr) = run_case("cancel", &[("QUADRIVIUM_SEED", &printed)]);
    assert_prints_seed(&again, &stderr, "on purpose");
    assert_eq!(seed(&stderr), printed);
}

#[test]
fn a_panic_in_a_destructor_while_another_unwinds_prints_the_seed() {
    for style in ["Callback", "Generator", "Future", "Green"] {
        let (output, stderr) = run_case(style, &[]);
        assert_prints_seed(&output, &stderr, "on purpose");
    }
}

#[test]
fn a_panic_in_a_function_that_cannot_unwind_prints_the_seed() {
    let (output, stderr) = run_case("cannot unwind", &[]);
    assert_prints_seed(&output, &stderr, "on purpose");
    assert_eq!(seed(&stderr), "0");
}

#[test]
fn an_overflow_of_a_green_thread_prints_the_seed() {
    let (output, stderr) = run_case("overflow", &[]);
    assert_prints_seed(&output, &stderr, "has overflowed its stack of");
    let (again, _) = run_case("overflow", &[("QUADRIVIUM_SEED", &seed(&stderr))]);
    assert_eq!(again.status.signal(), Some(SIGABRT));
}

#[test]
fn an_overflow_of_the_thread_itself_prints_the_seed() {
    let (output, stderr) = run_case("overflow of the thread", &[]);
    seed(&stderr);
    assert!(matches!(output.status.signal(), Some(SIGABRT | SIGSEGV)), "{stderr}");
}

#[test]
fn an_order_prints_its_choices() {
    let (output, stderr) = run_case("order", &[]);
    assert!(stderr.contains("the process ends in a simulation, choices 2\n"), "{stderr}");
    assert!(stderr.contains("Simulation::replay_order(\"2\", program)"), "{stderr}");
    assert_eq!(output.status.signal(), Some(SIGABRT), "{stderr}");
}

#[test]
fn a_panic_that_is_caught_prints_no_seed() {
    let (output, stderr) = run_case("caught", &[]);
    assert!(output.status.success(), "{stderr}");
    assert!(!stderr.contains("the process ends"), "{stderr}");
}

#[test]
fn a_process_that_ends_after_a_simulation_prints_no_seed() {
    let (output, stderr) = run_case("over", &[]);
    assert_eq!(output.status.signal(), Some(SIGABRT), "{stderr}");
    assert!(!stderr.contains("ends in a simulation"), "{stderr}");
}

#[test]
fn every_seed_is_printed_on_demand() {
    let (output, stderr) = run_case("print seeds", &[("QUADRIVIUM_TELL_SEEDS", "1")]);
    assert!(output.status.success(), "{stderr}");
    let printed: Vec<_> =
        stderr.lines().filter(|line| line.contains("simulation begins")).collect();
    let line_of = |seed| format!("quadrivium: a simulation begins, seed {seed}");
    assert_eq!(printed, [line_of(3), line_of(4)]);
}
