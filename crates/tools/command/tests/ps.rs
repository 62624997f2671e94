//! `quadrivium ps` and `quadrivium tree`: programs in processes of their own are asked for their
//! tasks, over their sockets.

use std::{
    collections::VecDeque,
    env, fs,
    future::{Future, poll_fn},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::{
        fs::{PermissionsExt, chown, symlink},
        net::UnixStream,
        process::CommandExt,
    },
    path::{Path, PathBuf},
    pin::pin,
    process::{Child, Command, Output, Stdio},
    task::Poll,
    time::Duration,
};

use quadrivium::{
    executor::{GuestLoop, Tokio},
    prelude::*,
    sync::Mutex,
};
use tempfile::TempDir;

#[allow(dead_code)] // Other suites use the rest of the module.
mod server_process;

use self::server_process::{COMMAND, PATIENCE, Program, Server, wait_until};

const HOUR: Duration = Duration::from_secs(3_600);
/// Another user, if the test is run by root.
const OTHER_USER: u32 = 65_534;

/// A folder that no other user can enter, as a runtime folder is.
fn runtime_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    folder
}

fn socket(runtime: &Path, process: u32) -> PathBuf {
    runtime.join(format!("quadrivium/{process}.socket"))
}

fn quadrivium(runtime: &Path, args: &str) -> Output {
    let mut command = Command::new(COMMAND);
    command.args(args.split_whitespace()).env("XDG_RUNTIME_DIR", runtime).env("TMPDIR", runtime);
    command.output().expect("the command starts")
}

/// Returns the exit code and what was printed, with `PID` for the number of the process, `LINE` for
/// lines of this file, `TIME` for the rest of a sleep, and two spaces between columns.
fn ps(runtime: &Path, args: &str, process: u32) -> (i32, String) {
    let output = quadrivium(runtime, args);
    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    let lines = text.lines().map(|line| {
        let indent = &line[..line.len() - line.trim_start().len()];
        let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        let cells: Vec<_> = cells.map(|cell| with_line(cell, process)).collect();
        format!("{indent}{}", cells.join("  "))
    });
    (output.status.code().unwrap(), lines.collect::<Vec<_>>().join("\n"))
}

/// Like [`ps`], for a program whose loops answer. A busy machine may keep one from it for a while.
fn answered(runtime: &Path, args: &str, process: u32) -> (i32, String) {
    let mut last = ps(runtime, args, process);
    for _ in 0..600 {
        if last.0 != 2 {
            break;
        }
        last = ps(runtime, args, process);
    }
    last
}

fn with_line(cell: &str, process: u32) -> String {
    let cell = cell.replace(&process.to_string(), "PID");
    if cell.starts_with("sleep, which ends in ") {
        return "sleep, which ends in TIME".into();
    }
    match cell.split_once(file!()) {
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
            format!("{before}LINE{after}")
        }
        None => cell,
    }
}

/// This test binary as another program, which ends when its standard input is closed.
struct TestProgram {
    child: Child,
}

impl TestProgram {
    fn start(name: &str, runtime: &Path) -> Self {
        Self::spawn(Self::command(runtime), name)
    }

    fn command(runtime: &Path) -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command.env("XDG_RUNTIME_DIR", runtime).env("TMPDIR", runtime);
        command.env("QUADRIVIUM_INSPECT", "1");
        command
    }

    fn spawn(mut command: Command, name: &str) -> Self {
        command.args(["--exact", "the_program", "--nocapture"]).env("QUADRIVIUM_TESTED", name);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("started")), "{name} starts");
        Self { child }
    }

    fn id(&self) -> u32 {
        self.child.id()
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for TestProgram {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Waits until standard input is closed. It blocks the thread.
fn wait_for_the_test() {
    println!("started");
    _ = io::stdin().read(&mut [0]);
}

/// Not a test by itself: the programs that the tests ask.
#[test]
fn the_program() {
    match env::var("QUADRIVIUM_TESTED").as_deref() {
        Ok("two tasks") => two_tasks(),
        Ok("stuck") => stuck(),
        Ok("not polled") => not_polled(),
        Ok(_) | Err(_) => {}
    }
}

/// A task waits for a lock that another one has taken.
fn two_tasks() {
    let mut event_loop = EventLoop::new().unwrap();
    let mutex = std::rc::Rc::new(Mutex::new(()).named("money"));
    let taken = std::rc::Rc::clone(&mutex);
    let _takes = event_loop.spawn_named(
        "takes",
        future(async move {
            let _guard = taken.lock().await;
            sleep(HOUR).await;
        }),
    );
    let _waits = event_loop.spawn_named(
        "waits",
        green(move || {
            drop(quadrivium::green::perform(mutex.lock()));
        }),
    );
    // Another thread waits for the test, so that the loop goes on.
    let stopper = event_loop.stopper();
    std::thread::spawn(move || {
        wait_for_the_test();
        stopper.stop();
    });
    event_loop.run().unwrap();
}

/// A task blocks the thread of its loop.
fn stuck() {
    let mut event_loop = EventLoop::new().unwrap();
    let _sleeps = event_loop.spawn_named("sleeps", sleep(HOUR));
    event_loop.turn().unwrap();
    event_loop.block_on(future(async { wait_for_the_test() })).unwrap();
}

/// An executor polls a guest once, and then does something else.
fn not_polled() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut guest = GuestLoop::new(Tokio::default()).unwrap();
        let mut run = pin!(guest.perform(sleep(HOUR)));
        assert!(poll_fn(|cx| Poll::Ready(run.as_mut().poll(cx).is_pending())).await);
        wait_for_the_test();
    });
}

