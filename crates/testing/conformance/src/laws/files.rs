//! Files and folders. Other threads read and write them, so that the loop does not block.

use std::{
    fs as std_fs,
    io::{ErrorKind, Read, SeekFrom},
};

use quadrivium::{
    event_loop::Turned,
    fs::{self, File, OpenOptions},
    prelude::*,
};

use crate::{
    Subject, body, new_loop,
    sockets::{NewPath, bytes},
    turns,
};

laws! { ($) files:
    /// Bytes that were written are read back completely.
    written_bytes_are_read_back;
    /// Borrowed buffers of any size are filled and written piece by piece.
    borrowed_buffers_of_any_size_work;
    /// Owned buffers are returned, also if the operation fails.
    owned_buffers_are_returned;
    /// A read or write at an offset neither uses nor moves the cursor.
    an_offset_does_not_move_the_cursor;
    /// Reads and writes move the cursor, which all clones of a file share.
    clones_share_the_cursor;
    /// A read of an exact length fails with `UnexpectedEof` if the file ends too early.
    an_early_end_is_an_error;
    /// Folders can be made, listed, renamed and removed.
    folders_can_be_made_listed_renamed_removed;
    /// Opening a missing file, reading a folder and creating an existing file are errors.
    a_missing_or_existing_file_is_an_error;
    /// A NUL byte in a path is an `InvalidInput` error.
    a_nul_byte_in_a_path_is_an_error;
    /// A cancelled read leaves the file usable, and leaves nothing registered.
    a_cancelled_read_leaves_nothing_registered;
}

/// Runs a body in a new folder of its own.
fn run(subject: Subject, make: impl FnOnce(&NewPath) -> crate::Body) {
    let folder = NewPath::new();
    std_fs::create_dir(&folder.0).unwrap();
    let body = make(&folder);
    new_loop().block_on(subject.task(body)).unwrap();
    std_fs::remove_dir_all(&folder.0).unwrap();
}

fn written_bytes_are_read_back(subject: Subject) {
    run(subject, |folder| {
        let [path, again, copy] = ["one", "one", "two"].map(|name| folder.0.join(name));
        let (to, from) = (copy.clone(), path.clone());
        body()
            .perform_ok(move || fs::write(path, bytes(100_000)))
            .perform_eq(move || fs::copy(from, to), 100_000)
            .perform_then(move || fs::read(copy), |read| assert!(read.unwrap() == bytes(100_000)))
            .perform_err(move || fs::read_to_string(again), ErrorKind::InvalidData)
    });
}

fn borrowed_buffers_of_any_size_work(subject: Subject) {
    // Callbacks cannot lend a buffer, so every style here performs a future that does.
    run(subject, |folder| {
        let path = folder.0.join("file");
        body().perform(future(async move {
            for n in [1, 65_536, 65_537, 200_000] {
                let file = File::options().read(true).write(true).create(true).clone();
                let file = file.open(&path).await.unwrap();
                file.write_all(&bytes(n)).await.unwrap();
                file.write_all_at(&bytes(n), 1).await.unwrap();
                file.seek(SeekFrom::Start(0)).await.unwrap();
                let mut buffer = vec![255; n];
                file.read_exact_at(&mut buffer, 1).await.unwrap();
                assert!(buffer == bytes(n));
                buffer.push(255);
                file.read_exact(&mut buffer).await.unwrap();
                assert!(buffer[1..] == bytes(n));
                // Zero bytes are moved at once, wherever the cursor is.
                file.write_all(&[]).await.unwrap();
                file.read_exact(&mut []).await.unwrap();
                let end = file.read(&mut buffer[..1]).await.unwrap();
                assert_eq!(end, 0);
            }
        }))
    });
}

fn owned_buffers_are_returned(subject: Subject) {
    run(subject, |folder| {
        let path = folder.0.join("file");
        std_fs::write(&path, "hello").unwrap();
        let file = File::from_std(std_fs::File::open(path).unwrap());
        let (reads, writes) = (file.clone(), file);
        body()
            .perform_then(
                move || reads.read_owned(vec![0; 9]),
                |(n, buffer)| {
                    assert_eq!(&buffer[..n.unwrap()], b"hello");
                },
            )
            .perform_then(
                move || writes.write_all_owned(vec![7]),
                |(failed, buffer)| {
                    assert!(failed.is_err(), "a write must fail: the file was opened for reading");
                    assert_eq!(buffer, [7]);
                },
            )
    });
}

