//! Servers under a limit of threads. They answer, or print that they cannot, and they stop.

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

#[allow(dead_code)] // Other suites use the rest of the module.
mod server_process;

use self::server_process::{COMMAND, STYLES, Server};

/// Returns a folder that every user may read. It is so large that its list is made on another
/// thread.
fn large_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for n in 0..2_000 {
        fs::write(folder.path().join(format!("file-{n}")), "").unwrap();
    }
    folder
}

/// Requests the folder, reads the answer to its end, and returns its status.
fn status(server: &Server) -> u16 {
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the server answers");
    let status = answer.strip_prefix(b"HTTP/1.1 ").expect("the answer is HTTP")[..3].to_vec();
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
fn http_answers_with_few_threads_and_stops() {
    let Some(limited) = Limited::new(Path::new(COMMAND)) else { return };
    let folder = large_folder();
    for style in STYLES {
        // One thread waits for SIGUSR1, if there may be a second one.
        for (threads, expected) in [(1, 503), (2, 503), (3, 200), (4, 200)] {
            let options = format!("--style {style} --idle-timeout never");
            let server = Server::start(serve(&limited, threads, folder.path(), &options));
            for _ in 0..2 {
                let statuses = statuses(&server);
                assert_eq!(statuses, [expected; 60], "{style}, {threads} threads");
            }
            server.expect_clean_stop();
        }
    }
}

#[test]
fn a_server_without_threads_prints_one_line() {
    let Some(limited) = Limited::new(Path::new(COMMAND)) else { return };
    let folder = large_folder();
    for options in ["--threads 4", "--host tokio", "--host tokio --threads 4", "--host may"] {
        for threads in 1..4 {
            // A host that needs one thread starts within a higher limit.
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
