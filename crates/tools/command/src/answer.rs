//! The answers of the operating system, played by a process of their own: a plain loop, a thread
//! per board, or one board of those that have a process each.
//!
//! ```text
//!  the command                                   this process
//!      ---- Game, a line of JSON ----------------->   prepares
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

use crate::{exhibition::Rules, proc, proc::Usage};

/// What to play.
#[derive(Debug, Serialize, Deserialize)]
pub struct Game {
    pub answer: Player,
    pub boards: usize,
    pub moves: usize,
    pub master: Duration,
    pub opponent: Duration,
    pub seed: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Player {
    /// All boards in a loop.
    Sequential,
    /// All boards, a thread each.
    Threads,
    /// This board alone; the lock on this file is the master.
    Process { board: usize, master: PathBuf },
}

/// What this process says.
#[derive(Debug, Serialize, Deserialize)]
pub enum PlayerSays {
    Ready,
    Played(Used),
    Failed(String),
}

/// What playing has used. None where the OS does not tell.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Used {
    pub suspensions: Option<u64>,
    pub switches: Option<u64>,
    pub cpu: Option<Duration>,
    /// Bytes, for all the boards together.
    pub memory: Option<u64>,
}

/// Plays as told on standard input.
pub fn serve() -> io::Result<()> {
    let mut order = String::new();
    io::stdin().lock().read_line(&mut order)?;
    let reply = match serde_json::from_str(&order) {
        Ok(order) => play(order).map_or_else(PlayerSays::Failed, PlayerSays::Played),
        Err(_) => {
            PlayerSays::Failed("`answer` is not for people: run quadrivium without it".into())
        }
    };
    say(&reply)
}

fn say(reply: &PlayerSays) -> io::Result<()> {
    let mut line = serde_json::to_string(reply)?;
    line.push('\n');
    io::stdout().write_all(line.as_bytes())
}

/// Says that all is prepared, and waits for the others to be, too.
fn ready() -> Result<(), String> {
    let mut line = String::new();
    say(&PlayerSays::Ready)
        .and_then(|()| io::stdin().lock().read_line(&mut line))
        .map_err(|error| format!("the command is gone: {error}"))?;
    if line.is_empty() { Err("the command is gone".into()) } else { Ok(()) }
}

fn play(order: Game) -> Result<Used, String> {
    let Game { answer, boards, moves, master, opponent, seed } = order;
    let rules = Rules { boards, moves, master, opponent, seed };
    match answer {
        Player::Sequential => sequential(&rules),
        Player::Threads => threads(&rules),
        Player::Process { board, master } => process(&rules, board, master),
    }
}

fn sequential(rules: &Rules) -> Result<Used, String> {
    let asker = parent_id();
    ready()?;
    Ok(Used::of(|| {
        for board in 0..rules.boards {
            for number in 0..rules.moves {
                sleep(asker, rules.master(board, number));
                sleep(asker, rules.opponent(board, number));
            }
        }
    }))
}

/// One thread per board. The master is a mutex, held while he thinks.
fn threads(rules: &Rules) -> Result<Used, String> {
    let asker = parent_id();
    let (master, start) = (Mutex::new(()), Barrier::new(rules.boards + 1));
    let before = proc::resident();
    let memory = Mutex::new(None);
    let opened = AtomicUsize::new(0);
    let game = |board| {
        start.wait();
        Used::of(|| {
            for number in 0..rules.moves {
                let held = master.lock().expect("nobody panics while the master thinks");
                sleep(asker, rules.master(board, number));
                drop(held);
                sleep(asker, rules.opponent(board, number));
                if number == 0 && opened.fetch_add(1, Ordering::Relaxed) + 1 == rules.boards {
                    // All have moved, so all stacks are as deep as they get.
                    *memory.lock().expect("only one gets here") = proc::resident();
                }
            }
        })
    };
    let mut used = thread::scope(|scope| {
        let spawn = |board| thread::Builder::new().spawn_scoped(scope, move || game(board));
        let spawned: Result<Vec<_>, _> = (0..rules.boards).map(spawn).collect();
        let games = spawned
            .map_err(|error| refused("a thread for a board", &error).to_string())
            .and_then(|games| ready().map(|()| games))
            .unwrap_or_else(|reason| give_up(reason));
        start.wait();
        games.into_iter().map(|game| game.join().expect("a game ends")).sum::<Used>()
    });
    let memory = memory.into_inner().expect("nobody panics while holding it");
    used.memory = memory.zip(before).map(|(during, before)| during.saturating_sub(before));
    Ok(used)
}

/// Ends the process: a scope would wait for its threads, and they wait for the start.
fn give_up(reason: String) -> ! {
    // If the command is gone, nobody wants to know.
    let _ = say(&PlayerSays::Failed(reason));
    process::exit(1)
}

/// The process of one board. The master is a file lock, held while he thinks.
fn process(rules: &Rules, board: usize, master: PathBuf) -> Result<Used, String> {
    let asker = parent_id();
    let gone = |error: io::Error| format!("the lock file {}: {error}", master.display());
    let master = File::open(&master).map_err(gone)?;
    ready()?;
    let mut memory = None;
    let mut play = || -> io::Result<()> {
        for number in 0..rules.moves {
            master.lock()?;
            sleep(asker, rules.master(board, number));
            master.unlock()?;
            sleep(asker, rules.opponent(board, number));
            if number == 0 {
                memory = proc::proportional();
            }
        }
        Ok(())
    };
    let mut played = Ok(());
    let used = Used::of(|| played = play());
    played.map_err(|error| format!("the master's lock: {error}"))?;
    Ok(Used { memory, ..used })
}

impl Used {
    /// What the calling thread uses during `work`.
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
    /// What is unknown of one is unknown of all.
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

/// Sleeps, and ends if the process that asked is gone: nobody wants the answer then.
fn sleep(asker: u32, duration: Duration) {
    thread::sleep(duration);
    if parent_id() != asker {
        process::exit(1);
    }
}
