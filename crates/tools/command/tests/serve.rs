//! `quadrivium serve` as its users meet it: every program in every style, in a process of its own,
//! with the faults that only a process can have.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    thread,
};

use quadrivium::signal::{Signal, is_ignored};

mod served;

use self::served::{COMMAND, Program, STYLES, Server, everywhere, wait_until};

/// The signals that stop a server. SIGINT stays ignored if it was when this test was started, as in
/// the background of a script.
fn stops() -> &'static [&'static str] {
    match is_ignored(Signal::Interrupt) {
        true => {
            eprintln!("skipped: SIGINT, because it is ignored here");
            &["TERM"]
        }
        false => &["TERM", "INT"],
    }
}

#[test]
fn a_signal_stops_it_cleanly() {
    everywhere(|program, style| {
        for signal in stops() {
            let server = Server::new(program, style, "");
            drop(program.greeted(&server));
            server.signal(signal);
            let (status, errors) = server.ended();
            assert!(status.success() && errors.is_empty(), "{style}: {status}: {errors}");
        }
    });
}

#[test]
fn a_signal_that_is_ignored_from_the_start_stays_ignored() {
    for style in STYLES {
        for stop in stops() {
            let (ignored, mask) = if *stop == "TERM" { ("INT", 1 << 1) } else { ("TERM", 1 << 14) };
            let server = Server::after(&format!("trap '' {ignored};"), Program::Echo, style);
            server.signal(ignored);
            assert_eq!(server.ignored_signals() & mask, mask, "{style}: {ignored}");
            drop(Program::Echo.greeted(&server));
            server.signal(stop);
            let (status, errors) = server.ended();
            assert!(status.success() && errors.is_empty(), "{style}: {status}: {errors}");
        }
    }
}

/// A client that sends for ever and never reads: its connection cannot end.
fn keep_busy(server: &Server) -> thread::JoinHandle<()> {
    let mut stream = server.connect();
    thread::spawn(move || while stream.write_all(&[b'x'; 4096]).is_ok() {})
}

