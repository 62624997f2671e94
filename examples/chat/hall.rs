//! [`Hall`]: the guests, the rooms they are in, and the lines for each guest.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow::{self, Break, Continue},
    rc::Rc,
};

use quadrivium::sync::{
    Notify,
    channel::{self, Receiver, Sender},
};

use super::lines::{MOST_BYTES, TooLong};

/// The largest number of guests in a room.
pub const MOST_GUESTS: usize = 100;

/// The largest number of lines that wait for a guest to read them. At one more,
/// the guest is too slow and is dropped, so that no other guest waits. A guest
/// that reads is never dropped: between two resumes of its task, each other
/// task of the room is resumed once, and causes two lines at most.
const QUEUE: usize = 3 * MOST_GUESTS;

/// The largest number of characters in the name of a guest or a room.
const NAME: usize = 16;

const LOBBY: &str = "lobby";

/// All guests and rooms of a server. Clones are the same hall.
#[derive(Clone, Default)]
pub struct Hall {
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    guests: BTreeMap<u64, Presence>,
    /// The rooms that have guests, by their names. A line goes to all guests of
    /// a room before any task runs. So all get the same lines in the same
    /// order.
    rooms: BTreeMap<Rc<str>, BTreeSet<u64>>,
    entered: u64,
}

struct Presence {
    /// `None` until the guest has sent a valid name.
    name: Option<Rc<str>>,
    room: Option<Rc<str>>,
    lines: Sender<Rc<str>>,
    is_slow: Notify,
}

/// The handle that the receiving task of a guest has. When it is dropped, the
/// guest leaves.
pub struct HallGuest {
    hall: Hall,
    number: u64,
}

impl Hall {
    /// Adds a guest. Returns the guest, the lines to deliver, and a `Notify`
    /// that is notified when the guest is dropped because it reads too slowly.
    pub fn enter(&self) -> (HallGuest, Receiver<Rc<str>>, Notify) {
        let (lines, queue) = channel::bounded(QUEUE);
        let is_slow = Notify::new();
        let mut state = self.state.borrow_mut();
        state.entered += 1;
        let number = state.entered;
        let telling = is_slow.clone();
        let presence =
            Presence { name: None, room: None, lines, is_slow: telling };
        state.guests.insert(number, presence);
        state.tell(number, "* welcome: what is your name?");
        (HallGuest { hall: self.clone(), number }, queue, is_slow)
    }
}

impl HallGuest {
    /// Does what a line asks for. Returns `Break` if the guest has to leave.
    pub fn hear(&self, line: Result<String, TooLong>) -> ControlFlow<()> {
        let (state, me) = (&mut *self.hall.state.borrow_mut(), self.number);
        // The guest may have been dropped because it was too slow.
        let Some(presence) = state.guests.get(&me) else { return Break(()) };
        let Ok(line) = line else {
            let line = format!("* {MOST_BYTES} bytes a line at most: goodbye");
            state.tell(me, &line);
            return Break(());
        };
        let (line, name) = (line.trim(), presence.name.clone());
        match (line.split_once(' ').unwrap_or((line, "")), name) {
            (("", _), _) => {}
            (("/quit", _), _) => return Break(()),
            (_, None) => state.name(me, line),
            (("/join", room), Some(name)) => state.join(me, &name, room.trim()),
            (("/who", _), Some(_)) => state.who(me),
            ((other, _), Some(_)) if other.starts_with('/') => {
                state.tell(me, "* use /join ROOM, /who or /quit");
            }
            (_, Some(name)) => state.say(me, &format!("{name}: {line}")),
        }
        Continue(())
    }

    /// Ends a guest that sends no more. If the server stops, the guest gets a
    /// last line.
    pub fn end(self, is_stopping: bool) {
        if is_stopping {
            let line = "* the server stops: goodbye";
            self.hall.state.borrow_mut().tell(self.number, line);
        }
    }
}

impl Drop for HallGuest {
    fn drop(&mut self) {
        self.hall.state.borrow_mut().leave(self.number);
    }
}

impl State {
    fn name(&mut self, me: u64, name: &str) {
        if !is_name(name) {
            return self.tell(me, &bad_name());
        }
        let is_his = |other: &Presence| {
            let other = other.name.as_ref();
            other.is_some_and(|other| other.eq_ignore_ascii_case(name))
        };
        if self.guests.values().any(is_his) {
            return self.tell(me, "* this name is taken: use another one");
        }
        let name = Rc::from(name);
        if let Some(presence) = self.guests.get_mut(&me) {
            presence.name = Some(Rc::clone(&name));
        }
        self.join(me, &name, LOBBY);
    }

