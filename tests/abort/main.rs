//! A program that is built with `panic = "abort"`, with parts in every style. `.ci/abort` runs each
//! part, and checks its output and its exit status.

use std::{env, error::Error, time::Duration};

use quadrivium::{callback::Callback, future, green::perform, may, prelude::*, task::BoxTask};

const SECOND: Duration = Duration::from_secs(1);

/// Prints a line when it is dropped.
struct PrintsInDrop(&'static str);

impl Drop for PrintsInDrop {
    fn drop(&mut self) {
        println!("{}: dropped", self.0);
    }
}

/// Returns a task of this style that sleeps and then calls `then`. Meanwhile it holds a value that
/// prints a line when it is dropped.
fn sleeps(style: &'static str, long: Duration, then: fn()) -> BoxTask<()> {
    let value = PrintsInDrop(style);
    match style {
        "callback" => Box::pin(callback(move |cb: &mut Callback<()>| {
            cb.perform(sleep(long), move |cb, ()| {
                then();
                drop(value);
                cb.done(());
            });
        })),
        "generator" => Box::pin(generator(move |mut co| async move {
            co.perform(sleep(long)).await;
            then();
            drop(value);
        })),
        "future" => Box::pin(future(async move {
            future::perform(sleep(long)).await;
            then();
            drop(value);
        })),
        "green" => Box::pin(green(move || {
            perform(sleep(long));
            then();
            drop(value);
        })),
        "may" => {
            let body = move || {
                may::perform(sleep(long));
                then();
                drop(value);
            };
            // SAFETY: the body reads no thread-local, holds nothing that is `!Send`, and is small.
            Box::pin(unsafe { may::green(body) })
        }
        _ => panic!("no such style: {style}"),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let part = arguments.next().ok_or("name a part and a style")?;
    let style: &'static str = arguments.next().ok_or("name a style after the part")?.leak();
    let mut event_loop = EventLoop::with_virtual_clock()?;
    match &*part {
        "ends" => event_loop.block_on(sleeps(style, SECOND, || ()))?,
        "times_out" => {
            let late = timeout(SECOND, sleeps(style, 2 * SECOND, || ()));
            println!("{style}: {:?}", event_loop.block_on(late)?);
            // A second time, because the message must come only once.
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
