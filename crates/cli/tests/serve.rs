//! `quadrivium serve` as its users meet it: every program in every style, in a process of its own,
//! with the faults that only a process can have.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    thread,
    time::Duration,
};

const STYLES: [&str; 4] = ["callback", "generator", "future", "green"];
const COMMAND: &str = env!("CARGO_BIN_EXE_quadrivium");

/// No answer takes so long, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq)]
enum Program {
    Echo,
    Chat,
    Http,
    Proxy,
}

const ALL: [Program; 4] = [Program::Echo, Program::Chat, Program::Http, Program::Proxy];

impl Program {
    fn args(self, style: &str) -> String {
        let program = match self {
            Program::Echo => "echo".into(),
            Program::Chat => "chat".into(),
            Program::Http => format!("http {}", env!("CARGO_MANIFEST_DIR")),
            Program::Proxy => format!("proxy --to {}", upstream()),
        };
        format!("serve {program} --style {style} --idle-timeout never")
    }

    /// A connection that is being served.
    fn greeted(self, server: &Server) -> TcpStream {
        let stream = server.connect();
        self.greet(&stream).expect("it is served");
        stream
    }

    /// Says something, and hears the answer.
    fn greet(self, mut stream: &TcpStream) -> std::io::Result<()> {
        match self {
            Program::Echo | Program::Proxy => {
                stream.write_all(b"hello")?;
                stream.read_exact(&mut [0; 5])
            }
            Program::Http => {
                stream.write_all(b"HEAD /Cargo.toml HTTP/1.1\r\nHost: x\r\n\r\n")?;
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte)?;
                    head.extend(byte);
                }
                // 503 while there is no descriptor for the file.
                let answers = [&b"HTTP/1.1 200 "[..], b"HTTP/1.1 503 "];
                assert!(answers.iter().any(|it| head.starts_with(it)));
                Ok(())
            }
            Program::Chat => {
                // The port is a name that nobody else has.
                writeln!(stream, "g{}", stream.local_addr()?.port())?;
                let mut lines = BufReader::new(stream);
                let mut line = String::new();
                while !line.contains("has come") && !line.contains(": g") {
                    line.clear();
                    assert_ne!(lines.read_line(&mut line)?, 0, "the connection has ended");
                }
                Ok(())
            }
        }
    }
}

/// Sends back what it gets.
fn upstream() -> SocketAddr {
    static UPSTREAM: OnceLock<SocketAddr> = OnceLock::new();
    *UPSTREAM.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                // It ends with the connection, in whatever way that ends.
                thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
            }
        });
        address
    })
}

/// A server in a process of its own, killed when it is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn new(program: Program, style: &str, options: &str) -> Self {
        let mut command = Command::new(COMMAND);
        command.args(program.args(style).split_whitespace()).args(options.split_whitespace());
        Self::of(command)
    }

    /// One that a shell has run these commands before.
    fn after(commands: &str, program: Program, style: &str) -> Self {
        let mut command = Command::new("sh");
        let line = format!("{commands} exec {COMMAND} {}", program.args(style));
        command.args(["-c", &line]);
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it is text");
        let address = line.strip_prefix("listening on ").map(str::trim_end);
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let mut errors = String::new();
            let _ = child.kill();
            let _ = child.stderr.take().unwrap().read_to_string(&mut errors);
            panic!("{line:?} {errors}");
        };
        Self { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn signal(&self, signal: &str) {
        signal_to(self.child.id(), signal);
    }

    /// Open descriptors.
    fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("it runs").count()
    }

    /// Waits until it has ended; its status, and what it said on standard error.
    fn ended(mut self) -> (ExitStatus, String) {
        let mut errors = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut errors).expect("it is text");
        (self.child.wait().expect("it ends"), errors)
    }

    #[track_caller]
    fn expect_clean_stop(self) {
        self.signal("TERM");
        let (status, errors) = self.ended();
        assert!(status.success() && errors.is_empty(), "{status}: {errors}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal_to(process: u32, signal: &str) {
    let killed = Command::new("kill").args([&format!("-{signal}"), &process.to_string()]).status();
    assert!(killed.expect("there is a kill").success());
}

fn everywhere(check: impl Fn(Program, &str)) {
    for program in ALL {
        for style in STYLES {
            check(program, style);
        }
    }
}

#[test]
fn a_signal_stops_it_cleanly() {
    everywhere(|program, style| {
        for signal in ["INT", "TERM"] {
            let server = Server::new(program, style, "");
            drop(program.greeted(&server));
            server.signal(signal);
            let (status, errors) = server.ended();
            assert!(status.success() && errors.is_empty(), "{style}: {status}: {errors}");
        }
    });
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
        let baseline = server.descriptors();
        let first = program.greeted(&server);
        let mut others: Vec<_> = (0..24).map(|_| server.connect()).collect();
        // Who is served stays served, more than once.
        for _ in 0..3 {
            program.greet(&first).expect("an established client goes on");
        }
        let last = others.pop().expect("there are some");
        drop((first, others));
        program.greet(&last).expect("it recovers");
        drop(last);
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
        drop(program.greeted(&server));
        let baseline = server.descriptors();
        for _ in 0..5 {
            let clients: Vec<_> = (0..20).map(|_| program.greeted(&server)).collect();
            // The client before may have been among the baseline.
            assert!(server.descriptors() + 1 >= baseline + clients.len());
            drop(clients);
        }
        wait_until(|| server.descriptors() <= baseline);
        server.expect_clean_stop();
    });
}

/// What another process does takes its time.
#[track_caller]
fn wait_until(is_so: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        thread::sleep(PATIENCE / 6_000);
    }
    panic!("it never comes to that");
}

#[test]
fn errors_of_the_kernel_that_pass_are_passed_over() {
    if let Err(reason) = strace_works() {
        assert!(std::env::var_os("QUADRIVIUM_MUST_NOT_SKIP").is_none(), "{reason}");
        eprintln!("skipped: {reason}");
        return;
    }
    for fault in [
        "accept4:error=ECONNABORTED:when=1+2",
        "accept4:error=EPROTO:when=1+2",
        "accept4:error=EINTR:when=1+2",
        "epoll_wait,epoll_pwait,epoll_pwait2:error=EINTR:when=1+2",
        "recvfrom,read:error=EINTR:when=12+3",
        "sendto,write:error=EINTR:when=4+3",
    ] {
        everywhere(|program, style| {
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("inject={fault}")]);
            command.arg(COMMAND).args(program.args(style).split_whitespace());
            let server = Server::of(command);
            for _ in 0..3 {
                drop(program.greeted(&server));
            }
            // The signal is for the child of strace, which ends with it.
            let children = format!("/proc/{0}/task/{0}/children", server.child.id());
            let children = fs::read_to_string(children).expect("strace runs");
            signal_to(children.trim().parse().expect("it has one child"), "TERM");
            let (status, errors) = server.ended();
            assert!(status.success() && errors.is_empty(), "{fault} {style}: {status}: {errors}");
        });
    }
}

fn strace_works() -> Result<(), String> {
    let tried = Command::new("strace").args(["-qq", "-e", "trace=none", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("strace may not: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("there is no strace: {error}")),
    }
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

        let mut command = Command::new(COMMAND);
        command.args(["serve", "--idle-timeout", "50ms", "echo", "--style", style]);
        let server = Server::of(command);
        assert_eq!(server.connect().read(&mut [0]).expect("it is closed"), 0);
        server.expect_clean_stop();
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
        ("gopher".into(), 2, "'gopher'".into(), "see --help"),
        (String::new(), 2, "requires a subcommand".into(), "use echo, http, chat, proxy"),
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
