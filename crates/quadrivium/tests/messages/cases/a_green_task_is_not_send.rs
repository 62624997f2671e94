//! A green task is handed to code that may run it on another thread.

use quadrivium::prelude::*;

fn run_anywhere<T: Task + Send>(_task: T) {}

fn main() {
    run_anywhere(green(|| 1));
}