fn an_offset_does_not_move_the_cursor(subject: Subject) {
    run(subject, |folder| {
        let file = std_fs::File::create_new(folder.0.join("file")).unwrap();
        let file = File::from_std(file);
        let [writes, again, reads, all] = [0; 4].map(|_| file.clone());
        body()
            .perform_ok(move || writes.write_all_at_owned("world", 5))
            .perform_eq(move || again.write_at_owned("hello", 0), 5)
            .perform_then(
                move || reads.read_at_owned([0; 3], 4),
                |(n, buffer)| {
                    assert_eq!((n.unwrap(), &buffer), (3, b"owo"));
                },
            )
            // The cursor is still at the start.
            .perform_read_exact(move || all.read_exact_owned([0; 10]), b"helloworld")
    });
}

fn clones_share_the_cursor(subject: Subject) {
    run(subject, |folder| {
        let path = folder.0.join("file");
        std_fs::write(&path, "0123456789").unwrap();
        let file = File::from_std(std_fs::File::open(path).unwrap());
        let [one, two, three, four] = [0; 4].map(|_| file.clone());
        let reads = |file: File, expected: [u8; 3]| {
            body().perform_read_exact(move || file.read_exact_owned([0; 3]), expected)
        };
        let [one, two, three] =
            [(one, *b"012"), (two, *b"345"), (three, *b"789")].map(|(f, e)| reads(f, e));
        body()
            .perform(subject.task(one))
            .perform(subject.task(two))
            .perform_eq(move || four.seek(SeekFrom::End(-3)), 7)
            .perform(subject.task(three))
    });
}

fn an_early_end_is_an_error(subject: Subject) {
    run(subject, |folder| {
        let path = folder.0.join("file");
        std_fs::write(&path, "hello").unwrap();
        let file = File::from_std(std_fs::File::open(path).unwrap());
        let lent = file.clone();
        body()
            .perform_err(move || file.read_exact_at_owned([0; 9], 0), ErrorKind::UnexpectedEof)
            .perform(future(async move {
                let done = lent.read_exact(&mut [0; 9]).await;
                assert_eq!(done.unwrap_err().kind(), ErrorKind::UnexpectedEof);
            }))
    });
}

fn folders_can_be_made_listed_renamed_removed(subject: Subject) {
    run(subject, |folder| {
        let [a, b, c, d] = ["a", "a/b/c", "d", "d"].map(|name| folder.0.join(name));
        let (made, file) = (a.clone(), folder.0.join("d/file"));
        body()
            .perform_ok(move || fs::create_dir_all(b))
            .perform_ok(move || fs::rename(made, c))
            .perform_ok(move || fs::write(file, "x"))
            .perform_then(
                move || fs::read_dir(d),
                |entries| {
                    let names = entries.unwrap().into_iter().map(|entry| entry.file_name());
                    let mut names: Vec<_> = names.collect();
                    names.sort();
                    assert_eq!(names, ["b", "file"]);
                },
            )
            .perform_then(move || fs::exists(a), |exists| assert!(!exists.unwrap()))
    });
}

fn a_missing_or_existing_file_is_an_error(subject: Subject) {
    run(subject, |folder| {
        let [none, there, again] = ["none", ".", "file"].map(|name| folder.0.join(name));
        std_fs::write(&again, "").unwrap();
        body()
            .perform_err(move || File::open(none), ErrorKind::NotFound)
            .perform_err(move || fs::read(there), ErrorKind::IsADirectory)
            .perform_err(
                move || OpenOptions::new().write(true).create_new(true).open(again),
                ErrorKind::AlreadyExists,
            )
    });
}

fn a_nul_byte_in_a_path_is_an_error(subject: Subject) {
    run(subject, |folder| {
        let good = folder.0.join("good");
        std_fs::write(&good, "good").unwrap();
        let mut path = good.into_os_string();
        path.push("\0.d/other");
        let [read, write, open, create, rename, metadata, remove] = [(); 7].map(|()| path.clone());
        let invalid = ErrorKind::InvalidInput;
        body()
            .perform_err(|| fs::read(read), invalid)
            .perform_err(|| fs::write(write, "bad"), invalid)
            .perform_err(|| File::open(open), invalid)
            .perform_err(|| File::create(create), invalid)
            .perform_err(|| fs::rename(rename, "elsewhere"), invalid)
            .perform_err(|| fs::metadata(metadata), invalid)
            .perform_err(|| fs::remove_file(remove), invalid)
    });
}

fn a_cancelled_read_leaves_nothing_registered(subject: Subject) {
    let mut event_loop = new_loop();
    // The file is a pipe, where a read blocks as long as the test needs.
    let (reader, writer) = std::io::pipe().unwrap();
    let file = File::from_std(std_fs::File::from(std::os::fd::OwnedFd::from(reader)));
    let reads = file.clone();
    let reads = body().perform_then(move || reads.read_owned([0; 1]), drop);
    let reads = event_loop.start(subject.task(reads), 2);
    reads.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    drop(writer);
    let mut file = file.into_std().unwrap();
    assert_eq!(file.read(&mut [0]).unwrap(), 0);
}
