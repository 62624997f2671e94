//! `quadrivium-blocking` prints what the functions of the standard library reach on this machine,
//! and what they do in patched green threads. It fails if what they reach differs from the list.

#![deny(unsafe_code)]

use std::{
    io::{self, Write},
    process::ExitCode,
};

use quadrivium_hooks::{Patch, Probed, probe};

fn main() -> ExitCode {
    let probed = probe();
    // Standard output may be closed, as in `quadrivium blocking | head`.
    _ = print(&probed);
    match probed.iter().all(Probed::is_as_listed) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn print(probed: &[Probed]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{:44} {:34} {:14} patched", "std function", "symbols reached", "state")?;
    for it in probed {
        let symbols: Vec<_> = it.reached.iter().map(|it| it.hook.symbol()).collect();
        let state = match (it.is_as_listed(), it.reported().is_empty()) {
            (true, false) => "reported",
            (true, true) => "does not wait",
            (false, true) => "NOT SEEN",
            (false, false) => "NOT AS LISTED",
        };
        let patch = it.patch();
        write!(out, "{:44} {:34} {state:14} {patch}", it.function, symbols.join(", "))?;
        match patch {
            Patch::OnlyReported(reason) => writeln!(out, ": {reason}")?,
            Patch::Suspends | Patch::Offloads => writeln!(out)?,
        }
        if let Some(error) = &it.error {
            writeln!(out, "  not tried: {error}")?;
        }
    }
    Ok(())
}
