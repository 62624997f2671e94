//! Every error of the workspace can be converted with `?`, and `main` prints it as a sentence.

use std::{collections::BTreeSet, error::Error, fs, path::Path};

use quadrivium::{
    JoinError, RunError,
    event_loop::{Deadlock, EventLoop},
    green::StackError,
    inspect::InspectError,
    may::StartError,
    prelude::*,
    process::StatusLost,
    scope::{ChildError, ScopeError},
    sync::{Notify, broadcast, channel, oneshot, semaphore, watch},
    task::PanicPayload,
    time::Elapsed,
};

/// An error that `Box<dyn Error + Send + Sync>` and crates such as `anyhow` accept.
trait Convertible: Error + Send + Sync + 'static {}
impl<E: Error + Send + Sync + 'static> Convertible for E {}

/// Returns the names of these types. It compiles only if all of them can be converted.
macro_rules! names_of_convertible {
    ($($error:ty),* $(,)?) => {{
        fn check<E: Convertible>() {}
        $(check::<$error>();)*
        [$(stringify!($error)),*]
    }};
}

#[test]
fn every_error_can_be_converted() {
    let checked = names_of_convertible![
        JoinError,
        RunError,
        InspectError,
        Deadlock,
        Elapsed,
        StackError,
        StartError,
        channel::SendError<u8>,
        channel::TrySendError<u8>,
        channel::RecvError,
        channel::TryRecvError,
        oneshot::Closed,
        semaphore::Closed,
        semaphore::TryAcquireError,
        watch::RecvError,
        broadcast::RecvError,
        broadcast::TryRecvError,
        StatusLost,
        ScopeError<std::io::Error>,
        ChildError<std::io::Error>,
    ];
    let checked: BTreeSet<&str> = checked.into_iter().map(last_name).collect();
    let mut written = BTreeSet::new();
    errors_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates"), &mut written);
    assert_eq!(
        written.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        checked,
        "the errors that the crates have, and the errors that this test names"
    );
}

/// Returns `Closed` for `oneshot :: Closed`, and `SendError` for `channel :: SendError<u8>`.
fn last_name(name: &str) -> &str {
    name.split('<').next().unwrap_or_default().rsplit("::").next().unwrap_or_default().trim()
}

/// Finds the names after each `impl Error for` in the sources below a folder.
fn errors_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            errors_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let impls = source.lines().filter(|line| line.starts_with("impl"));
            let names = impls.filter_map(|line| line.split_once("Error for ")).map(|(_, name)| {
                name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
            });
            found.extend(names.map(String::from));
        }
    }
}

/// A program that passes every error on with `?`.
fn program(panics: bool) -> Result<u32, Box<dyn Error + Send + Sync>> {
    let mut event_loop = EventLoop::new()?;
    let task = event_loop.spawn(future(async move {
        assert!(!panics, "on purpose");
        7
    }));
    Ok(event_loop.block_on(task)??)
}

#[test]
fn a_panic_of_a_task_passes_through_question_marks() {
    assert_eq!(program(false).unwrap(), 7);
    let error = program(true).unwrap_err();
    let error = error.downcast::<JoinError>().expect("the error keeps its type");
    assert_eq!(error.panic_message(), Some("on purpose"));
}

#[test]
fn an_error_of_main_is_printed_as_a_sentence() {
    let mut event_loop = EventLoop::new().unwrap();
    let deadlock = event_loop.block_on(Notify::new().notified()).unwrap_err();
    let RunError::Deadlock(inner) = &deadlock else { panic!("{deadlock}") };
    let panicked = || JoinError::panicked(Box::new("on purpose"));
    let errors: [&dyn Error; 9] = [
        &deadlock,
        inner,
        &RunError::Nested,
        &RunError::Stopped,
        &RunError::Task(panicked()),
        &panicked(),
        &JoinError::Cancelled,
        &StackError::TooLarge { asked: usize::MAX },
        &StartError::TooLate,
    ];
    for error in errors {
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(error.source().is_none(), "{error}: its message would be printed twice");
    }
    assert_eq!(panicked().to_string(), "the task panicked: on purpose");
    assert_eq!(format!("{:?}", PanicPayload::new(Box::new(7))), r#"PanicPayload("..")"#);
}
