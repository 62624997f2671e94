//! Errors of the kernel, which `strace` injects: those that pass are passed over, and system calls that
//! a sandbox refuses are done without or named.

use std::{
    fs,
    io::{Read, Write},
    process::{Command, ExitStatus},
};

#[allow(dead_code)] // The other suites use the rest of it.
mod served;

use self::served::{COMMAND, Program, STYLES, Server, everywhere, signal_to};

#[test]
fn errors_of_the_kernel_that_pass_are_passed_over() {
    if let Err(reason) = strace_works() {
        eprintln!("skipped: {reason}");
        return;
    }
    for (error, said) in [
        ("ECONNABORTED", ""),
        ("EPROTO", ""),
        ("EINTR", ""),
        ("EMFILE", "cannot accept: Too many open files"),
    ] {
        everywhere(|program, style| {
            let server = under_strace(program, style, error);
            for _ in 0..3 {
                drop(program.greeted(&server));
            }
            let (status, errors) = stopped(server);
            let context = format!("{error} {program:?} {style}: {status}: {errors}");
            assert!(status.success() && errors.starts_with(said), "{context}");
            assert_eq!(errors.lines().count(), usize::from(!said.is_empty()), "{context}");
        });
    }
}

/// A server for which every other call fails; to accept, with this error.
fn under_strace(program: Program, style: &str, accept_error: &str) -> Server {
    let mut command = injecting(&[
        &format!("accept4:error={accept_error}:when=1+2"),
        "epoll_wait,epoll_pwait,epoll_pwait2:error=EINTR:when=1+2",
        "recvfrom,openat2,preadv2:error=EINTR:when=2+2",
        // Not others: a signal sends, too, on whatever thread it comes to, and has nobody to try
        // again.
        "sendto:error=EINTR:when=2..4+2",
    ]);
    command.arg(COMMAND).args(program.args(style).split_whitespace());
    Server::of(command)
}

/// Stops a server under strace; its status, and what it said on standard error.
fn stopped(server: Server) -> (ExitStatus, String) {
    // The signal is for the child of strace, which ends with it.
    let children = format!("/proc/{0}/task/{0}/children", server.child.id());
    let children = fs::read_to_string(children).expect("strace runs");
    signal_to(children.trim().parse().expect("it has one child"), "TERM");
    server.ended()
}

/// Begins a command whose system calls fail in these ways.
fn injecting(faults: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null"]);
    for fault in faults {
        command.args(["-e", &format!("inject={fault}")]);
    }
    command
}

#[test]
fn a_sandbox_that_refuses_openat2_is_named_as_the_cause() {
    if let Err(reason) = strace_works() {
        eprintln!("skipped: {reason}");
        return;
    }
    for (error, style) in ["ENOSYS", "EPERM", "EACCES", "EINVAL"].into_iter().zip(STYLES) {
        let mut command = injecting(&[&format!("openat2:error={error}")]);
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
fn a_sandbox_that_refuses_to_read_without_waiting_is_served_in() {
    if let Err(reason) = strace_works() {
        eprintln!("skipped: {reason}");
        return;
    }
    let file = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    for error in ["ENOSYS", "EPERM", "EACCES", "EINVAL"] {
        for style in STYLES {
            let mut command = injecting(&[&format!("preadv2:error={error}")]);
            command.arg(COMMAND).args(Program::Http.args(style).split_whitespace());
            let server = Server::of(command);
            let mut client = server.connect();
            let request = b"GET /Cargo.toml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            client.write_all(request).unwrap();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).unwrap();
            let answer = String::from_utf8_lossy(&answer);
            assert!(answer.starts_with("HTTP/1.1 200 "), "{error} {style}: {answer}");
            assert!(answer.as_bytes().ends_with(&file), "{error} {style}: {answer}");
            let (status, errors) = stopped(server);
            assert!(status.success() && errors.is_empty(), "{error} {style}: {status}: {errors}");
        }
    }
}

fn strace_works() -> Result<(), String> {
    let tried = Command::new("strace").args(["-qq", "-e", "trace=none", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("strace may not: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => {
            // What is not installed can be; what the system forbids cannot be helped.
            let must_not_skip = std::env::var_os("QUADRIVIUM_MUST_NOT_SKIP");
            assert!(must_not_skip.is_none(), "there is no strace: {error}");
            Err(format!("there is no strace: {error}"))
        }
    }
}
