//! What holds in a program that is built with `panic = "abort"`, in every style: `.ci/abort` runs
//! each part and looks at what it prints and how it ends.

use std::{env, error::Error, time::Duration};

use quadrivium::{callback::Callback, future, green::perform, may, prelude::*, task::BoxTask};

const SECOND: Duration = Duration::from_secs(1);

/// Says when it is dropped.
struct Held(&'static str);

impl Drop for Held {
    fn drop(&mut self) {
        println!("{}: dropped", self.0);
    }
}

/// A task of this style that sleeps and then calls `then`. It holds a value meanwhile.
fn sleeps(style: &'static str, long: Duration, then: fn()) -> BoxTask<()> {
    let held = Held(style);
    match style {
        "callback" => Box::pin(callback(move |cb: &mut Callback<()>| {
            cb.perform(sleep(long), move |cb, ()| {
                then();
                drop(held);
                cb.done(());
            });
        })),
        "generator" => Box::pin(generator(move |mut co| async move {
            co.perform(sleep(long)).await;
            then();
            drop(held);
        })),
        "future" => Box::pin(future(async move {
            future::perform(sleep(long)).await;
            then();
            drop(held);
        })),
        "green" => Box::pin(green(move || {
            perform(sleep(long));
            then();
            drop(held);
        })),
        "may" => {
            let body = move || {
                may::perform(sleep(long));
                then();
                drop(held);
            };
            // SAFETY: it reads no thread-local, holds nothing that is `!Send`, and is small.
            Box::pin(unsafe { may::green(body) })
        }
        _ => panic!("no such style: {style}"),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let part = arguments.next().ok_or("which part?")?;
    let style: &'static str = arguments.next().ok_or("which style?")?.leak();
    let mut event_loop = EventLoop::with_virtual_clock()?;
    match &*part {
        "ends" => event_loop.block_on(sleeps(style, SECOND, || ()))?,
        "times_out" => {
            let late = timeout(SECOND, sleeps(style, 2 * SECOND, || ()));
            println!("{style}: {:?}", event_loop.block_on(late)?);
            // And once more: a message comes once.
            let late = timeout(SECOND, sleeps(style, 2 * SECOND, || ()));
            println!("{style}: {:?}", event_loop.block_on(late)?);
        }
        "is_left_behind" => {
            drop(event_loop.spawn(sleeps(style, 2 * SECOND, || ())));
            event_loop.block_on(sleep(SECOND))?;
        }
        "panics" => event_loop.block_on(sleeps(style, SECOND, || panic!("on purpose")))?,
        _ => return Err("no such part".into()),
    }
    drop(event_loop);
    println!("the end");
    Ok(())
}
