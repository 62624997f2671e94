//! The program of docs/simulation.md, and the message that the page shows.

use std::{cell::Cell, rc::Rc, thread};

use quadrivium::{EventLoop, prelude::*, test::simulate};

const PAGE: &str = include_str!("../../../../../docs/simulation.md");

fn add_to_balance(event_loop: &mut EventLoop) -> u32 {
    let balance = Rc::new(Cell::new(0));
    for turns in [0, 1] {
        let balance = Rc::clone(&balance);
        drop(event_loop.spawn(future(async move {
            for _ in 0..turns {
                turn().await;
            }
            let read = balance.get();
            turn().await; // The other task may run here.
            balance.set(read + 1);
        })));
    }
    event_loop.run().unwrap();
    balance.get()
}

#[test]
fn the_program_is_right_on_an_ordinary_loop() {
    assert_eq!(add_to_balance(&mut EventLoop::new().unwrap()), 2);
}

#[test]
fn the_program_fails_with_the_message_of_the_page() {
    // The message names the test after its thread.
    let test = thread::Builder::new().name("no_update_is_lost".into());
    let fails = test.spawn(|| {
        simulate(|event_loop| {
            assert_eq!(add_to_balance(event_loop), 2, "an update was lost");
        });
    });
    let payload = fails.unwrap().join().unwrap_err();
    let message = payload.downcast::<String>().unwrap();
    assert!(PAGE.contains(&format!("```text\n{}\n```\n", message.trim_end())), "{message}");
}