#[test]
fn the_tasks_of_a_process_are_a_table_and_a_tree() {
    let runtime = runtime_folder();
    let program = TestProgram::start("two tasks", runtime.path());
    let id = program.id();
    let (code, table) = answered(runtime.path(), &format!("ps {id}"), id);
    let table = table.replace(&file_name(), "NAME");
    assert_eq!(
        (code, table.as_str()),
        (
            0,
            "process PID (NAME), 1 loop

loop 0 on thread \"the_program\", 2 tasks
task  style  waits for  at  spawned at
task 1 \"takes\"  future  sleep, which ends in TIME  LINE  LINE
task 2 \"waits\"  green  lock of mutex \"money\"  LINE  LINE

mutex \"money\", made  at LINE
  taken by task 1 \"takes\"  at LINE"
        )
    );
    let (code, tree) = answered(runtime.path(), &format!("tree {id}"), id);
    assert_eq!(code, 0);
    assert!(tree.contains("└─ task 1 \"takes\": sleep"), "{tree}");
    let (code, overview) = answered(runtime.path(), "ps", id);
    assert_eq!(
        (code, overview.replace(&file_name(), "NAME").as_str()),
        (
            0,
            "process  program  loop  thread  tasks  state\n\
             PID  NAME  0  the_program  2  answers"
        )
    );
    program.end();
    assert!(!socket(runtime.path(), id).exists(), "the socket is removed at exit");
}

fn file_name() -> String {
    env::current_exe().unwrap().file_name().unwrap().to_str().unwrap().into()
}

#[test]
fn json_is_for_programs() {
    let runtime = runtime_folder();
    let program = TestProgram::start("two tasks", runtime.path());
    answered(runtime.path(), "ps", program.id());
    let printed = quadrivium(runtime.path(), &format!("ps {} --json", program.id())).stdout;
    let document: serde_json::Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["process"], program.id());
    let tasks = &document["loops"][0]["tasks"];
    assert_eq!(tasks["version"], 1);
    assert_eq!(
        tasks["tasks"][1]["wait"]["text"],
        "lock of mutex \"money\", taken by task 1 \"takes\""
    );
    let all = quadrivium(runtime.path(), "ps --json").stdout;
    let all: serde_json::Value = serde_json::from_slice(&all).unwrap();
    assert_eq!(all[0]["process"], program.id());
    program.end();
}

#[test]
fn a_stuck_loop_is_reported_with_its_last_snapshot() {
    let runtime = runtime_folder();
    let program = TestProgram::start("stuck", runtime.path());
    let id = program.id();
    let (code, text) = ps(runtime.path(), &format!("ps {id}"), id);
    let expected = "process PID (NAME), 1 loop

loop 0 on thread \"the_program\" has not answered for 100ms: a task keeps its thread
no snapshot was taken before";
    assert_eq!((code, text.replace(&file_name(), "NAME").as_str()), (2, expected));
    let (code, text) = ps(runtime.path(), "ps", id);
    assert_eq!(code, 2);
    assert!(text.ends_with("?  has not answered for 100ms: a task keeps its thread"), "{text}");
    program.end();
}

#[test]
fn the_watchdog_knows_which_task_keeps_the_loop() {
    let runtime = runtime_folder();
    let mut command = TestProgram::command(runtime.path());
    command.env("QUADRIVIUM_WATCHDOG", "1ms");
    let program = TestProgram::spawn(command, "stuck");
    let id = program.id();
    let has_reported = || ps(runtime.path(), &format!("ps {id}"), id).1.contains("occupies");
    wait_until(has_reported);
    let (code, text) = ps(runtime.path(), &format!("ps {id}"), id);
    let lines: Vec<_> = text.lines().skip(2).collect();
    assert_eq!(code, 2);
    let head =
        "loop 0 on thread \"the_program\" has not answered for 100ms: a task keeps its thread";
    assert_eq!(lines[0], head);
    let report = "task 2 (future, spawned at LINE) occupies its loop, for ";
    assert!(lines[1].starts_with(report), "{text}");
    let rest = ["  it reads, in the system call read", "  instead: a read of net, io or fs"];
    assert_eq!(lines[2..4], rest);
    program.end();
}

