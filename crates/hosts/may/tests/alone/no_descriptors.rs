//! After the operating system has refused descriptors, may can still be started.

use quadrivium::{may, prelude::*};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::alone;

#[test]
fn a_start_without_descriptors_is_an_error_and_the_next_one_starts() {
    alone(
        "no_descriptors::a_start_without_descriptors_is_an_error_and_the_next_one_starts",
        || {
            let enough = getrlimit(Resource::Nofile);
            let in_use = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
            // The start fails at another place each time, and leaves nothing behind.
            for more in [0, 3, 6] {
                let limit = Rlimit { current: Some(in_use + more), ..enough };
                setrlimit(Resource::Nofile, limit).unwrap();
                let refused = may::Config::new().workers(16.try_into().unwrap()).start();
                setrlimit(Resource::Nofile, enough).unwrap();
                let error = refused.unwrap_err();
                assert!(matches!(error, may::StartError::Refused(_)), "{error:?}");
                assert!(error.to_string().contains("raise the limit of open files"), "{error}");
            }
            let two = 2.try_into().unwrap();
            may::Config::new().workers(two).start().unwrap();
            assert_eq!(may::workers(), 2);
            assert_eq!(may::block_on(future(async { 42 })).unwrap(), 42);
        },
    );
}
