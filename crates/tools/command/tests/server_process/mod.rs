//! A server in a process of its own, and its clients.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    thread,
    time::Duration,
};

pub const STYLES: [&str; 4] = ["callback", "generator", "future", "green"];
pub const COMMAND: &str = env!("CARGO_BIN_EXE_quadrivium");

/// No answer takes longer, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Program {
    Echo,
    Chat,
    Http,
    Proxy,
}

pub const ALL: [Program; 4] = [Program::Echo, Program::Chat, Program::Http, Program::Proxy];

impl Program {
    pub fn args(self, style: &str) -> String {
        let program = match self {
            Program::Echo => "echo".into(),
            Program::Chat => "chat".into(),
            Program::Http => format!("http {}", env!("CARGO_MANIFEST_DIR")),
            Program::Proxy => format!("proxy --to {}", upstream()),
        };
        format!("serve {program} --style {style} --idle-timeout never")
    }

    /// Returns the number of descriptors that a connection takes.
    pub fn descriptors(self) -> usize {
        match self {
            Program::Echo | Program::Chat | Program::Http => 1,
            Program::Proxy => 2,
        }
    }

    /// Returns a connection on which the server has answered.
    pub fn connect_and_greet(self, server: &Server) -> TcpStream {
        let stream = server.connect();
        self.greet(&stream).expect("the server answers");
        stream
    }

    /// Sends a greeting, and waits for the answer.
    pub fn greet(self, mut stream: &TcpStream) -> std::io::Result<()> {
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
                // The status is 503 while there is no descriptor for the file.
                let answers = [&b"HTTP/1.1 200 "[..], b"HTTP/1.1 503 "];
                assert!(answers.iter().any(|it| head.starts_with(it)));
                Ok(())
            }
            Program::Chat => {
                // The port makes the name unique.
                writeln!(stream, "g{}", stream.local_addr()?.port())?;
                let mut lines = BufReader::new(stream);
                let mut line = String::new();
                while !line.contains("has come") && !line.contains(": g") {
                    line.clear();
                    if lines.read_line(&mut line)? == 0 {
                        return Err(std::io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Ok(())
            }
        }
    }
}

/// Checks every program in every style.
pub fn everywhere(check: impl Fn(Program, &str)) {
    for program in ALL {
        for style in STYLES {
            check(program, style);
        }
    }
}

/// Returns the address of a server that sends back all that it receives.
pub fn upstream() -> SocketAddr {
    static UPSTREAM: OnceLock<SocketAddr> = OnceLock::new();
    *UPSTREAM.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                // The thread ends with the connection, whether that is closed or reset.
                thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
            }
        });
        address
    })
}

/// A server in a process of its own, killed when it is dropped.
pub struct Server {
    pub child: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn new(program: Program, style: &str, options: &str) -> Self {
        let mut command = Command::new(COMMAND);
        command.args(program.args(style).split_whitespace()).args(options.split_whitespace());
        Self::start(command)
    }

    /// Returns a server that a shell starts after these commands.
    pub fn after_commands(commands: &str, program: Program, style: &str) -> Self {
        let mut command = Command::new("sh");
        let line = format!("{commands} exec {COMMAND} {}", program.args(style));
        command.args(["-c", &line]);
        Self::start(command)
    }

    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
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

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub fn signal(&self, signal: &str) {
        signal_to(self.child.id(), signal);
    }

    /// Returns the number of open descriptors.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("the server runs").count()
    }

    /// Returns the ignored signals, a bit for each. The lowest bit is SIGHUP.
    pub fn ignored_signals(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the server runs");
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        u64::from_str_radix(mask.expect("Linux reports the mask").trim(), 16).expect("it is a mask")
    }

    /// Waits for the end of the server. Returns its status and its standard error.
    pub fn wait_for_end(mut self) -> (ExitStatus, String) {
        let mut errors = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut errors).expect("it is text");
        (self.child.wait().expect("it ends"), errors)
    }

    #[track_caller]
    pub fn expect_clean_stop(self) {
        self.signal("TERM");
        let (status, errors) = self.wait_for_end();
        assert!(status.success() && errors.is_empty(), "{status}: {errors}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn signal_to(process: u32, signal: &str) {
    let killed = Command::new("kill").args([&format!("-{signal}"), &process.to_string()]).status();
    assert!(killed.expect("there is a kill").success());
}

/// Waits until another process has made this condition true.
#[track_caller]
pub fn wait_until(is_true: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if is_true() {
            return;
        }
        thread::sleep(PATIENCE / 6_000);
    }
    panic!("the condition is still false after {PATIENCE:?}");
}
