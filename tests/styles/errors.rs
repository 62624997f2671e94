//! Every error of the workspace goes through `?` into any other, and what leaves `main` prints a
//! sentence.

use std::{collections::BTreeSet, error::Error, fs, path::Path};

use quadrivium::{
    JoinError, RunError,
    event_loop::{Deadlock, EventLoop},
    green::StackError,
    may::StartError,
    prelude::*,
    process::StatusLost,
    sync::{Notify, broadcast, channel, oneshot, semaphore, watch},
    task::PanicPayload,
    time::Elapsed,
};

/// What `Box<dyn Error + Send + Sync>` asks of an error, as do crates such as `anyhow`.
trait GoesThrough: Error + Send + Sync + 'static {}
impl<E: Error + Send + Sync + 'static> GoesThrough for E {}

/// Names these types; it compiles only if all of them go through.
macro_rules! all_go_through {
    ($($error:ty),* $(,)?) => {{
        fn goes_through<E: GoesThrough>() {}
        $(goes_through::<$error>();)*
        [$(stringify!($error)),*]
    }};
}

#[test]
fn every_error_goes_through_any_other() {
    let checked = all_go_through![
        JoinError,
        RunError,
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
    ];
    let checked: BTreeSet<&str> = checked.into_iter().map(last_name).collect();
    let mut written = BTreeSet::new();
    errors_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates"), &mut written);
    assert_eq!(
        written.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        checked,
        "the errors that the crates have, and those that are named above"
    );
}

/// `Closed` of `oneshot :: Closed`, `SendError` of `channel :: SendError<u8>`.
fn last_name(name: &str) -> &str {
    name.split('<').next().unwrap_or_default().rsplit("::").next().unwrap_or_default().trim()
}

/// The names behind each `impl Error for` in the sources below a folder.
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

/// A program that hands everything on by `?`.
fn program(panics: bool) -> Result<u32, Box<dyn Error + Send + Sync>> {
    let mut event_loop = EventLoop::new()?;
    let task = event_loop.spawn(future(async move {
        assert!(!panics, "as planned");
        7
    }));
    Ok(event_loop.block_on(task)??)
}

#[test]
fn a_panic_of_a_task_goes_through_question_marks() {
    assert_eq!(program(false).unwrap(), 7);
    let error = program(true).unwrap_err();
    let error = error.downcast::<JoinError>().expect("it comes out as it went in");
    assert_eq!(error.panic_message(), Some("as planned"));
}

#[test]
fn what_leaves_main_is_printed_as_a_sentence() {
    let mut event_loop = EventLoop::new().unwrap();
    let deadlock = event_loop.block_on(Notify::new().notified()).unwrap_err();
    let RunError::Deadlock(inner) = &deadlock else { panic!("{deadlock}") };
    let panicked = || JoinError::panicked(Box::new("as planned"));
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
        assert!(error.source().is_none(), "{error}: what has a message here is printed once");
    }
    assert_eq!(panicked().to_string(), "the task panicked: as planned");
    assert_eq!(format!("{:?}", PanicPayload::new(Box::new(7))), r#"PanicPayload("..")"#);
}