    fn join(&mut self, me: u64, name: &str, room: &str) {
        if !is_name(room) {
            return self.tell(me, &bad_name());
        }
        let there = self.rooms.get(room);
        if there.is_some_and(|there| there.len() >= MOST_GUESTS) {
            return self.tell(me, &format!("* {room} is full: use /join ROOM"));
        }
        if let Some(former) = self.go(me, Some(room.into())) {
            self.say_in(&former, &format!("* {name} has gone to {room}"));
        }
        self.say_in(room, &format!("* {name} has come to {room}"));
    }

    fn who(&mut self, me: u64) {
        let Some(room) = self.room(me) else { return };
        let there: Vec<_> = self.rooms[&room].iter().copied().collect();
        let line = format!("* in {room}: {}", self.names(&there));
        self.tell(me, &line);
    }

    fn say(&mut self, me: u64, line: &str) {
        if let Some(room) = self.room(me) {
            self.say_in(&room, line);
        }
    }

    fn leave(&mut self, me: u64) {
        let room = self.go(me, None);
        let name = self.guests.remove(&me).and_then(|presence| presence.name);
        if let (Some(room), Some(name)) = (room, name) {
            self.say_in(&room, &format!("* {name} has left"));
        }
    }

    /// Returns the room that a guest is in. Without one, informs the guest.
    fn room(&mut self, me: u64) -> Option<Rc<str>> {
        let room = self.guests.get(&me).and_then(|me| me.room.clone());
        if room.is_none() {
            self.tell(me, "* you are in no room: use /join ROOM");
        }
        room
    }

    /// Moves a guest out of its room, if it is in one, and into this room, if
    /// there is one. Returns the former room.
    fn go(&mut self, me: u64, room: Option<Rc<str>>) -> Option<Rc<str>> {
        let presence = self.guests.get_mut(&me)?;
        let former = presence.room.take();
        presence.room.clone_from(&room);
        if let Some(former) = &former
            && let Some(there) = self.rooms.get_mut(former)
        {
            there.remove(&me);
            if there.is_empty() {
                self.rooms.remove(former);
            }
        }
        if let Some(room) = room {
            self.rooms.entry(room).or_default().insert(me);
        }
        former
    }

    /// Sends a line to all guests of a room. Those that are too slow for it are
    /// dropped, and the others are informed in one line. With a line for each,
    /// many slow guests would fill the queues of the others.
    fn say_in(&mut self, room: &str, line: &str) {
        let mut next = Some(line.to_string());
        while let Some(line) = next.take() {
            let line: Rc<str> = format!("{line}\n").into();
            let there = self.rooms.get(room).into_iter().flatten().copied();
            let slow: Vec<_> =
                there.filter(|number| !self.offer(*number, &line)).collect();
            if !slow.is_empty() {
                next = Some(format!("* too slow: {}", self.names(&slow)));
            }
            slow.into_iter().for_each(|number| self.drop_slow(number));
        }
    }

    /// Sends a line to one guest. If the guest is too slow for it, its room is
    /// informed.
    fn tell(&mut self, number: u64, line: &str) {
        if self.offer(number, &format!("{line}\n").into()) {
            return;
        }
        let line = format!("* too slow: {}", self.names(&[number]));
        let room = self.guests.get(&number).and_then(|he| he.room.clone());
        self.drop_slow(number);
        if let Some(room) = room {
            self.say_in(&room, &line);
        }
    }

    /// Adds a line to the queue of a guest. Returns `false` if it is full.
    fn offer(&self, number: u64, line: &Rc<str>) -> bool {
        let guest = self.guests.get(&number);
        guest.is_none_or(|he| he.lines.try_send(Rc::clone(line)).is_ok())
    }

    fn drop_slow(&mut self, number: u64) {
        self.go(number, None);
        if let Some(presence) = self.guests.remove(&number) {
            presence.is_slow.notify_one();
        }
    }

    fn names(&self, numbers: &[u64]) -> String {
        let guests = numbers.iter().filter_map(|it| self.guests.get(it));
        let names: Vec<_> =
            guests.filter_map(|guest| guest.name.as_deref()).collect();
        names.join(", ")
    }
}

fn is_name(text: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=NAME).contains(&text.len()) && text.chars().all(is_fit)
}

fn bad_name() -> String {
    format!("* a name has 1 to {NAME} letters, digits, - or _: use another one")
}
