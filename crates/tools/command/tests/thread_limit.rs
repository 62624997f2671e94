//! Servers that may have few threads: they answer, or say that they cannot, and they stop.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    thread,
};

use quadrivium_tests::limited::{Limited, run};
use tempfile::TempDir;

#[allow(dead_code)] // The other suites use the rest of it.
mod served;

use self::served::{COMMAND, STYLES, Server};

/// A folder that everybody may read, so large that its list is made on another thread.
fn large_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for n in 0..2_000 {
        fs::write(folder.path().join(format!("file-{n}")), "").unwrap();
    }
    folder
}

/// The status of the answer to a request for the folder, which is read to its end.
fn status(server: &Server) -> u16 {
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    let status = answer.strip_prefix(b"HTTP/1.1 ").expect("it is HTTP")[..3].to_vec();
    String::from_utf8(status).unwrap().parse().unwrap()
}

fn statuses(server: &Server) -> Vec<u16> {
    thread::scope(|scope| {
        let clients: Vec<_> = (0..60).map(|_| scope.spawn(|| status(server))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    })
}

fn serve(limited: &Limited, threads: usize, folder: &Path, options: &str) -> Command {
    let mut command = limited.command(threads);
    command.args(["serve", "http"]).arg(folder).args(options.split_whitespace());
    command
}

#[test]
fn http_answers_with_the_threads_it_has_and_stops() {
    let Some(limited) = Limited::new(Path::new(COMMAND)) else { return };
    let folder = large_folder();
    for style in STYLES {
        for (threads, expected) in [(1, 503), (2, 200), (4, 200)] {
            let options = format!("--style {style} --idle-timeout never");
            let server = Server::of(serve(&limited, threads, folder.path(), &options));
            for _ in 0..2 {
                let statuses = statuses(&server);
                assert_eq!(statuses, [expected; 60], "{style}, {threads} threads");
            }
            server.expect_clean_stop();
        }
    }
}

#[test]
fn a_server_that_gets_no_thread_says_so_in_one_line() {
    let Some(limited) = Limited::new(Path::new(COMMAND)) else { return };
    let folder = large_folder();
    for options in ["--threads 4", "--host tokio", "--host tokio --threads 4", "--host may"] {
        for threads in 1..4 {
            // With more of them, a host of one thread starts.
            if threads > 1 && options == "--host tokio" {
                continue;
            }
            let output = run(serve(&limited, threads, folder.path(), options));
            let line = String::from_utf8(output.stderr).unwrap();
            let context = format!("{options}, {threads} threads: {line}");
            assert_eq!(output.status.code(), Some(1), "{context}");
            assert!(line.starts_with("error: ") && line.lines().count() == 1, "{context}");
            assert!(line.contains("raise the limit of threads"), "{context}");
        }
    }
}
