//! The servers on tokio and on may.

use std::process::Command;

#[allow(dead_code)] // Other suites use the rest of the module.
mod server_process;

use self::server_process::{COMMAND, Program, STYLES, Server};

/// The hosts other than the bare event loop, with one thread and with two.
const HOSTS: [&str; 4] = [
    "--host tokio --threads 1",
    "--host tokio --threads 2",
    "--host may --threads 1",
    "--host may --threads 2",
];

fn expect_to_serve_and_stop(program: Program, style: &'static str, host: &str) {
    let server = Server::new(program, style, host);
    let connections: Vec<_> = (0..20).map(|_| program.connect_and_greet(&server)).collect();
    drop(connections);
    server.expect_clean_stop();
}

#[test]
fn every_program_serves_in_every_style_on_every_host() {
    for host in HOSTS {
        for style in STYLES {
            for program in [Program::Echo, Program::Http, Program::Proxy] {
                expect_to_serve_and_stop(program, style, host);
            }
        }
    }
}

#[test]
fn a_chat_serves_on_one_thread_of_any_host() {
    for host in ["--host tokio", "--host may"] {
        for style in STYLES {
            expect_to_serve_and_stop(Program::Chat, style, host);
        }
    }
}

#[test]
fn an_open_connection_is_served_after_the_stop() {
    for host in HOSTS {
        let server = Server::new(Program::Echo, "green", host);
        let connections: Vec<_> =
            (0..12).map(|_| Program::Echo.connect_and_greet(&server)).collect();
        server.signal("TERM");
        for connection in &connections {
            Program::Echo.greet(connection).expect("the connection is still served");
        }
        drop(connections);
        let (status, errors) = server.wait_for_end();
        assert!(status.success() && errors.is_empty(), "{host}: {status}: {errors}");
    }
}

#[test]
fn a_server_that_cannot_start_prints_one_line() {
    for host in ["tokio", "may"] {
        for (args, remedy) in [
            ("http /no/such/folder", "use a folder that you may enter"),
            ("http /no/such/folder --threads 2", "use a folder that you may enter"),
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
