//! `contender!`: the functions of a contender, made of the tasks of a style.

/// Defines `contender`, which returns the contender of a style. The module around it has the tasks.
macro_rules! contender {
    ($name:literal) => {
        pub(super) fn contender() -> Contender {
            Contender {
                turn: Some(|counters| on_loop::turn(counters, turns)),
                spawn: Some(|n, times| on_loop::spawn(n, times, adds)),
                nested: Some(|depth, times| on_loop::output(nested(depth, times))),
                round_trip: Some(|capacity, times| {
                    let (there, from_there) = channel::bounded(capacity);
                    let (back, from_back) = channel::bounded(capacity);
                    let measured = sends_and_receives(times, there, from_back);
                    on_loop::output_beside(measured, receives_and_sends(times, back, from_there))
                }),
                stream: Some(|capacity, times| {
                    let (sender, receiver) = channel::bounded(capacity);
                    on_loop::output_beside(receives(times, receiver), sends(times, sender))
                }),
                uncontended: Some(uncontended),
                contended: Some(contended),
                timers: Some(|sleepers| on_loop::timers(sleepers, sleeps)),
                bare: Some(|times| on_loop::output(bare(times))),
                timeout: Some(|times| on_loop::output(timeouts(times))),
                join: Some(|kind, n, times| match kind {
                    JoinKind::Together => on_loop::output(joins_together(n, times)),
                    JoinKind::OneByOne => on_loop::output(joins_one_by_one(n, times)),
                    JoinKind::Select => on_loop::output(selects(n, times)),
                    JoinKind::Race => on_loop::output(races(n, times)),
                }),
                memory: Some(|n| on_loop::memory(n, suspends)),
                wake: Some(|gate| on_loop::output(serves(gate))),
                ..Contender::new($name, env!("CARGO_PKG_VERSION"))
            }
        }

        fn uncontended(kind: SyncKind, times: u64) -> Duration {
            match kind {
                SyncKind::Mutex => on_loop::time_of([locks(times, Mutex::new(0))]),
                SyncKind::Semaphore => on_loop::time_of([acquires(times, Semaphore::new(1))]),
                SyncKind::Notify => {
                    let notify = Rc::new(Notify::new());
                    on_loop::time_of([notifies(times, notify.clone(), notify)])
                }
                SyncKind::Oneshot => on_loop::time_of([sends_once(times)]),
                SyncKind::Broadcast => on_loop::time_of([broadcasts_to_itself(times)]),
                SyncKind::Watch => on_loop::time_of([watches_itself(times)]),
            }
        }

        fn contended(kind: SyncKind, times: u64) -> Duration {
            match kind {
                SyncKind::Mutex => {
                    let mutex = Mutex::new(0);
                    on_loop::time_of_crowd(times, move |n| locks_for_a_turn(n, mutex.clone()))
                }
                SyncKind::Semaphore => {
                    let semaphore = Semaphore::new(2);
                    let task = move |n| acquires_for_a_turn(n, semaphore.clone());
                    on_loop::time_of_crowd(times, task)
                }
                SyncKind::Notify => {
                    let (one, other) = (Rc::new(Notify::new()), Rc::new(Notify::new()));
                    let first = notifies(times, one.clone(), other.clone());
                    on_loop::time_of_pair(first, is_notified_and_notifies(times, one, other))
                }
                SyncKind::Oneshot => {
                    let question = Question::default();
                    on_loop::time_of_pair(asks(times, question.clone()), answers(times, question))
                }
                SyncKind::Broadcast => {
                    let (sender, _) = broadcast::channel(16);
                    let receivers = on_loop::crowd(|| hears(sender.subscribe()));
                    on_loop::time_of_sender(broadcasts(times, sender), receivers)
                }
                SyncKind::Watch => {
                    let (sender, receiver) = watch::channel(0);
                    let receivers = on_loop::crowd(|| watches(receiver.clone()));
                    on_loop::time_of_sender(changes(times, sender), receivers)
                }
            }
        }
    };
}
