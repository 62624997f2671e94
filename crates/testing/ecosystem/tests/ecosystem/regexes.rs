//! `regex` compiles a pattern on the stack of a green thread. This takes a hundred kibibytes of
//! stack in a dev build.

use quadrivium::{green::perform, prelude::*};
use regex::Regex;

#[test]
fn a_pattern_is_compiled_on_the_default_stack() {
    let finds = green(|| {
        let number = Regex::new(r"\d+").unwrap();
        perform(turn());
        number.find("room 101").map(|found| found.as_str().to_string())
    });
    let found = EventLoop::with_virtual_clock().unwrap().block_on(finds).unwrap();
    assert_eq!(found.as_deref(), Some("101"));
}
