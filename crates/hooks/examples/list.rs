//! Prints what the functions of the standard library reach on this machine. Fails if that differs
//! from the list.

use std::process::ExitCode;

fn main() -> ExitCode {
    let probed = quadrivium_hooks::probe();
    for it in &probed {
        let state = match (it.is_as_listed(), it.reported().is_empty()) {
            (true, false) => "reported",
            (true, true) => "does not wait",
            (false, _) => "NOT AS LISTED",
        };
        println!("{:45} {:25} {state}", it.function, it.listed().join(", "));
    }
    match probed.iter().all(|it| it.is_as_listed()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
