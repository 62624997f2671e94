//! `state_machine`: a fifth style, written by hand, which keeps every law.
//!
//! New idea: a style is nothing but a way to compose tasks, so you can add one.
//! In this style, in `machine.rs`, a task is an enum of states.
//!
//! The program runs one script of operations in the four styles of Quadrivium
//! and in this one. It checks that each run leaves the same record of events.
//! `cargo test -p quadrivium-examples --example state_machine` checks the laws:
//! the behaviours that every style must show.

mod machine;

use quadrivium_conformance::{
    script::{Cast, Instruction::*, Script, agree, play},
    styles,
};

use crate::machine::StateMachine;

fn main() -> Result<(), String> {
    // A child task sends twice into a channel that holds one value. It is
    // cancelled before there is room for the second value.
    let child = Script::new([Hold, Sleep(2), Send(0), Send(0)]);
    let slow = Script::new([Sleep(9)]);
    let script =
        Script::new([Spawn(child), Timeout(5, slow), Cancel(0), Recv(0)]);

    let casts = styles::ALL.map(Cast::all);
    let all: Vec<_> =
        [Cast::all(&StateMachine)].into_iter().chain(casts).collect();
    agree(&script, &all)?;

    let record = play(&script, &Cast::all(&StateMachine));
    println!("{script}");
    println!("{}", record.lines().join("\n"));
    println!("\nthe same in {} styles", all.len());
    Ok(())
}

/// A test for each law: the new style alone, performing itself, performing
/// green threads, and performed by green threads.
#[cfg(test)]
mod laws {
    use quadrivium_conformance::{Subject, every_law, styles::Green};

    use super::StateMachine;

    mod machine {
        super::every_law!(&super::StateMachine);
    }
    mod machine_performs_machine {
        super::every_law!(super::Subject::performs(
            &super::StateMachine,
            &super::StateMachine
        ));
    }
    mod machine_performs_green {
        super::every_law!(super::Subject::performs(
            &super::StateMachine,
            &super::Green
        ));
    }
    mod green_performs_machine {
        super::every_law!(super::Subject::performs(
            &super::Green,
            &super::StateMachine
        ));
    }
}
