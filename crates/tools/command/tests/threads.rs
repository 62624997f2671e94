//! A server on several threads.

use std::{fs, process::Command};

#[allow(dead_code)] // The other suites use the rest of it.
mod served;

use self::served::{COMMAND, Program, STYLES, Server, wait_until};

/// How often each loop's thread has slept until something came.
fn sleeps(server: &Server) -> Vec<u64> {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.child.id())).expect("it runs");
    let status = |task: fs::DirEntry| fs::read_to_string(task.path().join("status")).unwrap();
    let loops = tasks.map(|task| status(task.unwrap())).filter(|it| it.contains("quadrivium-loop"));
    let sleeps = loops.map(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.expect("Linux counts them").trim().parse().unwrap()
    });
    sleeps.collect()
}

#[test]
fn each_thread_serves_its_share_and_all_stop() {
    for program in [Program::Echo, Program::Http, Program::Proxy] {
        for style in STYLES {
            let server = Server::new(program, style, "--threads 2");
            let before = sleeps(&server);
            assert_eq!(before.len(), 2, "a thread for each loop");
            // The kernel deals them out as it likes.
            wait_until(|| {
                drop(program.greeted(&server));
                sleeps(&server).iter().zip(&before).all(|(now, before)| now > before)
            });
            let connections: Vec<_> = (0..20).map(|_| program.greeted(&server)).collect();
            drop(connections);
            server.expect_clean_stop();
        }
    }
}

#[test]
fn a_connection_of_any_thread_may_end_after_the_stop() {
    for style in STYLES {
        let server = Server::new(Program::Echo, style, "--threads 3");
        let connections: Vec<_> = (0..12).map(|_| Program::Echo.greeted(&server)).collect();
        server.signal("TERM");
        for connection in &connections {
            // What comes right after it is served still.
            Program::Echo.greet(connection).expect("it is in flight");
        }
        drop(connections);
        let (status, errors) = server.ended();
        assert!(status.success() && errors.is_empty(), "{style}: {status}: {errors}");
    }
}

#[test]
fn what_cannot_be_on_several_is_an_error_of_one_line() {
    for (args, code, remedy) in [
        ("chat --threads 2", 1, "use --threads 1"),
        ("echo --threads 0", 2, "use a whole number from 1 to 1024"),
        ("echo --threads many", 2, "use a whole number from 1 to 1024"),
        ("http /no/such/folder --threads 2", 1, "use a folder that may be entered"),
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
