//! [`Children`]: the processes that play the comparisons. This is the command's side, and
//! `comparison` is theirs.

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
    comparison::{self, ComparisonReply, Game, Player, Used},
    exhibition::{PlayStyle, Rules},
    measure::{self, Measured},
};

/// Plays a comparison on the real clock, and returns its cost.
///
/// # Errors
///
/// The reason, when the game did not end.
pub fn measure(style: PlayStyle, rules: &Rules, scale: f64) -> Result<Measured, String> {
    let lock = (style == PlayStyle::Processes).then(LockFile::create).transpose()?;
    let players = match &lock {
        Some(lock) => (0..rules.boards)
            .map(|board| Player::Process { board, master: lock.path.clone() })
            .collect(),
        None if style == PlayStyle::Threads => vec![Player::Threads],
        None => vec![Player::Sequential],
    };
    let mut children = Children::default();
    for player in players {
        children.start(game(player, &measure::faster(rules, scale)))?;
    }
    children.expect_ready()?;
    // All processes have opened the file. Without its name it cannot be left behind.
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
            .and_then(|(switches, cpu)| measure::switches_per_second(switches, cpu)),
        memory_per_board: used.memory.map(|memory| memory.div_ceil(rules.boards as u64)),
    })
}

fn game(player: Player, rules: &Rules) -> Game {
    let Rules { boards, moves, master, opponent, seed } = *rules;
    Game { player, boards, moves, master, opponent, seed }
}

/// Processes that execute this same command. The destructor kills the processes that still run.
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
    fn start(&mut self, game: Game) -> Result<(), String> {
        let mut child = env::current_exe()
            .and_then(|path| {
                Command::new(path)
                    .arg(comparison::ARGUMENT)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn()
            })
            .map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock => refused("a process for a run", &error).to_string(),
                _ => format!("the OS refuses a process: {error}"),
            })?;
        let input = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        self.all.push(RunningChild { child, input, output });
        let running = self.all.last_mut().expect("it was just pushed");
        let game = serde_json::to_string(&game).expect("a game is plain data");
        writeln!(running.input, "{game}").map_err(ended_early)
    }

    fn expect_ready(&mut self) -> Result<(), String> {
        for running in &mut self.all {
            match running.read_reply()? {
                ComparisonReply::Ready => {}
                ComparisonReply::Failed(reason) => return Err(reason),
                ComparisonReply::Played(_) => return Err("a process played too early".into()),
            }
        }
        Ok(())
    }

    fn play(mut self) -> Result<Used, String> {
        for running in &mut self.all {
            running.input.write_all(b"\n").map_err(ended_early)?;
        }
        let used: Result<Vec<_>, _> = self.all.iter_mut().map(RunningChild::read_result).collect();
        Ok(used?.into_iter().sum())
    }
}

impl RunningChild {
    fn read_reply(&mut self) -> Result<ComparisonReply, String> {
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(ended_early)?;
        serde_json::from_str(&line).map_err(|_| "a process ended before its game did".into())
    }

    fn read_result(&mut self) -> Result<Used, String> {
        match self.read_reply()? {
            ComparisonReply::Played(used) => Ok(used),
            ComparisonReply::Failed(reason) => Err(reason),
            ComparisonReply::Ready => Err("a process was ready twice".into()),
        }
    }
}

fn ended_early(error: io::Error) -> String {
    format!("a process ended before its game did: {error}")
}

impl Drop for Children {
    fn drop(&mut self) {
        // A process that has played ends by itself. Then there may be no process to kill, and the
        // error has no meaning.
        for running in &mut self.all {
            let _ = running.child.kill();
        }
        for running in &mut self.all {
            let _ = running.child.wait();
        }
    }
}

/// A file that the processes lock. The destructor removes it.
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
            Err(error) => Err(format!(
                "cannot create the lock file {}: {error}: set TMPDIR to another folder",
                path.display()
            )),
        }
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // An error means that the file is gone already.
        let _ = std::fs::remove_file(&self.path);
    }
}