#[test]
fn after_the_grace_what_is_left_is_cancelled() {
    for program in [Program::Echo, Program::Proxy] {
        for style in STYLES {
            let server = Server::new(program, style, "--grace 0");
            let _served = program.greeted(&server);
            let client = keep_busy(&server);
            let _served_after = program.greeted(&server);
            server.signal("TERM");
            let (status, errors) = server.ended();
            assert!(status.success(), "{style}: {status}");
            assert!(errors.starts_with("stopped: 3 connections "), "{style}: {errors}");
            client.join().unwrap();
        }
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for program in [Program::Echo, Program::Proxy] {
        for style in STYLES {
            let server = Server::new(program, style, "--grace 1h");
            let client = keep_busy(&server);
            let _served_after = program.greeted(&server);
            server.signal("TERM");
            // Signals of a kind that come at once are one: until the first is heard, another one
            // would be lost.
            while TcpStream::connect(server.address).is_ok() {}
            server.signal("TERM");
            let (status, errors) = server.ended();
            assert!(status.success(), "{style}: {status}");
            assert!(errors.starts_with("stopped: "), "{style}: {errors}");
            client.join().unwrap();
        }
    }
}

#[test]
fn out_of_descriptors_it_goes_on_and_recovers() {
    everywhere(|program, style| {
        let server = Server::after("ulimit -n 24;", program, style);
        let first = program.greeted(&server);
        let baseline = server.descriptors() - program.descriptors();
        let others: Vec<_> = (0..24).map(|_| server.connect()).collect();
        // Who is served stays served, more than once.
        for _ in 0..3 {
            program.greet(&first).expect("an established client goes on");
        }
        // Who waits is served as soon as there is room. (A proxy that has room for one end only
        // resets it.)
        let last = server.connect();
        drop((first, others));
        if program != Program::Proxy {
            program.greet(&last).expect("it recovers");
        }
        drop(last);
        wait_until(|| program.greet(&server.connect()).is_ok());
        wait_until(|| server.descriptors() == baseline);
        server.signal("TERM");
        let (status, errors) = server.ended();
        assert!(status.success(), "{style}: {status}: {errors}");
        // A proxy may also have failed to connect, a line for each client.
        let about_accepting = errors.lines().filter(|line| line.starts_with("cannot accept: "));
        assert_eq!(about_accepting.count(), 1, "{style}: {errors}");
    });
}

#[test]
fn descriptors_return_to_the_baseline() {
    everywhere(|program, style| {
        let server = Server::new(program, style, "");
        let first = program.greeted(&server);
        let baseline = server.descriptors() - program.descriptors();
        let clients: Vec<_> = (0..20).map(|_| program.greeted(&server)).collect();
        let all = (1 + clients.len()) * program.descriptors();
        assert_eq!(server.descriptors(), baseline + all, "{style}");
        drop((first, clients));
        wait_until(|| server.descriptors() == baseline);
        server.expect_clean_stop();
    });
}

#[test]
fn a_refused_upstream_is_one_line() {
    for style in STYLES {
        let mut command = Command::new(COMMAND);
        // Port 1 is reserved, and nobody serves it.
        let args = format!("serve proxy --to 127.0.0.1:1 --style {style}");
        command.args(args.split_whitespace());
        let server = Server::of(command);
        let mut client = server.connect();
        client.read(&mut [0]).expect_err("it is reset");
        server.signal("TERM");
        let (status, errors) = server.ended();
        assert!(status.success(), "{style}: {status}");
        assert!(errors.contains("cannot connect to 127.0.0.1:1: "), "{style}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{style}: {errors}");
    }
}

#[test]
fn options_are_kept_to() {
    for style in STYLES {
        let server = Server::new(Program::Echo, style, "--max-connections 1");
        let first = Program::Echo.greeted(&server);
        let mut second = server.connect();
        second.write_all(b"hello").unwrap();
        drop(first);
        second.read_exact(&mut [0; 5]).expect("there is room now");
        drop(second);
        server.expect_clean_stop();
    }
}

#[test]
fn who_is_idle_is_closed() {
    // A chat says something first; a proxy resets.
    for program in ["echo", "http ."] {
        for style in STYLES {
            let mut command = Command::new(COMMAND);
            let args = format!("serve --idle-timeout 50ms {program} --style {style}");
            command.args(args.split_whitespace());
            let server = Server::of(command);
            let mut client = server.connect();
            assert_eq!(client.read(&mut [0]).expect("it is closed"), 0, "{program} {style}");
            server.expect_clean_stop();
        }
    }
}

/// A file that is larger than all buffers, and a client that does not read it.
#[test]
fn an_answer_that_is_not_read_has_the_grace_and_no_more() {
    let root = tempfile::tempdir().unwrap();
    fs::File::create(root.path().join("large")).unwrap().set_len(1 << 30).unwrap();
    let root = root.path().display();
    for style in STYLES {
        let mut command = Command::new(COMMAND);
        let args = format!("serve http {root} --style {style} --grace 100ms");
        command.args(args.split_whitespace());
        let server = Server::of(command);
        let mut client = server.connect();
        client.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        client.read_exact(&mut [0; 17]).expect("it begins");
        server.signal("TERM");
        let (status, errors) = server.ended();
        assert!(status.success(), "{style}: {status}");
        assert!(errors.starts_with("stopped: 1 connections "), "{style}: {errors}");
    }
}

#[test]
fn what_cannot_be_served_is_an_error_of_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    for (args, code, named, remedy) in [
        (format!("echo --listen {taken}"), 1, taken.to_string(), "port 0 is a free one"),
        ("echo --listen 192.0.2.1:0".into(), 1, "192.0.2.1:0".into(), "0.0.0.0 for all"),
        ("echo --listen localhost:1".into(), 2, "'localhost:1'".into(), "use an address like"),
        ("echo --style blue".into(), 2, "'blue'".into(), "use callback, generator, future, green"),
        ("echo --max-connections 0".into(), 2, "'0'".into(), "use a whole number from 1"),
        ("echo --idle-timeout 0".into(), 2, "'0'".into(), "use a time like"),
        ("echo --grace soon".into(), 2, "'soon'".into(), "use a time like"),
        ("proxy".into(), 2, "--to <HOST:PORT>".into(), "see --help"),
        ("proxy --to here".into(), 2, "'here'".into(), "use a host and a port"),
        ("proxy --to :80".into(), 2, "':80'".into(), "use a host and a port"),
        ("proxy --to http://x:80".into(), 2, "'http://x:80'".into(), "use a host and a port"),
        ("proxy --to ::1:80".into(), 2, "'::1:80'".into(), "IPv6 address in brackets"),
        ("http".into(), 2, "<ROOT>".into(), "see --help"),
        ("http /no/such".into(), 1, "/no/such".into(), "use a folder"),
        ("http /dev/null".into(), 1, "/dev/null".into(), "use a folder"),
        ("gopher".into(), 2, "'gopher'".into(), "use echo, chat, http, proxy"),
        (String::new(), 2, "requires a subcommand".into(), "use echo, chat, http, proxy"),
    ] {
        let args = format!("serve {args}");
        let output = Command::new(COMMAND).args(args.split_whitespace()).output().unwrap();
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args}: {line}");
        assert!(output.stdout.is_empty(), "{args}");
        assert!(line.starts_with("error: ") && line.lines().count() == 1, "{args}: {line}");
        assert!(line.contains(&named) && line.contains(remedy), "{args}: {line}");
    }
}
