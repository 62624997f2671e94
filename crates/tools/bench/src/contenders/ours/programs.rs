//! `programs!`: the tasks that are measured, for the three styles whose bodies are sequential. The
//! file `callback` has the same functions in the same order.

/// Defines the tasks of a style. `$task!(co, { .. })` makes a task of a body, and
/// `$perform!(co, task)` performs a task in it.
macro_rules! programs {
    ($task:ident, $perform:ident) => {
        pub(super) fn turns(mut counter: Counter) -> impl Task<Output = ()> {
            $task!(co, {
                while counter.turn() {
                    $perform!(co, turn());
                }
            })
        }

        pub(super) fn adds(count: u64) -> impl Task<Output = u64> {
            $task!(co, { bump(count) })
        }

        pub(super) fn sends_and_receives(
            times: u64,
            sender: channel::Sender<u64>,
            receiver: channel::Receiver<u64>,
        ) -> impl Task<Output = Duration> {
            $task!(co, {
                let start = Instant::now();
                for value in 0..times {
                    $perform!(co, sender.send(value)).expect("the channel is open");
                    black_box($perform!(co, receiver.recv()).expect("the channel is open"));
                }
                start.elapsed()
            })
        }

        pub(super) fn receives_and_sends(
            times: u64,
            sender: channel::Sender<u64>,
            receiver: channel::Receiver<u64>,
        ) -> impl Task<Output = ()> {
            $task!(co, {
                for _ in 0..times {
                    let value = $perform!(co, receiver.recv()).expect("the channel is open");
                    $perform!(co, sender.send(value + 1)).expect("the channel is open");
                }
            })
        }

        pub(super) fn sends(times: u64, sender: channel::Sender<u64>) -> impl Task<Output = ()> {
            $task!(co, {
                for value in 0..times {
                    $perform!(co, sender.send(value)).expect("the channel is open");
                }
            })
        }

        pub(super) fn receives(
            times: u64,
            receiver: channel::Receiver<u64>,
        ) -> impl Task<Output = Duration> {
            $task!(co, {
                let start = Instant::now();
                for _ in 0..times {
                    black_box($perform!(co, receiver.recv()).expect("the channel is open"));
                }
                start.elapsed()
            })
        }

        pub(super) fn locks(times: u64, mutex: Mutex<u64>) -> impl Task<Output = ()> {
            $task!(co, {
                for _ in 0..times {
                    let mut value = $perform!(co, mutex.lock());
                    *value = bump(*value);
                }
            })
        }

        pub(super) fn locks_for_a_turn(times: u64, mutex: Mutex<u64>) -> impl Task<Output = ()> {
            $task!(co, {
                for _ in 0..times {
                    let mut value = $perform!(co, mutex.lock());
                    *value = bump(*value);
                    $perform!(co, turn());
                }
            })
        }

        pub(super) fn acquires(times: u64, semaphore: Semaphore) -> impl Task<Output = ()> {
            $task!(co, {
                for _ in 0..times {
                    drop($perform!(co, semaphore.acquire()).expect("it is open"));
                }
            })
        }

        pub(super) fn acquires_for_a_turn(
            times: u64,
            semaphore: Semaphore,
        ) -> impl Task<Output = ()> {
            $task!(co, {
                for _ in 0..times {
                    let permit = $perform!(co, semaphore.acquire()).expect("it is open");
                    $perform!(co, turn());
                    drop(permit);
                }
            })
        }

        pub(super) fn notifies(
            times: u64,
            there: Rc<Notify>,
            back: Rc<Notify>,
        ) -> impl Task<Output = ()> {
            $task!(co, {
                for _ in 0..times {
                    there.notify_one();
                    $perform!(co, back.notified());
                }
            })
        }

        pub(super) fn is_notified_and_notifies(
            times: u64,
            there: Rc<Notify>,
            back: Rc<Notify>,
        ) -> impl Task<Output = ()> {
            $task!(co, {
                for _ in 0..times {
                    $perform!(co, there.notified());
                    back.notify_one();
                }
            })
        }

        pub(super) fn sends_once(times: u64) -> impl Task<Output = ()> {
            $task!(co, {
                for value in 0..times {
                    let (sender, receiver) = oneshot::channel();
                    sender.send(value).expect("the receiver exists");
                    black_box($perform!(co, receiver).expect("a value was sent"));
                }
            })
        }

        pub(super) fn asks(times: u64, question: Question) -> impl Task<Output = ()> {
            $task!(co, {
                for _ in 0..times {
                    let (sender, receiver) = oneshot::channel();
                    question.set(Some(sender));
                    black_box($perform!(co, receiver).expect("a value is sent"));
                }
            })
        }

        pub(super) fn answers(times: u64, question: Question) -> impl Task<Output = ()> {
            $task!(co, {
                let mut answered = 0;
                while answered < times {
                    match question.take() {
                        Some(sender) => {
                            sender.send(answered).expect("the receiver waits");
                            answered += 1;
                        }
                        None => $perform!(co, turn()),
                    }
                }
            })
        }

        pub(super) fn broadcasts_to_itself(times: u64) -> impl Task<Output = ()> {
            $task!(co, {
                let (sender, receiver) = broadcast::channel(16);
                for value in 0..times {
                    sender.send(value);
                    black_box($perform!(co, receiver.recv()).expect("a value was sent"));
                }
            })
        }

        pub(super) fn broadcasts(
            times: u64,
            sender: broadcast::Sender<u64>,
        ) -> impl Task<Output = ()> {
            $task!(co, {
                for value in 0..times {
                    sender.send(value);
                    $perform!(co, turn());
                }
            })
        }

        pub(super) fn hears(receiver: broadcast::Receiver<u64>) -> impl Task<Output = ()> {
            $task!(co, {
                loop {
                    match $perform!(co, receiver.recv()) {
                        Ok(value) => _ = black_box(value),
                        Err(broadcast::RecvError::Lagged(_)) => {}
                        Err(broadcast::RecvError::Closed) => break,
                    }
                }
            })
        }

        pub(super) fn watches_itself(times: u64) -> impl Task<Output = ()> {
            $task!(co, {
                let (sender, receiver) = watch::channel(0);
                for value in 0..times {
                    sender.send(value);
                    $perform!(co, receiver.changed()).expect("the sender exists");
                    black_box(*receiver.borrow());
                }
            })
        }

        pub(super) fn changes(times: u64, sender: watch::Sender<u64>) -> impl Task<Output = ()> {
            $task!(co, {
                for value in 0..times {
                    sender.send(value);
                    $perform!(co, turn());
                }
            })
        }

        pub(super) fn watches(receiver: watch::Receiver<u64>) -> impl Task<Output = ()> {
            $task!(co, {
                while $perform!(co, receiver.changed()).is_ok() {
                    black_box(*receiver.borrow());
                }
            })
        }

        pub(super) fn sleeps(mut sleeper: Sleeper) -> impl Task<Output = ()> {
            $task!(co, {
                let duration = sleeper.falls_asleep();
                $perform!(co, sleep(duration));
                sleeper.wakes_up();
            })
        }

        pub(super) fn bare(times: u64) -> impl Task<Output = Duration> {
            $task!(co, {
                let start = Instant::now();
                for _ in 0..times {
                    $perform!(co, turn());
                }
                start.elapsed()
            })
        }

        pub(super) fn timeouts(times: u64) -> impl Task<Output = Duration> {
            $task!(co, {
                let start = Instant::now();
                for _ in 0..times {
                    $perform!(co, timeout(LONG, turn())).expect("an hour has not passed");
                }
                start.elapsed()
            })
        }

        pub(super) fn joins_together(n: usize, times: u64) -> impl Task<Output = Duration> {
            $task!(co, {
                let start = Instant::now();
                for _ in 0..times {
                    black_box($perform!(co, join_all((0..n).map(|_| turn()))));
                }
                start.elapsed()
            })
        }

        pub(super) fn joins_one_by_one(n: usize, times: u64) -> impl Task<Output = Duration> {
            $task!(co, {
                let mut elapsed = Duration::ZERO;
                for _ in 0..times {
                    let events = on_loop::events(n);
                    on_loop::fire_one_by_one(&events);
                    let start = Instant::now();
                    let parts = events.iter().map(|event| future(event.wait()));
                    black_box($perform!(co, join_all(parts)));
                    elapsed += start.elapsed();
                }
                elapsed
            })
        }

        pub(super) fn selects(n: usize, times: u64) -> impl Task<Output = Duration> {
            $task!(co, {
                let mut elapsed = Duration::ZERO;
                for _ in 0..times {
                    let events = on_loop::events(n);
                    on_loop::fire_one_by_one(&events);
                    let start = Instant::now();
                    let parts = events.iter().map(|event| future(event.wait()));
                    let mut rest = select(parts);
                    while let Some(first) = $perform!(co, rest) {
                        rest = first.rest;
                    }
                    elapsed += start.elapsed();
                }
                elapsed
            })
        }

        pub(super) fn races(n: usize, times: u64) -> impl Task<Output = Duration> {
            $task!(co, {
                let mut elapsed = Duration::ZERO;
                for _ in 0..times {
                    let events = on_loop::events(n);
                    on_loop::fire_the_middle(&events);
                    let start = Instant::now();
                    let parts = events.iter().map(|event| future(event.wait()));
                    black_box($perform!(co, race_all(parts)));
                    elapsed += start.elapsed();
                }
                elapsed
            })
        }

        pub(super) fn serves(gate: Arc<Gate>) -> impl Task<Output = ()> {
            $task!(co, { $perform!(co, future(gate.serve())) })
        }
    };
}
