use quadrivium::{
    green::perform,
    prelude::*,
    sync::{Mutex, channel},
};
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut l = EventLoop::new()?;
    let a = Mutex::new(0).named("a");
    let b = Mutex::new(0);
    let (a1, b1) = (a.clone(), b.clone());
    let h1 = l.spawn_named(
        "left",
        green(move || {
            let _x = perform(a1.lock());
            perform(turn());
            let _y = perform(b1.lock());
        }),
    );
    let h2 = l.spawn_named(
        "right",
        future(async move {
            let _x = b.lock().await;
            turn().await;
            let _y = a.lock().await;
        }),
    );
    let (tx, rx) = channel::bounded::<u32>(1);
    let h3 = l.spawn(generator(|mut co| async move { co.perform(rx.recv()).await }));
    let h4 = l.spawn(callback(move |cb| cb.perform(h1, |cb, _| cb.done(()))));
    let h5 = l.spawn(future(async move {
        let _ = h2.await;
        drop(tx);
    }));
    for _ in 0..5 {
        l.spawn(sleep(std::time::Duration::from_secs(1)));
    }
    l.turn()?;
    l.turn()?;
    l.turn()?;
    println!("{}\n", l.tasks());
    println!("{}\n", l.tasks().tree());
    l.run()?;
    drop((h3, h4, h5));
    Ok(())
}
