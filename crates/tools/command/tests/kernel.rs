//! Errors of the kernel, which `strace` injects. A server retries after errors that are temporary.
//! If a sandbox refuses a system call, the server does without it, or names it in an error.

use std::{
    fs,
    io::{Read, Write},
    process::{Command, ExitStatus},
};

#[allow(dead_code)] // Other suites use the rest of the module.
mod server_process;

use self::server_process::{COMMAND, Program, STYLES, Server, everywhere, signal_to};

#[test]
fn a_server_retries_after_temporary_errors() {
    if let Err(reason) = strace_works() {
        eprintln!("skipped: {reason}");
        return;
    }
    for (error, printed) in [
        ("ECONNABORTED", ""),
        ("EPROTO", ""),
        ("EINTR", ""),
        ("EMFILE", "cannot accept: Too many open files"),
    ] {
        everywhere(|program, style| {
            let server = under_strace(program, style, error);
            for _ in 0..3 {
                drop(program.connect_and_greet(&server));
            }
            let (status, errors) = stop(server);
            let context = format!("{error} {program:?} {style}: {status}: {errors}");
            assert!(status.success() && errors.starts_with(printed), "{context}");
            assert_eq!(errors.lines().count(), usize::from(!printed.is_empty()), "{context}");
        });
    }
}

/// Starts a server for which every other system call fails. Accepting fails with this error.
fn under_strace(program: Program, style: &str, accept_error: &str) -> Server {
    let mut command = strace_with_faults(&[
        &format!("accept4:error={accept_error}:when=1+2"),
        "epoll_wait,epoll_pwait,epoll_pwait2:error=EINTR:when=1+2",
        "recvfrom,openat2,preadv2:error=EINTR:when=2+2",
        // Only some calls fail, because a signal handler sends, too. It may run on any thread, and
        // it does not retry.
        "sendto:error=EINTR:when=2..4+2",
    ]);
    command.arg(COMMAND).args(program.args(style).split_whitespace());
    Server::start(command)
}

/// Stops a server under strace. Returns its status and its standard error.
fn stop(server: Server) -> (ExitStatus, String) {
    // The signal goes to the child of strace. Strace ends when its child has ended.
    let children = format!("/proc/{0}/task/{0}/children", server.child.id());
    let children = fs::read_to_string(children).expect("strace runs");
    signal_to(children.trim().parse().expect("strace has one child"), "TERM");
    server.wait_for_end()
}

/// Returns a command under strace, which injects these faults.
fn strace_with_faults(faults: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null"]);
    for fault in faults {
        command.args(["-e", &format!("inject={fault}")]);
    }
    command
}

#[test]
fn http_names_openat2_where_a_sandbox_refuses_it() {
    if let Err(reason) = strace_works() {
        eprintln!("skipped: {reason}");
        return;
    }
    for (error, style) in ["ENOSYS", "EPERM", "EACCES", "EINVAL"].into_iter().zip(STYLES) {
        let mut command = strace_with_faults(&[&format!("openat2:error={error}")]);
        command.arg(COMMAND).args(Program::Http.args(style).split_whitespace());
        let output = command.output().unwrap();
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}: {line}");
        assert!(line.starts_with("error: ") && line.lines().count() == 1, "{error}: {line}");
        assert!(line.contains("`openat2`, which is refused here"), "{error}: {line}");
        assert!(line.trim_end().ends_with("a sandbox that lets it through"), "{error}: {line}");
    }
}

#[test]
fn http_serves_where_a_sandbox_refuses_preadv2() {
    if let Err(reason) = strace_works() {
        eprintln!("skipped: {reason}");
        return;
    }
    let file = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    for error in ["ENOSYS", "EPERM", "EACCES", "EINVAL"] {
        for style in STYLES {
            let mut command = strace_with_faults(&[&format!("preadv2:error={error}")]);
            command.arg(COMMAND).args(Program::Http.args(style).split_whitespace());
            let server = Server::start(command);
            let answer = get(&server, "/Cargo.toml");
            let text = String::from_utf8_lossy(&answer);
            assert!(text.starts_with("HTTP/1.1 200 "), "{error} {style}: {text}");
            assert!(answer.ends_with(&file), "{error} {style}: {text}");
            let (status, errors) = stop(server);
            assert!(status.success() && errors.is_empty(), "{error} {style}: {status}: {errors}");
        }
    }
}

/// Asks for a file, and returns the whole answer.
fn get(server: &Server, path: &str) -> Vec<u8> {
    let mut client = server.connect();
    write!(client, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn http_sends_a_large_file_also_if_sendfile_fails() {
    if let Err(reason) = strace_works() {
        eprintln!("skipped: {reason}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file: Vec<u8> = (0..3_000_001).map(|n| (n % 251) as u8).collect();
    fs::write(folder.path().join("large"), &file).unwrap();
    // The last two errors come in the middle of the file: the rest is read by another thread.
    for fault in ["EINTR:when=1+2", "ENOSYS", "EINVAL:when=2+", "EOPNOTSUPP:when=3+"] {
        for style in STYLES {
            let mut command = strace_with_faults(&[&format!("sendfile:error={fault}")]);
            let arguments = Program::Http.args(style);
            let arguments = arguments.replace(env!("CARGO_MANIFEST_DIR"), "");
            command.arg(COMMAND).args(arguments.split_whitespace()).arg(folder.path());
            let server = Server::start(command);
            let answer = get(&server, "/large");
            assert!(answer.starts_with(b"HTTP/1.1 200 "), "{fault} {style}");
            assert!(answer.ends_with(&file), "{fault} {style}: {} bytes", answer.len());
            let (status, errors) = stop(server);
            assert!(status.success() && errors.is_empty(), "{fault} {style}: {status}: {errors}");
        }
    }
}

fn strace_works() -> Result<(), String> {
    let tried = Command::new("strace").args(["-qq", "-e", "trace=none", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            Err(format!("strace is refused: {}", String::from_utf8_lossy(&output.stderr)))
        }
        Err(error) => {
            // A missing program can be installed. A system that forbids strace cannot be changed.
            let must_not_skip = std::env::var_os("QUADRIVIUM_MUST_NOT_SKIP");
            assert!(must_not_skip.is_none(), "strace cannot be started: {error}");
            Err(format!("strace cannot be started: {error}"))
        }
    }
}
