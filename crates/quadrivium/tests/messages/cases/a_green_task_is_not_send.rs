//! A green task is handed to code that may run it on another thread.
//!
//! The compiler says:
//! * a green thread never leaves its OS thread, so its task is not `Send`
//! * hand over the closure that makes the task: to a `Cluster`, to the `Spawner` of a loop or of a

use quadrivium::prelude::*;

fn run_anywhere<T: Task + Send>(_task: T) {}

fn main() {
    run_anywhere(green(|| 1));
}
