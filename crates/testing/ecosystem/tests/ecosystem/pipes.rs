//! Pipes, child processes and files, used by crates that were written for sockets at most.

use std::io::{BufRead, BufReader, Read, Write};

use futures::{AsyncReadExt, AsyncWriteExt, io};
use quadrivium::{
    EventLoop,
    fs::File,
    future,
    green::{Blocking, green, perform},
    io::{Polled, pipe},
    process::{Command, Stdio},
};
use serde_json::Value;

use crate::both;

#[test]
fn a_green_thread_talks_to_a_child_as_with_std() {
    let talks = green(|| {
        let mut child =
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = Blocking::new(child.stdin.take().unwrap());
        let mut output = BufReader::new(Blocking::new(child.stdout.take().unwrap()));
        let mut received = Vec::new();
        for line in ["one\n", "two\n"] {
            input.write_all(line.as_bytes()).unwrap();
            output.read_until(b'\n', &mut received).unwrap();
        }
        drop(input);
        output.read_to_end(&mut received).unwrap();
        (received, perform(child.wait()).unwrap().success())
    });
    let (received, success) = EventLoop::new().unwrap().block_on(talks).unwrap();
    assert!(success && received == b"one\ntwo\n");
}

#[test]
fn a_file_is_parsed_while_it_is_read() {
    let path = std::env::temp_dir().join(format!("quadrivium-{}.json", std::process::id()));
    std::fs::write(&path, r#"{"styles": 4}"#).unwrap();
    let own = path.clone();
    let parses = green(move || {
        let file = perform(File::open(&own)).unwrap();
        serde_json::from_reader::<_, Value>(BufReader::new(Blocking::new(file))).unwrap()
    });
    let value = EventLoop::new().unwrap().block_on(parses).unwrap();
    std::fs::remove_file(path).unwrap();
    assert_eq!(value["styles"], 4);
}

#[test]
fn a_polled_pipe_ends_when_its_writer_is_closed() {
    let (reader, writer) = pipe().unwrap();
    let writes = future::future(async move {
        let mut writer = Polled::new(writer);
        writer.write_all(&[7; 300_000]).await.unwrap();
        writer.close().await.unwrap();
    });
    let reads = future::future(async move {
        let mut bytes = Vec::new();
        Polled::new(reader).read_to_end(&mut bytes).await.unwrap();
        bytes.len()
    });
    assert_eq!(both(writes, reads).1, 300_000);
}

#[test]
fn bytes_are_copied_from_a_pipe_to_a_socket() {
    let ((reader, writer), (one, other)) = (pipe().unwrap(), crate::connected());
    let copies = future::future(async move {
        let mut one = Polled::new(one);
        io::copy(Polled::new(reader), &mut one).await.unwrap()
    });
    let ends = green(move || {
        Blocking::new(writer).write_all(b"through both").unwrap();
        let mut received = String::new();
        Blocking::new(other).read_to_string(&mut received).unwrap();
        received
    });
    assert_eq!(both(copies, ends), (12, "through both".into()));
}
