//! Streams for crates that block: `green::Blocking`, in a green thread that any style performs.

use std::{
    io::{ErrorKind, Read, Write},
    time::Duration,
};

use quadrivium::{
    green::{Blocking, perform},
    net::UnixStream,
    prelude::*,
    time::now,
};

use crate::{Subject, body, new_loop};

laws! { ($) blocking_streams:
    /// A read that waits longer than the limit fails with `TimedOut` at that time. It has read
    /// nothing, so the next read gets the bytes that come later.
    a_read_fails_at_its_limit on VirtualClock;
    /// A write that waits longer than the limit fails with `TimedOut` at that time. It has written
    /// nothing, and the next write succeeds when there is room.
    a_write_fails_at_its_limit on VirtualClock;
    /// A read whose bytes come in time succeeds, and its limit leaves no deadline behind.
    a_read_in_time_leaves_no_deadline on VirtualClock;
    /// With a limit of zero, a read takes the bytes that are there, and never waits.
    a_limit_of_zero_never_waits on VirtualClock;
    /// The limits of reads and writes are apart, and a clone has limits of its own.
    a_limit_concerns_one_direction_of_one_clone on VirtualClock;
}

const SECOND: Duration = Duration::from_secs(1);

/// Performs a green thread, in a task of the style.
fn run(subject: Subject, green_thread: impl FnOnce(Blocking<UnixStream>, UnixStream) + 'static) {
    let (one, other) = UnixStream::pair().unwrap();
    let performs = body().perform(green(move || green_thread(Blocking::new(one), other)));
    new_loop().block_on(subject.task(performs)).unwrap();
}

/// Returns the kind of the error, and how long it took.
fn timed<T>(operation: impl FnOnce() -> std::io::Result<T>) -> (Option<ErrorKind>, Duration) {
    let begin = now();
    (operation().err().map(|error| error.kind()), now() - begin)
}

fn a_read_fails_at_its_limit(subject: Subject) {
    run(subject, |mut stream, other| {
        stream.set_read_timeout(Some(2 * SECOND));
        let mut buffer = [0; 9];
        let read = timed(|| stream.read(&mut buffer));
        assert_eq!(read, (Some(ErrorKind::TimedOut), 2 * SECOND));
        perform(other.write_all(b"late")).unwrap();
        assert_eq!(stream.read(&mut buffer).unwrap(), 4);
        assert_eq!(&buffer[..4], b"late");
    });
}

fn a_write_fails_at_its_limit(subject: Subject) {
    run(subject, |mut stream, other| {
        stream.set_write_timeout(Some(SECOND));
        let mut written = 0;
        let failed = loop {
            let write = timed(|| {
                written += stream.write(&[7; 1_000])?;
                Ok(())
            });
            if write.0.is_some() {
                break write;
            }
        };
        assert_eq!(failed, (Some(ErrorKind::TimedOut), SECOND));
        let mut buffer = vec![0; written];
        perform(other.read_exact(&mut buffer)).unwrap();
        assert!(buffer.iter().all(|byte| *byte == 7));
        stream.write_all(b"again").unwrap();
        drop(stream);
        let mut rest = Vec::new();
        perform(other.read_to_end(&mut rest)).unwrap();
        assert_eq!(rest, b"again", "the write that failed has written something");
    });
}

fn a_read_in_time_leaves_no_deadline(subject: Subject) {
    run(subject, |mut stream, other| {
        let begin = now();
        drop(spawn(future(async move {
            sleep(SECOND).await;
            other.write_all(b"!").await.unwrap();
            sleep(9 * SECOND).await;
        })));
        stream.set_read_timeout(Some(2 * SECOND));
        assert_eq!(stream.read(&mut [0; 9]).unwrap(), 1);
        assert_eq!(now() - begin, SECOND);
        stream.set_read_timeout(None);
        // The time of the former limit passes, and ends nothing.
        assert_eq!(stream.read(&mut [0; 9]).unwrap(), 0);
        assert_eq!(now() - begin, 10 * SECOND);
    });
}

fn a_limit_of_zero_never_waits(subject: Subject) {
    run(subject, |mut stream, other| {
        stream.set_read_timeout(Some(Duration::ZERO));
        perform(other.write_all(b"!")).unwrap();
        assert_eq!(stream.read(&mut [0; 9]).unwrap(), 1);
        let (error, took) = timed(|| stream.read(&mut [0; 9]));
        assert_eq!(error, Some(ErrorKind::TimedOut));
        // The timers of some hosts count in milliseconds, and round up.
        assert!(took <= Duration::from_millis(1), "{took:?}");
    });
}

fn a_limit_concerns_one_direction_of_one_clone(subject: Subject) {
    run(subject, |mut stream, other| {
        stream.set_write_timeout(Some(SECOND));
        let mut clone = stream.clone();
        clone.set_read_timeout(Some(SECOND));
        assert_eq!((stream.read_timeout(), stream.write_timeout()), (None, Some(SECOND)));
        let limits = (clone.read_timeout(), clone.write_timeout());
        assert_eq!(limits, (Some(SECOND), Some(SECOND)));
        assert_eq!(timed(|| clone.read(&mut [0])), (Some(ErrorKind::TimedOut), SECOND));
        drop(spawn(future(async move {
            sleep(3 * SECOND).await;
            other.write_all(b"!").await.unwrap();
        })));
        assert_eq!(timed(|| stream.read(&mut [0])), (None, 3 * SECOND));
    });
}
