//! Prints a script as text, to show why two records differ.

use std::fmt;

use super::{Instruction, Script};

impl fmt::Display for Script {
    /// Prints one instruction a line. The scripts in it are indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl Script {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        for (n, instruction) in self.instructions.iter().enumerate() {
            write!(f, "{:depth$}{n}. ", "", depth = depth * 4)?;
            instruction.write(f, depth)?;
        }
        Ok(())
    }
}

impl Instruction {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let (head, scripts): (String, Vec<&Script>) = match self {
            Instruction::Turn => ("turn".into(), vec![]),
            Instruction::Sleep(ms) => (format!("sleep {ms} ms"), vec![]),
            Instruction::Work(ms) => (format!("work {ms} ms"), vec![]),
            Instruction::Hold => ("hold".into(), vec![]),
            Instruction::Spawn(script) => ("spawn".into(), vec![script]),
            Instruction::Join(n) => (format!("join {n}"), vec![]),
            Instruction::Cancel(n) => (format!("cancel {n}"), vec![]),
            Instruction::Detach(n) => (format!("detach {n}"), vec![]),
            Instruction::Send(channel) => (format!("send on {channel}"), vec![]),
            Instruction::Recv(channel) => (format!("receive from {channel}"), vec![]),
            Instruction::Wait => ("wait".into(), vec![]),
            Instruction::NotifyOne => ("notify one".into(), vec![]),
            Instruction::NotifyAll => ("notify all".into(), vec![]),
            Instruction::Write(end) => (format!("write to {end}"), vec![]),
            Instruction::Read(end) => (format!("read from {end}"), vec![]),
            Instruction::CloseWrite(end) => (format!("close the writing of {end}"), vec![]),
            Instruction::Lock(n) => (format!("lock mutex {n}"), vec![]),
            Instruction::Acquire(n) => (format!("acquire a permit of {n}"), vec![]),
            Instruction::Begin(n) => (format!("begin {n}"), vec![]),
            Instruction::Finish(n) => (format!("finish thing {n}"), vec![]),
            Instruction::Release(n) => (format!("release thing {n}"), vec![]),
            Instruction::Give(n) => (format!("give thing {n}"), vec![]),
            Instruction::Take => ("take a thing".into(), vec![]),
            Instruction::Perform(script) => ("perform".into(), vec![script]),
            Instruction::Both(a, b) => ("both".into(), vec![a, b]),
            Instruction::Race(a, b) => ("race".into(), vec![a, b]),
            Instruction::Timeout(ms, script) => (format!("timeout {ms} ms"), vec![script]),
            Instruction::Fail => ("fail".into(), vec![]),
            Instruction::Panic => ("panic".into(), vec![]),
        };
        writeln!(f, "{head}")?;
        for script in scripts {
            writeln!(f, "{:depth$}as part {}:", "", script.part, depth = depth * 4 + 3)?;
            script.write(f, depth + 1)?;
        }
        Ok(())
    }
}
