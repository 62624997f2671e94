//! After the operating system has refused a thread, may can still be started.

use std::env;

use quadrivium::{may, prelude::*};
use quadrivium_tests::limited::{Limited, run};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const NAME: &str = "no_threads::a_start_without_threads_is_an_error_and_the_next_one_starts";
const CHILD: &str = "QUADRIVIUM_FEW_THREADS";

#[test]
fn a_start_without_threads_is_an_error_and_the_next_one_starts() {
    if env::var_os(CHILD).is_some() {
        return start_short_of_threads();
    }
    let Some(limited) = Limited::new(&env::current_exe().unwrap()) else { return };
    let mut command = limited.command(50);
    command.args(["--exact", NAME, "--nocapture"]).env(CHILD, "");
    let output = run(command);
    assert!(output.status.success(), "{output:#?}");
}

fn start_short_of_threads() {
    let enough = getrlimit(Resource::Nproc);
    let in_use = std::fs::read_dir("/proc/self/task").unwrap().count() as u64;
    let four = 4.try_into().unwrap();
    // May starts four workers, a thread for deadlines and a thread for descriptors. Each round
    // refuses another of these threads.
    for more in 0..6 {
        setrlimit(Resource::Nproc, Rlimit { current: Some(in_use + more), ..enough }).unwrap();
        let refused = may::Config::new().workers(four).start();
        let error = refused.unwrap_err();
        assert!(matches!(error, may::StartError::Refused(_)), "{error:?}");
        assert!(error.to_string().contains("raise the limit of threads"), "{error}");
    }
    setrlimit(Resource::Nproc, enough).unwrap();
    may::Config::new().workers(four).start().unwrap();
    assert_eq!(may::workers(), 4);
    assert_eq!(may::block_on(future(async { 42 })).unwrap(), 42);
}
