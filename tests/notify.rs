//! Oneshot and Notify: one value, or none; told before or after anybody waits; nothing is lost.

use quadrivium::{
    prelude::*,
    sync::{Notify, oneshot},
};

use crate::styles::{Said, Style, body, new_loop, turns};

in_every_style![
    a_value_sent_before,
    a_value_sent_after,
    a_sender_that_goes,
    a_receiver_that_is_cancelled,
    a_value_nobody_receives_is_dropped,
    one_is_told,
    one_is_told_who_comes_later,
    permits_do_not_add_up,
    all_are_told_who_wait,
    who_is_told_and_cancelled_passes_it_on,
    who_waits_and_is_cancelled_takes_nothing,
    telling_all_leaves_nothing_behind,
];

fn a_value_sent_before(style: Style) {
    let (sender, receiver) = oneshot::channel();
    sender.send(42).unwrap();
    let said = Said::default();
    let then = said.clone();
    let body = body().perform_then(|| receiver, move |value| then.say(format!("{value:?}")));
    let mut event_loop = new_loop();
    drop(event_loop.spawn(style.task(body)));
    turns(&mut event_loop, 1);
    assert_eq!(said.lines(), ["Ok(42)"], "without suspending");
}

fn a_value_sent_after(style: Style) {
    let (sender, receiver) = oneshot::channel();
    let said = Said::default();
    let then = said.clone();
    let receives = body().perform_then(|| receiver, move |value| then.say(format!("{value:?}")));
    let sends = body().perform(turn()).run(move || sender.send(42).unwrap());
    let mut event_loop = new_loop();
    drop(event_loop.spawn(style.task(receives)));
    drop(event_loop.spawn(style.task(sends)));
    event_loop.run().unwrap();
    assert_eq!(said.lines(), ["Ok(42)"]);
}

fn a_sender_that_goes(style: Style) {
    let (sender, receiver) = oneshot::channel::<()>();
    let said = Said::default();
    let then = said.clone();
    let receives = body().perform_then(|| receiver, move |value| then.say(format!("{value:?}")));
    let mut event_loop = new_loop();
    drop(event_loop.spawn(style.task(receives)));
    drop(event_loop.spawn(style.task(body().perform(turn()).hold(sender))));
    event_loop.run().unwrap();
    assert_eq!(said.lines(), ["Err(Closed)"]);
}

fn a_receiver_that_is_cancelled(style: Style) {
    let (sender, receiver) = oneshot::channel();
    let mut event_loop = new_loop();
    let receives = event_loop.spawn(style.task(body().perform(receiver)));
    turns(&mut event_loop, 1);
    assert!(!sender.is_closed());
    receives.cancel();
    assert!(sender.is_closed());
    assert_eq!(sender.send(42), Err(42), "the value comes back");
}

fn a_value_nobody_receives_is_dropped(style: Style) {
    let said = Said::default();
    let (sender, receiver) = oneshot::channel();
    let mut event_loop = new_loop();
    let receives = event_loop.spawn(style.task(body().perform(receiver)));
    turns(&mut event_loop, 1);
    assert!(sender.send(said.when_dropped("dropped")).is_ok());
    assert!(said.lines().is_empty());
    receives.cancel();
    assert_eq!(said.lines(), ["dropped"]);
}

/// Tasks that wait in line, and say their number when they were told.
fn in_line<const N: usize>(
    style: Style,
    event_loop: &mut EventLoop,
    notify: &Notify,
    said: &Said,
) -> [JoinHandle<()>; N] {
    let names = ["first", "second", "third"];
    let handles = std::array::from_fn(|n| {
        let body = body().perform(notify.notified()).say(said, names[n]);
        event_loop.spawn(style.task(body))
    });
    turns(event_loop, 1);
    handles
}

fn one_is_told(style: Style) {
    let (notify, said) = (Notify::new(), Said::default());
    let mut event_loop = new_loop();
    let _handles = in_line::<2>(style, &mut event_loop, &notify, &said);
    notify.notify_one();
    turns(&mut event_loop, 1);
    assert_eq!(said.lines(), ["first"]);
    notify.notify_one();
    turns(&mut event_loop, 1);
    assert_eq!(said.lines(), ["first", "second"]);
}

fn one_is_told_who_comes_later(style: Style) {
    let (notify, said) = (Notify::new(), Said::default());
    let mut event_loop = new_loop();
    notify.notify_one();
    let _handles = in_line::<2>(style, &mut event_loop, &notify, &said);
    assert_eq!(said.lines(), ["first"]);
}

fn permits_do_not_add_up(style: Style) {
    let (notify, said) = (Notify::new(), Said::default());
    let mut event_loop = new_loop();
    notify.notify_one();
    notify.notify_one();
    let _handles = in_line::<2>(style, &mut event_loop, &notify, &said);
    assert_eq!(said.lines(), ["first"]);
}

fn all_are_told_who_wait(style: Style) {
    let (notify, said) = (Notify::new(), Said::default());
    let mut event_loop = new_loop();
    notify.notify_all();
    let _handles = in_line::<3>(style, &mut event_loop, &notify, &said);
    assert!(said.lines().is_empty(), "those who wait now, not later");
    notify.notify_all();
    turns(&mut event_loop, 1);
    assert_eq!(said.lines(), ["first", "second", "third"]);
}

fn who_is_told_and_cancelled_passes_it_on(style: Style) {
    let (notify, said) = (Notify::new(), Said::default());
    let mut event_loop = new_loop();
    let handles = in_line::<2>(style, &mut event_loop, &notify, &said);
    notify.notify_one();
    handles[0].cancel();
    turns(&mut event_loop, 1);
    assert_eq!(said.lines(), ["second"]);
}

fn who_waits_and_is_cancelled_takes_nothing(style: Style) {
    let (notify, said) = (Notify::new(), Said::default());
    let mut event_loop = new_loop();
    let handles = in_line::<3>(style, &mut event_loop, &notify, &said);
    handles[0].cancel();
    notify.notify_one();
    turns(&mut event_loop, 1);
    assert_eq!(said.lines(), ["second"]);
}

fn telling_all_leaves_nothing_behind(style: Style) {
    let (notify, said) = (Notify::new(), Said::default());
    let mut event_loop = new_loop();
    let handles = in_line::<2>(style, &mut event_loop, &notify, &said);
    notify.notify_all();
    // Both were told, and one goes before it could go on: there is nobody else to tell.
    handles[0].cancel();
    turns(&mut event_loop, 1);
    assert_eq!(said.lines(), ["second"]);
    let _handles = in_line::<1>(style, &mut event_loop, &notify, &said);
    assert_eq!(said.lines(), ["second"], "who comes later waits");
}