#[test]
fn a_guest_that_is_not_polled_is_reported() {
    let runtime = runtime_folder();
    let program = TestProgram::start("not polled", runtime.path());
    let id = program.id();
    let (code, text) = ps(runtime.path(), &format!("ps {id}"), id);
    let why = "has not answered for 100ms: the executor around it does not poll it";
    assert_eq!(code, 2);
    assert!(text.contains(&format!("guest loop 0 on thread \"the_program\" {why}")), "{text}");
    program.end();
}

fn server(runtime: &Path, options: &str) -> Server {
    let mut command = Command::new(COMMAND);
    command.args(Program::Echo.args("green").split_whitespace()).args(options.split_whitespace());
    command.env("XDG_RUNTIME_DIR", runtime).env("TMPDIR", runtime);
    Server::start(command)
}

#[test]
fn a_server_offers_its_tasks_and_removes_its_socket() {
    let runtime = runtime_folder();
    let server = server(runtime.path(), "--inspect");
    let id = server.child.id();
    let stream = Program::Echo.connect_and_greet(&server);
    let (code, table) = answered(runtime.path(), &format!("ps {id}"), id);
    let connection = stream.local_addr().unwrap().to_string();
    assert_eq!(code, 0);
    assert!(table.contains(&format!("\"{connection}\"  green  read of descriptor")), "{table}");
    let socket = socket(runtime.path(), id);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
    drop(stream);
    server.expect_clean_stop();
    assert!(!socket.exists());
}

#[test]
fn a_server_without_the_option_offers_nothing() {
    let runtime = runtime_folder();
    let server = server(runtime.path(), "");
    let id = server.child.id();
    let (code, text) = ps(runtime.path(), &format!("ps {id}"), id);
    assert_eq!(code, 1);
    assert!(text.starts_with("error: process PID offers no snapshots to this user: "), "{text}");
    server.expect_clean_stop();
}

#[test]
fn the_socket_of_a_killed_process_is_removed() {
    let runtime = runtime_folder();
    let mut server = server(runtime.path(), "--inspect");
    let id = server.child.id();
    let socket = socket(runtime.path(), id);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert!(socket.exists(), "a killed process cannot remove it");
    let (code, text) = ps(runtime.path(), "ps", id);
    assert_eq!(code, 0);
    assert!(text.starts_with("no process of this user offers snapshots"), "{text}");
    assert!(!socket.exists());
}

