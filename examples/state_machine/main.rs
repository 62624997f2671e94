//! A fifth style: a state machine, written by hand, and every law for it.
//!
//! It plays one script beside the four styles of Quadrivium and compares what
//! they leave. `cargo test -p quadrivium-examples --example state_machine`
//! checks the laws.

mod machine;

use quadrivium_conformance::{
    script::{Cast, Instruction::*, Script, agree, play},
    styles,
};

use crate::machine::Machine;

fn main() -> Result<(), String> {
    // A child sends twice into a channel that holds one value, and is cancelled
    // before it could send the second time.
    let child = Script::new([Hold, Sleep(2), Send(0), Send(0)]);
    let slow = Script::new([Sleep(9)]);
    let script =
        Script::new([Spawn(child), Timeout(5, slow), Cancel(0), Recv(0)]);

    let casts = styles::ALL.map(Cast::all);
    let all: Vec<_> = [Cast::all(&Machine)].into_iter().chain(casts).collect();
    agree(&script, &all)?;

    let record = play(&script, &Cast::all(&Machine));
    println!("{script}");
    println!("{}", record.lines().join("\n"));
    println!("\nthe same in {} styles", all.len());
    Ok(())
}

/// A test for each law, alone and with one of the four, either way round.
#[cfg(test)]
mod laws {
    use quadrivium_conformance::{Subject, every_law, styles::Green};

    use super::Machine;

    mod machine {
        super::every_law!(&super::Machine);
    }
    mod machine_performs_machine {
        super::every_law!(super::Subject::performs(
            &super::Machine,
            &super::Machine
        ));
    }
    mod machine_performs_green {
        super::every_law!(super::Subject::performs(
            &super::Machine,
            &super::Green
        ));
    }
    mod green_performs_machine {
        super::every_law!(super::Subject::performs(
            &super::Green,
            &super::Machine
        ));
    }
}
