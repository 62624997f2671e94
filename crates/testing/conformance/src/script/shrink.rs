//! Makes a script smaller as long as it still shows the same failure.

use super::{Instruction, Script};

/// Returns the smallest script that can be reached from this one in small steps. For each script on
/// the way `shows` must return true.
///
/// A step removes an instruction, replaces one by the script in it, makes a number smaller, or
/// lowers the part. A step is taken as soon as `shows` returns true. Each step makes the script
/// smaller, so this ends.
pub fn shrink(script: &Script, shows: impl Fn(&Script) -> bool) -> Script {
    let mut smallest = script.clone();
    while let Some(smaller) = smallest.steps().into_iter().find(|smaller| shows(smaller)) {
        smallest = smaller;
    }
    smallest
}

impl Script {
    /// Returns all scripts that are one step smaller. The largest steps come first.
    fn steps(&self) -> Vec<Script> {
        let with = |n: usize, instead: Vec<Instruction>| {
            let mut smaller = self.clone();
            smaller.instructions.splice(n..=n, instead);
            smaller
        };
        let mut steps = Vec::new();
        for (n, instruction) in self.instructions.iter().enumerate() {
            steps.push(with(n, Vec::new()));
            for contained in instruction.scripts() {
                steps.push(with(n, contained.instructions.clone()));
            }
        }
        for (n, instruction) in self.instructions.iter().enumerate() {
            let smaller = instruction.steps().into_iter();
            steps.extend(smaller.map(|smaller| with(n, vec![smaller])));
        }
        if self.part > 0 {
            steps.push(self.clone().played_by(self.part - 1));
        }
        steps
    }
}

impl Instruction {
    /// Returns the scripts that it contains.
    pub(super) fn scripts(&self) -> Vec<&Script> {
        match self {
            Instruction::Spawn(script)
            | Instruction::Perform(script)
            | Instruction::Timeout(_, script) => vec![script],
            Instruction::Both(a, b) | Instruction::Race(a, b) => vec![a, b],
            Instruction::Turn
            | Instruction::Sleep(_)
            | Instruction::Work(_)
            | Instruction::Hold
            | Instruction::Join(_)
            | Instruction::Cancel(_)
            | Instruction::Detach(_)
            | Instruction::Send(_)
            | Instruction::Recv(_)
            | Instruction::Wait
            | Instruction::NotifyOne
            | Instruction::NotifyAll
            | Instruction::Write(_)
            | Instruction::Read(_)
            | Instruction::CloseWrite(_)
            | Instruction::Lock(_)
            | Instruction::Acquire(_)
            | Instruction::Begin(_)
            | Instruction::Finish(_)
            | Instruction::Release(_)
            | Instruction::Give(_)
            | Instruction::Take
            | Instruction::Fail
            | Instruction::Panic => vec![],
        }
    }

    /// Returns the same instruction with a smaller number, or with a smaller script in it.
    fn steps(&self) -> Vec<Instruction> {
        let number = |n: &u8, make: fn(u8) -> Instruction| n.checked_sub(1).map(make);
        let inside = |script: &Script, make: &dyn Fn(Script) -> Instruction| {
            script.steps().into_iter().map(make).collect::<Vec<_>>()
        };
        match self {
            Instruction::Sleep(n) => Vec::from_iter(number(n, Instruction::Sleep)),
            Instruction::Work(n) => Vec::from_iter(number(n, Instruction::Work)),
            Instruction::Join(n) => Vec::from_iter(number(n, Instruction::Join)),
            Instruction::Cancel(n) => Vec::from_iter(number(n, Instruction::Cancel)),
            Instruction::Detach(n) => Vec::from_iter(number(n, Instruction::Detach)),
            Instruction::Send(n) => Vec::from_iter(number(n, Instruction::Send)),
            Instruction::Recv(n) => Vec::from_iter(number(n, Instruction::Recv)),
            Instruction::Write(n) => Vec::from_iter(number(n, Instruction::Write)),
            Instruction::Read(n) => Vec::from_iter(number(n, Instruction::Read)),
            Instruction::CloseWrite(n) => Vec::from_iter(number(n, Instruction::CloseWrite)),
            Instruction::Lock(n) => Vec::from_iter(number(n, Instruction::Lock)),
            Instruction::Acquire(n) => Vec::from_iter(number(n, Instruction::Acquire)),
            Instruction::Begin(n) => Vec::from_iter(number(n, Instruction::Begin)),
            Instruction::Finish(n) => Vec::from_iter(number(n, Instruction::Finish)),
            Instruction::Release(n) => Vec::from_iter(number(n, Instruction::Release)),
            Instruction::Give(n) => Vec::from_iter(number(n, Instruction::Give)),
            Instruction::Spawn(script) => inside(script, &Instruction::Spawn),
            Instruction::Perform(script) => inside(script, &Instruction::Perform),
            Instruction::Timeout(n, script) => {
                let shorter = n.checked_sub(1);
                let shorter = shorter.map(|n| Instruction::Timeout(n, script.clone()));
                let inside = inside(script, &|script| Instruction::Timeout(*n, script));
                shorter.into_iter().chain(inside).collect()
            }
            Instruction::Both(a, b) => in_either(a, b, Instruction::Both),
            Instruction::Race(a, b) => in_either(a, b, Instruction::Race),
            Instruction::Turn
            | Instruction::Hold
            | Instruction::Wait
            | Instruction::NotifyOne
            | Instruction::NotifyAll
            | Instruction::Take
            | Instruction::Fail
            | Instruction::Panic => vec![],
        }
    }
}

/// Returns the same instruction with one of its two scripts made smaller.
fn in_either(a: &Script, b: &Script, make: fn(Script, Script) -> Instruction) -> Vec<Instruction> {
    let left = a.steps().into_iter().map(|a| make(a, b.clone()));
    let right = b.steps().into_iter().map(|b| make(a.clone(), b));
    left.chain(right).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Instruction::*;

    #[test]
    fn what_matters_is_left() {
        let deep = Script::new([Turn, Sleep(5), Hold]).played_by(3);
        let script = Script::new([
            Spawn(Script::new([Turn, Wait])),
            Race(Script::new([Perform(deep)]), Script::new([Panic])),
            NotifyAll,
        ]);
        let sleeps = |script: &Script| script.to_string().contains("sleep");
        assert_eq!(shrink(&script, sleeps), Script::new([Sleep(0)]));
    }
}
