//! What the program prints.

use quadrivium_conformance::alone;

use super::*;

#[test]
fn the_program_answers_and_says_what_it_cancels() {
    let test = "tests::the_program_answers_and_says_what_it_cancels";
    let output = alone(test, "", || {
        let stopped = EventLoop::new().unwrap().block_on(future(run(None)));
        println!("{}", stopped.unwrap().unwrap());
    });
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(output.status.success(), "{text}");
    assert!(lines.iter().any(|line| line.ends_with(" tasks")), "{text}");
    for answer in ["welcome, ann of here", "welcome, bob of here"] {
        assert!(lines.contains(&answer), "{text}");
    }
    let ends =
        text.split_once("the scope was cancelled: the deadline has passed\n");
    let lines: Vec<_> = ends.expect(&text).1.lines().take(2).collect();
    let [accepting, connection] = lines[..] else { panic!("{text}") };
    assert!(accepting.starts_with("  cancelled: task "), "{text}");
    assert!(accepting.contains(" \"accepting\" (spawned at "), "{text}");
    let waited = "), which waited in accept at examples/service/main.rs:";
    assert!(accepting.contains(waited), "{text}");
    assert!(connection.contains(" \"connection\" (spawned at "), "{text}");
    let waited = "), which waited in read at examples/service/main.rs:";
    assert!(connection.contains(waited), "{text}");
}
