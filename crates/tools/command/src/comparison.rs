//! The comparisons: an exhibition without an event loop, played in a process of its own. A process
//! plays all boards in a plain loop, or all boards with a thread each, or a single board.
//!
//! ```text
//!  the command                                   this process
//!      ---- Game, a line of JSON ----------------->   makes threads, opens files
//!      <--- "Ready" --------------------------------
//!      ---- an empty line ------------------------->   plays
//!      <--- {"Played": ..} or {"Failed": ".."} -----   ends
//! ```

use std::{
    fs::File,
    io::{self, BufRead, Write},
    os::unix::process::parent_id,
    path::PathBuf,
    process,
    sync::{
        Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use quadrivium::host::refused;
use serde::{Deserialize, Serialize};

use crate::{
    exhibition::Rules,
    proc::{self, Usage},
};

/// The first argument of such a process.
pub const ARGUMENT: &str = "play-comparison";

/// The exhibition, and the part of it that this process plays.
#[derive(Debug, Serialize, Deserialize)]
pub struct Game {
    pub player: Player,
    pub boards: usize,
    pub moves: usize,
    pub master: Duration,
    pub opponent: Duration,
    pub seed: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Player {
    /// Plays all boards in a loop.
    Sequential,
    /// Plays all boards, with a thread for each.
    Threads,
    /// Plays this board alone. The lock on this file is the master.
    Process { board: usize, master: PathBuf },
}

/// A line from this process to the command.
#[derive(Debug, Serialize, Deserialize)]
pub enum ComparisonReply {
    Ready,
    Played(Used),
    Failed(String),
}

/// The resources that playing has used. None where the OS does not report them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Used {
    pub suspensions: Option<u64>,
    pub switches: Option<u64>,
    pub cpu: Option<Duration>,
    /// Bytes, for all the boards together.
    pub memory: Option<u64>,
}

/// Reads a [`Game`] from standard input, plays it, and prints the replies.
pub fn play_as_told() -> io::Result<()> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let reply = match serde_json::from_str(&line) {
        Ok(game) => play(game).map_or_else(ComparisonReply::Failed, ComparisonReply::Played),
        Err(_) => {
            ComparisonReply::Failed(format!("`{ARGUMENT}` is internal: run quadrivium without it"))
        }
    };
    send(&reply)
}

fn send(reply: &ComparisonReply) -> io::Result<()> {
    let mut line = serde_json::to_string(reply)?;
    line.push('\n');
    io::stdout().write_all(line.as_bytes())
}

/// Reports that this process is ready to play, and waits until all processes are.
fn wait_for_start() -> Result<(), String> {
    let mut line = String::new();
    send(&ComparisonReply::Ready)
        .and_then(|()| io::stdin().lock().read_line(&mut line))
        .map_err(|error| format!("the command is gone: {error}"))?;
    if line.is_empty() { Err("the command is gone".into()) } else { Ok(()) }
}

fn play(game: Game) -> Result<Used, String> {
    let Game { player, boards, moves, master, opponent, seed } = game;
    let rules = Rules { boards, moves, master, opponent, seed };
    match player {
        Player::Sequential => play_in_a_loop(&rules),
        Player::Threads => play_on_threads(&rules),
        Player::Process { board, master } => play_one_board(&rules, board, master),
    }
}

fn play_in_a_loop(rules: &Rules) -> Result<Used, String> {
    let command = parent_id();
    wait_for_start()?;
    Ok(Used::of(|| {
        for board in 0..rules.boards {
            for number in 0..rules.moves {
                sleep(command, rules.master(board, number));
                sleep(command, rules.opponent(board, number));
            }
        }
    }))
}

/// Plays with one thread per board. The master is a mutex, which is locked while the master thinks.
fn play_on_threads(rules: &Rules) -> Result<Used, String> {
    let command = parent_id();
    let (master, start) = (Mutex::new(()), Barrier::new(rules.boards + 1));
    let before = proc::resident();
    let memory = Mutex::new(None);
    let opened_games = AtomicUsize::new(0);
    let game = |board| {
        start.wait();
        Used::of(|| {
            for number in 0..rules.moves {
                let held = master.lock().expect("no thread panics while it holds the lock");
                sleep(command, rules.master(board, number));
                drop(held);
                sleep(command, rules.opponent(board, number));
                if number == 0 && opened_games.fetch_add(1, Ordering::Relaxed) + 1 == rules.boards {
                    // Every thread has moved once, so no stack gets deeper later.
                    *memory.lock().expect("only the last thread gets here") = proc::resident();
                }
            }
        })
    };
    let mut used = thread::scope(|scope| {
        let spawn = |board| thread::Builder::new().spawn_scoped(scope, move || game(board));
        let spawned: Result<Vec<_>, _> = (0..rules.boards).map(spawn).collect();
        let games = spawned
            .map_err(|error| refused("a thread for a board", &error).to_string())
            .and_then(|games| wait_for_start().map(|()| games))
            .unwrap_or_else(|reason| give_up(reason));
        start.wait();
        games.into_iter().map(|game| game.join().expect("a game ends")).sum::<Used>()
    });
    let memory = memory.into_inner().expect("no thread panics while it holds the lock");
    used.memory = memory.zip(before).map(|(during, before)| during.saturating_sub(before));
    Ok(used)
}

/// Ends the process. A return would wait for the threads of the scope, which wait for the start.
fn give_up(reason: String) -> ! {
    // If the command is gone, the reason has no reader.
    let _ = send(&ComparisonReply::Failed(reason));
    process::exit(1)
}

/// Plays one board. The master is a file lock, which is held while the master thinks.
fn play_one_board(rules: &Rules, board: usize, master: PathBuf) -> Result<Used, String> {
    let command = parent_id();
    let cannot_open = |error| format!("cannot open the lock file {}: {error}", master.display());
    let master = File::open(&master).map_err(cannot_open)?;
    wait_for_start()?;
    let mut memory = None;
    let mut play = || -> io::Result<()> {
        for number in 0..rules.moves {
            master.lock()?;
            sleep(command, rules.master(board, number));
            master.unlock()?;
            sleep(command, rules.opponent(board, number));
            if number == 0 {
                memory = proc::proportional();
            }
        }
        Ok(())
    };
    let mut played = Ok(());
    let used = Used::of(|| played = play());
    played.map_err(|error| format!("cannot lock the file: {error}"))?;
    Ok(Used { memory, ..used })
}

impl Used {
    /// Returns the resources that the calling thread uses during `work`.
    fn of(work: impl FnOnce()) -> Used {
        let before = Usage::so_far();
        work();
        let used = Usage::so_far().zip(before).map(|(now, before)| now.since(before));
        Used {
            suspensions: used.map(|used| used.suspensions),
            switches: used.map(|used| used.switches),
            cpu: used.map(|used| used.cpu),
            memory: None,
        }
    }
}

impl std::iter::Sum for Used {
    /// Adds up the resources. If a number is unknown for one process, the sum is unknown.
    fn sum<I: Iterator<Item = Used>>(all: I) -> Used {
        let all: Vec<_> = all.collect();
        Used {
            suspensions: all.iter().map(|used| used.suspensions).sum(),
            switches: all.iter().map(|used| used.switches).sum(),
            cpu: all.iter().map(|used| used.cpu).sum(),
            memory: all.iter().map(|used| used.memory).sum(),
        }
    }
}

/// Sleeps. Ends this process if the command is gone, because the result then has no reader.
fn sleep(command: u32, duration: Duration) {
    thread::sleep(duration);
    if parent_id() != command {
        process::exit(1);
    }
}
