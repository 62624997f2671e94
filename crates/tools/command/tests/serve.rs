//! `quadrivium serve` in a process of its own: every program in every style, and faults that only a
//! process can have, such as signals and a lack of descriptors.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    thread,
};

use quadrivium::signal::{Signal, is_ignored};

mod server_process;

use self::server_process::{COMMAND, Program, STYLES, Server, everywhere, wait_until};

/// Returns the signals that stop a server. A shell script starts programs in the background with
/// SIGINT ignored, and then servers ignore it, too.
fn stop_signals() -> &'static [&'static str] {
    match is_ignored(Signal::Interrupt) {
        true => {
            eprintln!("skipped: SIGINT, because this test was started with SIGINT ignored");
            &["TERM"]
        }
        false => &["TERM", "INT"],
    }
}

#[test]
fn a_signal_stops_the_server_cleanly() {
    everywhere(|program, style| {
        for signal in stop_signals() {
            let server = Server::new(program, style, "");
            drop(program.connect_and_greet(&server));
            server.signal(signal);
            let (status, errors) = server.wait_for_end();
            assert!(status.success() && errors.is_empty(), "{style}: {status}: {errors}");
        }
    });
}

#[test]
fn a_signal_that_is_ignored_from_the_start_stays_ignored() {
    for style in STYLES {
        for stop in stop_signals() {
            let (ignored, mask) = if *stop == "TERM" { ("INT", 1 << 1) } else { ("TERM", 1 << 14) };
            let server =
                Server::after_commands(&format!("trap '' {ignored};"), Program::Echo, style);
            server.signal(ignored);
            assert_eq!(server.ignored_signals() & mask, mask, "{style}: {ignored}");
            drop(Program::Echo.connect_and_greet(&server));
            server.signal(stop);
            let (status, errors) = server.wait_for_end();
            assert!(status.success() && errors.is_empty(), "{style}: {status}: {errors}");
        }
    }
}

/// The watchdog is a thread of the server, also on other hosts. It has nothing to report.
#[test]
fn a_server_has_a_watchdog_if_it_is_asked_for() {
    for (options, n) in [
        ("", 0),
        ("--watchdog 10s", 1),
        ("--watchdog 10s --threads 2", 2),
        ("--watchdog 10s --host tokio", 1),
    ] {
        let server = Server::new(Program::Echo, "green", options);
        drop(Program::Echo.connect_and_greet(&server));
        // A thread gets its name a little later than its life.
        wait_until(|| watchdogs(&server) == n);
        server.expect_clean_stop();
    }
}

/// Returns the number of threads that are watchdogs.
fn watchdogs(server: &Server) -> usize {
    let threads = fs::read_dir(format!("/proc/{}/task", server.child.id())).unwrap();
    let name = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("comm")).unwrap();
    let names = threads.map(|thread| name(thread.unwrap()));
    names.filter(|name| name.starts_with("quadrivium-watc")).count()
}

/// Starts a client that always sends and never reads. Its connection cannot end.
fn start_busy_client(server: &Server) -> thread::JoinHandle<()> {
    let mut stream = server.connect();
    thread::spawn(move || while stream.write_all(&[b'x'; 4096]).is_ok() {})
}

#[test]
fn connections_that_outlast_the_grace_are_cancelled() {
    for program in [Program::Echo, Program::Proxy] {
        for style in STYLES {
            let server = Server::new(program, style, "--grace 0");
            let _served = program.connect_and_greet(&server);
            let client = start_busy_client(&server);
            let _served_after = program.connect_and_greet(&server);
            server.signal("TERM");
            let (status, errors) = server.wait_for_end();
            assert!(status.success(), "{style}: {status}");
            assert!(errors.starts_with("stopped: 3 connections "), "{style}: {errors}");
            client.join().unwrap();
        }
    }
}

#[test]
fn a_second_signal_cancels_connections_at_once() {
    for program in [Program::Echo, Program::Proxy] {
        for style in STYLES {
            let server = Server::new(program, style, "--grace 1h");
            let client = start_busy_client(&server);
            let _served_after = program.connect_and_greet(&server);
            server.signal("TERM");
            // The kernel merges equal signals. The second one must come after the server has
            // handled the first, which closes the listener.
            while TcpStream::connect(server.address).is_ok() {}
            server.signal("TERM");
            let (status, errors) = server.wait_for_end();
            assert!(status.success(), "{style}: {status}");
            assert!(errors.starts_with("stopped: "), "{style}: {errors}");
            client.join().unwrap();
        }
    }
}

#[test]
fn a_server_without_descriptors_recovers() {
    everywhere(|program, style| {
        let server = Server::after_commands("ulimit -n 24;", program, style);
        let first = program.connect_and_greet(&server);
        let baseline = server.descriptors() - program.descriptors();
        let others: Vec<_> = (0..24).map(|_| server.connect()).collect();
        // An established connection is still served.
        for _ in 0..3 {
            program.greet(&first).expect("an established connection is served");
        }
        // A waiting client is served as soon as there are descriptors. (A proxy that has a
        // descriptor for one end only resets the connection.)
        let last = server.connect();
        drop((first, others));
        if program != Program::Proxy {
            program.greet(&last).expect("the server has recovered");
        }
        drop(last);
        wait_until(|| program.greet(&server.connect()).is_ok());
        wait_until(|| server.descriptors() == baseline);
        server.signal("TERM");
        let (status, errors) = server.wait_for_end();
        assert!(status.success(), "{style}: {status}: {errors}");
        // A proxy may also have failed to connect, and prints a line for each such client.
        let accept_errors = errors.lines().filter(|line| line.starts_with("cannot accept: "));
        assert_eq!(accept_errors.count(), 1, "{style}: {errors}");
    });
}

