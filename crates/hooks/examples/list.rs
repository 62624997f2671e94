//! Prints what the functions of the standard library reach on this machine, and what they do in
//! patched green threads. Fails if the hooks that they reach differ from the list.

use std::process::ExitCode;

use quadrivium_hooks::Patch;

fn main() -> ExitCode {
    let probed = quadrivium_hooks::probe();
    for it in &probed {
        let state = match (it.is_as_listed(), it.reported().is_empty()) {
            (true, false) => "reported",
            (true, true) => "does not wait",
            (false, _) => "NOT AS LISTED",
        };
        let patch = it.patch();
        print!("{:45} {:25} {state:14} {patch}", it.function, it.listed().join(", "));
        match patch {
            Patch::OnlyReported(reason) => println!(": {reason}"),
            Patch::Suspends | Patch::Offloads => println!(),
        }
    }
    match probed.iter().all(|it| it.is_as_listed()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
