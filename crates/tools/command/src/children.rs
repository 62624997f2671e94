//! [`Children`]: the processes that play the answers of the operating system, seen from the
//! command.

use std::{
    env,
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use quadrivium::host::refused;

use crate::{
    answer::{Game, Player, PlayerSays, Used},
    exhibition::{PlayStyle, Rules},
    measure::{self, Measured},
};

/// Plays without a loop, on the real clock.
///
/// # Errors
///
/// Why it did not come to its end.
pub fn measure(style: PlayStyle, rules: &Rules, scale: f64) -> Result<Measured, String> {
    let lock = (style == PlayStyle::Processes).then(LockFile::create).transpose()?;
    let answers = match &lock {
        Some(lock) => (0..rules.boards)
            .map(|board| Player::Process { board, master: lock.path.clone() })
            .collect(),
        None if style == PlayStyle::Threads => vec![Player::Threads],
        None => vec![Player::Sequential],
    };
    let mut children = Children::default();
    for answer in answers {
        children.start(order(answer, &measure::faster(rules, scale)))?;
    }
    children.expect_ready()?;
    // All have opened it: its name can go, and nothing is left behind whatever happens.
    drop(lock);

    let start = Instant::now();
    let used = children.play()?;
    let real = start.elapsed();
    Ok(Measured {
        simulated: measure::slower(real, scale),
        real,
        suspensions: used.suspensions,
        switches: used.switches,
        switches_per_second: used
            .switches
            .zip(used.cpu)
            .and_then(|(switches, cpu)| measure::rate(switches, cpu)),
        memory_per_board: used.memory.map(|memory| memory.div_ceil(rules.boards as u64)),
    })
}

fn order(answer: Player, rules: &Rules) -> Game {
    let Rules { boards, moves, master, opponent, seed } = *rules;
    Game { answer, boards, moves, master, opponent, seed }
}

/// Processes that run this same command. Those that have not ended when it is dropped are killed.
#[derive(Default)]
struct Children {
    all: Vec<RunningChild>,
}

struct RunningChild {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Children {
    fn start(&mut self, order: Game) -> Result<(), String> {
        let mut child = env::current_exe()
            .and_then(|path| {
                Command::new(path)
                    .arg("answer")
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn()
            })
            .map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock => refused("a process for a run", &error).to_string(),
                _ => format!("the OS starts no process: {error}"),
            })?;
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        self.all.push(RunningChild { child, input, output });
        let running = self.all.last_mut().expect("it was just pushed");
        let order = serde_json::to_string(&order).expect("an order is plain data");
        writeln!(running.input, "{order}").map_err(ended)
    }

    fn expect_ready(&mut self) -> Result<(), String> {
        for running in &mut self.all {
            match running.reply()? {
                PlayerSays::Ready => {}
                PlayerSays::Failed(reason) => return Err(reason),
                PlayerSays::Played(_) => return Err("a process played too early".into()),
            }
        }
        Ok(())
    }

    fn play(mut self) -> Result<Used, String> {
        for running in &mut self.all {
            running.input.write_all(b"\n").map_err(ended)?;
        }
        let used: Result<Vec<_>, _> = self.all.iter_mut().map(RunningChild::played).collect();
        Ok(used?.into_iter().sum())
    }
}

impl RunningChild {
    fn reply(&mut self) -> Result<PlayerSays, String> {
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(ended)?;
        serde_json::from_str(&line).map_err(|_| "a process ended before its game did".into())
    }

    fn played(&mut self) -> Result<Used, String> {
        match self.reply()? {
            PlayerSays::Played(used) => Ok(used),
            PlayerSays::Failed(reason) => Err(reason),
            PlayerSays::Ready => Err("a process is ready twice".into()),
        }
    }
}

fn ended(error: io::Error) -> String {
    format!("a process ended before its game did: {error}")
}

impl Drop for Children {
    fn drop(&mut self) {
        // Who has played has ended or is about to; errors mean that there is nobody to kill.
        for running in &mut self.all {
            let _ = running.child.kill();
        }
        for running in &mut self.all {
            let _ = running.child.wait();
        }
    }
}

/// A file to lock. It is removed when this is dropped.
struct LockFile {
    path: PathBuf,
}

impl LockFile {
    fn create() -> Result<LockFile, String> {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("quadrivium-{}-{number}.lock", std::process::id());
        let path = env::temp_dir().join(name);
        match File::create_new(&path) {
            Ok(_) => Ok(LockFile { path }),
            Err(error) => Err(format!("no lock file {}: {error}", path.display())),
        }
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // If it is gone already, that is as well.
        let _ = std::fs::remove_file(&self.path);
    }
}
