//! Generates random scripts.

use std::ops::Range;

use oorandom::Rand32;
use proptest::prelude::*;

use super::{Instruction, Script};

/// Returns random scripts that contain others, up to `depth` deep. Some of them are long.
///
/// A function makes them from a seed. Rejected: a strategy for each part of a script. A strategy
/// keeps the data for shrinking its value, and that takes longer than playing the script.
pub fn scripts(depth: u32) -> impl Strategy<Value = Script> {
    any::<u64>().prop_map(move |seed| {
        let random = Rand32::new(seed);
        Maker { random, moves: 15, ends: false }.script(depth + 1, 2..12)
    })
}

/// Returns random scripts in which most instructions move guards, permits and leaves that were
/// begun, between tasks and through a channel. In most of them, every task ends. Each `seed` gives
/// other scripts.
pub fn moving_scripts(depth: u32, seed: u64) -> impl Strategy<Value = Script> {
    any::<u64>().prop_map(move |random| {
        let random = Rand32::new(random ^ seed);
        Maker { random, moves: 60, ends: true }.script(depth + 1, 2..12)
    })
}

/// Makes scripts from random numbers.
struct Maker {
    random: Rand32,
    /// The percentage of instructions that move things.
    moves: u8,
    /// Whether most tasks end: few instructions wait for something that may never come, and each
    /// script releases as much as it takes.
    ends: bool,
}

impl Maker {
    fn below(&mut self, n: u8) -> u8 {
        self.random.rand_range(0..n.into()) as u8
    }

    /// Makes a script with this many levels of scripts in it.
    fn script(&mut self, levels: u32, length: Range<u32>) -> Script {
        let part = self.below(8);
        let length = self.random.rand_range(length);
        let instructions = (0..length).map(|_| match levels {
            0 => self.instruction(),
            _ => self.containing(levels - 1),
        });
        let mut instructions: Vec<_> = instructions.collect();
        if self.ends {
            let takes =
                |it: &&Instruction| matches!(it, Instruction::Lock(_) | Instruction::Acquire(_));
            let taken = instructions.iter().filter(takes).count();
            instructions.extend((0..taken).map(|_| Instruction::Release(self.below(6))));
        }
        Script { part, instructions }
    }

    /// Makes an instruction that contains no script.
    fn instruction(&mut self) -> Instruction {
        if self.below(100) < self.moves {
            return self.moving();
        }
        // Without the instructions that wait for other ones, and those that fail.
        let choices = if self.ends { 36 } else { 57 };
        match self.below(choices) {
            0..8 => Instruction::Turn,
            8..14 => Instruction::Sleep(self.below(6)),
            14..16 => Instruction::Work(self.below(6)),
            16..20 => Instruction::Hold,
            20..23 => Instruction::Join(self.below(6)),
            23..26 => Instruction::Cancel(self.below(6)),
            26..28 => Instruction::Detach(self.below(6)),
            28..36 => Instruction::Send(self.below(3)),
            36..40 => Instruction::Recv(self.below(3)),
            40..42 => Instruction::Wait,
            42..45 => Instruction::NotifyOne,
            45..47 => Instruction::NotifyAll,
            47..51 => Instruction::Write(self.below(2)),
            51..54 => Instruction::Read(self.below(2)),
            54 => Instruction::CloseWrite(self.below(2)),
            55 => Instruction::Fail,
            _ => Instruction::Panic,
        }
    }

    /// Makes an instruction that uses the list of things.
    fn moving(&mut self) -> Instruction {
        match self.below(24) {
            0..5 => Instruction::Lock(self.below(3)),
            5..8 => Instruction::Acquire(self.below(2)),
            8..12 => Instruction::Begin(self.below(24)),
            12..15 => self.waiting(Instruction::Finish),
            15..20 => Instruction::Release(self.below(6)),
            20..22 => self.waiting(Instruction::Give),
            _ => self.waiting(|_| Instruction::Take),
        }
    }

    /// Makes an instruction that may wait for something that never comes.
    fn waiting(&mut self, make: fn(u8) -> Instruction) -> Instruction {
        let (instruction, ms) = (make(self.below(6)), self.below(6));
        match self.ends && self.below(8) > 0 {
            true => Instruction::Timeout(ms, Script::new([instruction])),
            false => instruction,
        }
    }

    /// Makes an instruction that may contain scripts, each with this many levels of others in it.
    fn containing(&mut self, levels: u32) -> Instruction {
        let (choice, ms) = (self.below(28), self.below(6));
        let mut script = || self.script(levels, if levels == 0 { 0..5 } else { 0..6 });
        match choice {
            0..8 => Instruction::Spawn(script()),
            8..12 => Instruction::Perform(script()),
            12..14 => Instruction::Both(script(), script()),
            14..17 => Instruction::Race(script(), script()),
            17..20 => Instruction::Timeout(ms, script()),
            _ => self.instruction(),
        }
    }
}
