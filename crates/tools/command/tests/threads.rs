//! A server on several threads.

use std::{fs, process::Command};

#[allow(dead_code)] // Other suites use the rest of the module.
mod server_process;

use self::server_process::{COMMAND, Program, STYLES, Server, wait_until};

/// Returns how often the thread of each loop has slept.
fn sleeps(server: &Server) -> Vec<u64> {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.child.id())).expect("the server runs");
    let status = |task: fs::DirEntry| fs::read_to_string(task.path().join("status")).unwrap();
    let loops = tasks.map(|task| status(task.unwrap())).filter(|it| it.contains("quadrivium-loop"));
    let sleeps = loops.map(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.expect("Linux counts them").trim().parse().unwrap()
    });
    sleeps.collect()
}

#[test]
fn every_thread_serves_and_all_stop() {
    for program in [Program::Echo, Program::Http, Program::Proxy] {
        for style in STYLES {
            let server = Server::new(program, style, "--threads 2");
            let before = sleeps(&server);
            assert_eq!(before.len(), 2, "each loop has a thread");
            // The kernel chooses the thread of each connection.
            wait_until(|| {
                drop(program.connect_and_greet(&server));
                sleeps(&server).iter().zip(&before).all(|(now, before)| now > before)
            });
            let connections: Vec<_> = (0..20).map(|_| program.connect_and_greet(&server)).collect();
            drop(connections);
            server.expect_clean_stop();
        }
    }
}

#[test]
fn a_connection_of_any_thread_is_served_after_the_stop() {
    for style in STYLES {
        let server = Server::new(Program::Echo, style, "--threads 3");
        let connections: Vec<_> =
            (0..12).map(|_| Program::Echo.connect_and_greet(&server)).collect();
        server.signal("TERM");
        for connection in &connections {
            // A request right after the signal is still served.
            Program::Echo.greet(connection).expect("the connection is still served");
        }
        drop(connections);
        let (status, errors) = server.wait_for_end();
        assert!(status.success() && errors.is_empty(), "{style}: {status}: {errors}");
    }
}

#[test]
fn options_that_threads_do_not_allow_are_an_error_of_one_line() {
    for (args, code, remedy) in [
        ("chat --threads 2", 1, "use --threads 1"),
        ("echo --threads 0", 2, "use a whole number from 1 to 1024"),
        ("echo --threads many", 2, "use a whole number from 1 to 1024"),
        ("http /no/such/folder --threads 2", 1, "use a folder that you may enter"),
        ("echo --listen 192.0.2.1:0 --threads 2", 1, "use an address of this machine"),
    ] {
        let command = ["serve"].into_iter().chain(args.split(' '));
        let output = Command::new(COMMAND).args(command).output().unwrap();
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args}: {line}");
        assert!(line.starts_with("error: ") && line.lines().count() == 1, "{args}: {line}");
        assert!(line.contains(remedy), "{args}: {line}");
    }
}
