//! A simulation that ends the process says which run it was: in processes of their own.

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

/// Tells the child which case it is.
const CASE: &str = "QUADRIVIUM_TEST_ENDING";

const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;

/// Runs a case as a test of a process of its own, with what it prints kept back, as usual.
fn ends(case: &str, variables: &[(&str, &str)]) -> (Output, String) {
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
        "tell" => Simulation::new().seeds(3..5).run(|_| ()),
        style => {
            in_every_style(|this| {
                if format!("{this:?}") == style {
                    simulate(|event_loop| panics_twice(this, event_loop));
                }
            });
        }
    }
}

/// Asserts in a destructor what does not hold.
struct AssertsInDrop;

impl Drop for AssertsInDrop {
    fn drop(&mut self) {
        assert_eq!(1 + 1, 3, "on purpose");
    }
}

/// The destructor runs in a cancel by unwinding.
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

/// The seed that is told.
#[track_caller]
fn seed(stderr: &str) -> String {
    let (_, rest) = stderr.split_once("the process ends in a simulation, seed ").expect(stderr);
    rest.lines().next().expect("a line").to_string()
}

#[track_caller]
fn assert_tells(output: &Output, stderr: &str, message: &str) {
    let seed = seed(stderr);
    let alone = format!("To run it alone: QUADRIVIUM_SEED={seed} cargo test endings::child.\n");
    assert!(stderr.contains(&alone), "{stderr}");
    assert!(stderr.contains(message), "{stderr}");
    assert_eq!(output.status.signal(), Some(SIGABRT), "{stderr}");
}

#[test]
fn a_destructor_that_panics_in_a_cancel() {
    let (output, stderr) = ends("cancel", &[]);
    assert_tells(&output, &stderr, "on purpose\n  left: 2\n right: 3");
    // The seed leads to the same end.
    let told = seed(&stderr);
    let (again, stderr) = ends("cancel", &[("QUADRIVIUM_SEED", &told)]);
    assert_tells(&again, &stderr, "on purpose");
    assert_eq!(seed(&stderr), told);
}

#[test]
fn a_panic_in_a_destructor_while_another_unwinds() {
    for style in ["Callback", "Generator", "Future", "Green"] {
        let (output, stderr) = ends(style, &[]);
        assert_tells(&output, &stderr, "on purpose");
    }
}

#[test]
fn a_panic_in_a_function_that_cannot_unwind() {
    let (output, stderr) = ends("cannot unwind", &[]);
    assert_tells(&output, &stderr, "on purpose");
    assert_eq!(seed(&stderr), "0");
}

#[test]
fn an_overflow_of_a_green_thread() {
    let (output, stderr) = ends("overflow", &[]);
    assert_tells(&output, &stderr, "has overflowed its stack of");
    let (again, _) = ends("overflow", &[("QUADRIVIUM_SEED", &seed(&stderr))]);
    assert_eq!(again.status.signal(), Some(SIGABRT));
}

#[test]
fn an_overflow_of_the_thread_itself() {
    let (output, stderr) = ends("overflow of the thread", &[]);
    seed(&stderr);
    assert!(matches!(output.status.signal(), Some(SIGABRT | SIGSEGV)), "{stderr}");
}

#[test]
fn an_order_tells_its_choices() {
    let (output, stderr) = ends("order", &[]);
    assert!(stderr.contains("the process ends in a simulation, choices 2\n"), "{stderr}");
    assert!(stderr.contains("Simulation::replay_order(\"2\", program)"), "{stderr}");
    assert_eq!(output.status.signal(), Some(SIGABRT), "{stderr}");
}

#[test]
fn a_panic_that_is_caught_is_no_end() {
    let (output, stderr) = ends("caught", &[]);
    assert!(output.status.success(), "{stderr}");
    assert!(!stderr.contains("the process ends"), "{stderr}");
}

#[test]
fn an_end_after_a_simulation_is_none_of_it() {
    let (output, stderr) = ends("over", &[]);
    assert_eq!(output.status.signal(), Some(SIGABRT), "{stderr}");
    assert!(!stderr.contains("ends in a simulation"), "{stderr}");
}

#[test]
fn every_seed_is_told_on_demand() {
    let (output, stderr) = ends("tell", &[("QUADRIVIUM_TELL_SEEDS", "1")]);
    assert!(output.status.success(), "{stderr}");
    let told: Vec<_> = stderr.lines().filter(|line| line.contains("simulation begins")).collect();
    let told_of = |seed| format!("quadrivium: a simulation begins, seed {seed}");
    assert_eq!(told, [told_of(3), told_of(4)]);
}
