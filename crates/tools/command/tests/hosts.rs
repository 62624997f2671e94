//! The same servers on other hosts.

use std::process::Command;

#[allow(dead_code)] // The other suites use the rest of it.
mod served;

use self::served::{COMMAND, Program, STYLES, Server};

/// Hosts besides the loop by itself, with one thread and with two.
const HOSTS: [&str; 4] = [
    "--host tokio --threads 1",
    "--host tokio --threads 2",
    "--host may --threads 1",
    "--host may --threads 2",
];

fn serves_and_stops(program: Program, style: &'static str, host: &str) {
    let server = Server::new(program, style, host);
    let connections: Vec<_> = (0..20).map(|_| program.greeted(&server)).collect();
    drop(connections);
    server.expect_clean_stop();
}

#[test]
fn every_program_in_every_style_on_every_host() {
    for host in HOSTS {
        for style in STYLES {
            for program in [Program::Echo, Program::Http, Program::Proxy] {
                serves_and_stops(program, style, host);
            }
        }
    }
}

#[test]
fn a_chat_is_on_one_thread_of_any_host() {
    for host in ["--host tokio", "--host may"] {
        for style in STYLES {
            serves_and_stops(Program::Chat, style, host);
        }
    }
}

#[test]
fn what_is_in_flight_at_the_stop_is_served() {
    for host in HOSTS {
        let server = Server::new(Program::Echo, "green", host);
        let connections: Vec<_> = (0..12).map(|_| Program::Echo.greeted(&server)).collect();
        server.signal("TERM");
        for connection in &connections {
            Program::Echo.greet(connection).expect("it is in flight");
        }
        drop(connections);
        let (status, errors) = server.ended();
        assert!(status.success() && errors.is_empty(), "{host}: {status}: {errors}");
    }
}

#[test]
fn who_cannot_serve_says_so_in_one_line() {
    for host in ["tokio", "may"] {
        for (args, remedy) in [
            ("http /no/such/folder", "use a folder that may be entered"),
            ("http /no/such/folder --threads 2", "use a folder that may be entered"),
            ("echo --listen 192.0.2.1:0", "use an address of this machine"),
            ("chat --threads 2", "use --threads 1"),
        ] {
            let command = ["serve", "--host", host].into_iter().chain(args.split(' '));
            let output = Command::new(COMMAND).args(command).output().unwrap();
            let line = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{host}, {args}: {line}");
            assert!(line.starts_with("error: ") && line.lines().count() == 1, "{args}: {line}");
            assert!(line.contains(remedy), "{args}: {line}");
        }
    }
}