#[test]
fn links_are_not_followed() {
    let runtime = runtime_folder();
    let elsewhere = runtime_folder();
    symlink(elsewhere.path(), runtime.path().join("quadrivium")).unwrap();
    let output = quadrivium(runtime.path(), "serve echo --inspect");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(errors.contains("must be a folder of this user alone"), "{errors}");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

/// Opens a connection, and reads the greeting.
fn greeted(socket: &Path) -> (UnixStream, String) {
    let stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut greeting = String::new();
    BufReader::new(&stream).read_line(&mut greeting).unwrap();
    (stream, greeting)
}

#[test]
fn a_first_message_has_a_version() {
    let runtime = runtime_folder();
    let server = server(runtime.path(), "--inspect");
    let id = server.child.id();
    let (mut stream, greeting) = greeted(&socket(runtime.path(), id));
    assert_eq!(
        greeting,
        format!("{{\"quadrivium\":\"inspect\",\"version\":1,\"process\":{id}}}\n")
    );
    stream.write_all(b"tale\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "{\"version\":1,\"error\":\"the question is not known\"}\n");
    server.expect_clean_stop();
}

#[test]
fn damaged_messages_and_slow_readers_do_no_harm() {
    let runtime = runtime_folder();
    let server = server(runtime.path(), "--inspect");
    let id = server.child.id();
    let socket = socket(runtime.path(), id);
    let long = [b'x'; 4_096];
    let messages: [&[u8]; 7] =
        [b"", b"\n", b"\0\xff\xfe\n", b"table", b"table\0\n", &long, b"json\njson\njson\n"];
    let mut slow = Vec::new();
    for message in messages.iter().cycle().take(140) {
        let (mut stream, _) = greeted(&socket);
        // The server may have closed the connection of a message that is too long.
        _ = stream.write_all(message);
        // None of them reads its answer.
        slow.push(stream);
        Program::Echo.greet(&server.connect()).unwrap();
    }
    assert_eq!(answered(runtime.path(), &format!("ps {id}"), id).0, 0);
    drop(slow);
    assert_eq!(answered(runtime.path(), &format!("ps {id}"), id).0, 0);
    server.expect_clean_stop();
}

#[test]
fn ten_thousand_connections_do_no_harm() {
    let runtime = runtime_folder();
    let server = server(runtime.path(), "--inspect");
    let id = server.child.id();
    let socket = socket(runtime.path(), id);
    let served = server.connect();
    let mut open = VecDeque::new();
    for number in 0..10_000 {
        open.push_back(UnixStream::connect(&socket).unwrap());
        if open.len() > 200 {
            open.pop_front();
        }
        if number % 500 == 0 {
            Program::Echo.greet(&served).unwrap();
            assert_eq!(answered(runtime.path(), &format!("ps {id}"), id).0, 0);
        }
    }
    assert!(server.descriptors() < 120, "{}", server.descriptors());
    drop(open);
    // Clients that are gone are forgotten.
    wait_until(|| server.descriptors() < 24);
    drop(served);
    server.expect_clean_stop();
}

#[test]
fn sigusr1_prints_the_tasks() {
    let runtime = runtime_folder();
    let server = server(runtime.path(), "");
    let stream = Program::Echo.connect_and_greet(&server);
    server.signal("USR1");
    let connection = stream.local_addr().unwrap().to_string();
    // The server goes on after the signal.
    Program::Echo.greet(&stream).unwrap();
    let mut server = server;
    let mut lines = BufReader::new(server.child.stderr.take().unwrap()).lines();
    let head: Vec<_> = lines.by_ref().take(2).map(Result::unwrap).collect();
    assert_eq!(head[0], "loop 0 on thread \"main\"");
    assert!(head[1].starts_with("task "), "{head:?}");
    assert!(lines.any(|line| line.unwrap().contains(&connection)));
    Program::Echo.greet(&stream).unwrap();
}

/// Returns why another user cannot be tried, and prints it.
fn is_skipped_without_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: only root can start a process of another user");
    }
    !is_root
}

/// Lets another user reach a folder and all that it contains.
fn open_to_all(path: &Path) {
    let mode = if path.is_dir() { 0o777 } else { 0o666 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| open_to_all(&entry.unwrap().path()));
    }
}

#[test]
fn another_user_cannot_connect() {
    if is_skipped_without_root() {
        return;
    }
    let outer = tempfile::tempdir().unwrap();
    fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let runtime = outer.path().join("runtime");
    fs::DirBuilder::new().create(&runtime).unwrap();
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let command = outer.path().join("quadrivium");
    fs::copy(COMMAND, &command).unwrap();
    let server = server(&runtime, "--inspect");
    let id = server.child.id();
    let as_other = |args: &str| {
        let mut other = Command::new(&command);
        other.args(args.split_whitespace()).env("XDG_RUNTIME_DIR", &runtime).uid(OTHER_USER);
        other.env("TMPDIR", outer.path()).output().unwrap()
    };
    // The folder keeps other users out, and `ps` looks in a folder of its own user.
    let output = as_other(&format!("ps {id}"));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    // The server also asks the kernel for the user of each client.
    open_to_all(&runtime);
    let connect = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n\
                   sys.stdout.write(repr(s.recv(99)))";
    let mut python = Command::new("python3");
    python.args(["-c", connect]).arg(socket(&runtime, id)).uid(OTHER_USER);
    match python.output() {
        Ok(output) => assert_eq!(output.stdout, b"b''", "{output:?}"),
        Err(error) => eprintln!("skipped: a client of another user, because of python3: {error}"),
    }
    server.expect_clean_stop();
}

#[test]
fn a_set_uid_process_ignores_the_variable() {
    if is_skipped_without_root() {
        return;
    }
    let outer = tempfile::tempdir().unwrap();
    fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let program = outer.path().join("program");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    chown(&program, Some(OTHER_USER), None).unwrap();
    let folder = outer.path().join(format!("quadrivium-{OTHER_USER}"));
    for (mode, offers) in [(0o4755, false), (0o755, true)] {
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = Command::new(&program);
        command.env("QUADRIVIUM_INSPECT", "1").env("TMPDIR", outer.path());
        command.env_remove("XDG_RUNTIME_DIR");
        if offers {
            command.uid(OTHER_USER);
        }
        let started = TestProgram::spawn(command, "two tasks");
        let status = fs::read_to_string(format!("/proc/{}/status", started.id())).unwrap();
        if !status.contains(&format!("\t{OTHER_USER}\t")) {
            eprintln!("skipped: set-uid programs have no effect in {}", outer.path().display());
            return;
        }
        assert_eq!(folder.exists(), offers, "{mode:o}");
        started.end();
    }
}
