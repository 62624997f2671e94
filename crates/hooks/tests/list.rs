//! The list of hooks is compared with the standard library of this toolchain.

use std::collections::BTreeSet;

use quadrivium_hooks::{Patch, Probed, all_hooks, probe};

#[test]
fn each_function_of_std_reaches_what_the_list_says() {
    let probed = probe();
    let listed = all_hooks().flat_map(|hook| hook.std_functions()).map(|(function, _)| *function);
    let names: BTreeSet<_> = probed.iter().map(|it| it.function).collect();
    assert_eq!(listed.collect::<BTreeSet<_>>(), names, "each function of the list has a probe");
    assert_eq!(names.len(), probed.len(), "each function has one probe");

    let message = |it: &Probed| {
        let Probed { function, reached, error, .. } = it;
        format!(
            "{function}: listed {:?}, reached {reached:?}, error {error:?}; in a patched green \
             thread listed {:?}, found {:?}\n",
            it.listed(),
            it.listed_patch(),
            it.patch()
        )
    };
    let message: String = probed.iter().filter(|it| !it.is_as_listed()).map(message).collect();
    assert!(message.is_empty(), "std has changed:\n{message}remedy: change `src/list`");

    let not_reported = probed.iter().filter(|it| it.reported().is_empty()).map(|it| it.function);
    assert_eq!(not_reported.collect::<Vec<_>>(), ["std::thread::yield_now"]);
}

#[test]
fn what_calls_do_in_patched_green_threads() {
    let probed = probe();
    let patch = |name| probed.iter().find(|it| it.function == name).map(Probed::patch);
    for suspends in [
        "std::thread::sleep",
        "std::net::TcpStream::read",
        "std::net::TcpListener::accept",
        "std::process::Child::wait",
        "std::sync::Mutex::lock",
    ] {
        assert_eq!(patch(suspends), Some(Patch::Suspends), "{suspends}");
    }
    for offloads in ["std::fs::File::open", "std::fs::write", "std::thread::JoinHandle::join"] {
        assert_eq!(patch(offloads), Some(Patch::Offloads), "{offloads}");
    }
    for parks in ["std::thread::park", "std::sync::mpsc::Receiver::recv"] {
        assert!(matches!(patch(parks), Some(Patch::OnlyReported(_))), "{parks}");
    }
}