#[test]
fn closed_connections_free_their_descriptors() {
    everywhere(|program, style| {
        let server = Server::new(program, style, "");
        let first = program.connect_and_greet(&server);
        let baseline = server.descriptors() - program.descriptors();
        let clients: Vec<_> = (0..20).map(|_| program.connect_and_greet(&server)).collect();
        let all = (1 + clients.len()) * program.descriptors();
        assert_eq!(server.descriptors(), baseline + all, "{style}");
        drop((first, clients));
        wait_until(|| server.descriptors() == baseline);
        server.expect_clean_stop();
    });
}

#[test]
fn a_proxy_prints_one_line_if_the_other_server_refuses() {
    for style in STYLES {
        let mut command = Command::new(COMMAND);
        // Port 1 is reserved, and no server listens on it.
        let args = format!("serve proxy --to 127.0.0.1:1 --style {style}");
        command.args(args.split_whitespace());
        let server = Server::start(command);
        let mut client = server.connect();
        client.read(&mut [0]).expect_err("the connection is reset");
        server.signal("TERM");
        let (status, errors) = server.wait_for_end();
        assert!(status.success(), "{style}: {status}");
        assert!(errors.contains("cannot connect to 127.0.0.1:1: "), "{style}: {errors}");
        assert_eq!(errors.lines().count(), 1, "{style}: {errors}");
    }
}

#[test]
fn max_connections_makes_further_clients_wait() {
    for style in STYLES {
        let server = Server::new(Program::Echo, style, "--max-connections 1");
        let first = Program::Echo.connect_and_greet(&server);
        let mut second = server.connect();
        second.write_all(b"hello").unwrap();
        drop(first);
        second.read_exact(&mut [0; 5]).expect("the first connection has ended");
        drop(second);
        server.expect_clean_stop();
    }
}

#[test]
fn an_idle_connection_is_closed() {
    // A chat sends a line first, and a proxy resets the connection.
    for program in ["echo", "http ."] {
        for style in STYLES {
            let mut command = Command::new(COMMAND);
            let args = format!("serve --idle-timeout 50ms {program} --style {style}");
            command.args(args.split_whitespace());
            let server = Server::start(command);
            let mut client = server.connect();
            assert_eq!(
                client.read(&mut [0]).expect("the connection is closed"),
                0,
                "{program} {style}"
            );
            server.expect_clean_stop();
        }
    }
}

/// The file is larger than all buffers, and the client does not read it.
#[test]
fn an_answer_that_is_not_read_is_cancelled_after_the_grace() {
    let root = tempfile::tempdir().unwrap();
    fs::File::create(root.path().join("large")).unwrap().set_len(1 << 30).unwrap();
    let root = root.path().display();
    for style in STYLES {
        let mut command = Command::new(COMMAND);
        let args = format!("serve http {root} --style {style} --grace 100ms");
        command.args(args.split_whitespace());
        let server = Server::start(command);
        let mut client = server.connect();
        client.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        client.read_exact(&mut [0; 17]).expect("the answer begins");
        server.signal("TERM");
        let (status, errors) = server.wait_for_end();
        assert!(status.success(), "{style}: {status}");
        assert!(errors.starts_with("stopped: 1 connections "), "{style}: {errors}");
    }
}

#[test]
fn a_server_that_cannot_start_prints_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    for (args, code, named, remedy) in [
        (format!("echo --listen {taken}"), 1, taken.to_string(), "port 0 is a free one"),
        ("echo --listen 192.0.2.1:0".into(), 1, "192.0.2.1:0".into(), "0.0.0.0 for all"),
        ("echo --listen localhost:1".into(), 2, "'localhost:1'".into(), "use an address like"),
        ("echo --style blue".into(), 2, "'blue'".into(), "use callback, generator, future, green"),
        ("echo --max-connections 0".into(), 2, "'0'".into(), "use a whole number, 1 or more"),
        ("echo --idle-timeout 0".into(), 2, "'0'".into(), "use a time like"),
        ("echo --watchdog 0".into(), 2, "'0'".into(), "use a time like"),
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
        ("echo chat".into(), 2, "'chat'".into(), "see --help"),
        ("--threads".into(), 2, "'--threads <N>'".into(), "see --help"),
        (String::new(), 2, "requires a subcommand".into(), "use echo, chat, http, proxy"),
    ] {
        let args = format!("serve {args}");
        let output = Command::new(COMMAND).args(args.split_whitespace()).output().unwrap();
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args}: {line}");
        assert!(output.stdout.is_empty(), "{args}");
        assert!(line.starts_with("error: ") && line.lines().count() == 1, "{args}: {line}");
        assert!(line.contains(&named) && line.contains(remedy), "{args}: {line}");
        assert!(!line.contains(":;"), "{args}: {line}");
    }
}
