//! `QUADRIVIUM_SEED` names the one seed to try. Each test runs in a process of its own, because the
//! variable belongs to the process.

use std::{
    env,
    process::{Command, Output},
};

use quadrivium::test::{choose, simulate};

/// Set in the process that the test starts.
const CHILD: &str = "QUADRIVIUM_TEST_CHILD";

fn with_seed(seed: &str) -> Output {
    Command::new(env::current_exe().expect("a test runs from a file"))
        .args(["--exact", "environment::child", "--nocapture"])
        .env(CHILD, "1")
        .env("QUADRIVIUM_SEED", seed)
        .output()
        .expect("the test can start itself")
}

#[test]
fn child() {
    if env::var_os(CHILD).is_some() {
        simulate(|_| println!("ran {}", choose(1_000_000)));
    }
}

#[test]
fn the_environment_names_the_one_seed() {
    let output_of = |seed| {
        let output = with_seed(seed);
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let (five, six) = (output_of("5"), output_of("6"));
    assert_eq!(five.matches("ran ").count(), 1, "{five}");
    let ran = |output: &str| output.lines().find(|line| line.contains("ran ")).map(str::to_string);
    assert_eq!(ran(&five), ran(&output_of("5")));
    assert_ne!(ran(&five), ran(&six));
}

#[test]
fn a_seed_that_is_no_number_is_an_error() {
    let output = with_seed("five");
    assert!(!output.status.success());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("QUADRIVIUM_SEED must be a number"), "{message}");
}
