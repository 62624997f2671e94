//! [`Rooms`]: the guests, the rooms they are in, and the lines for each guest.

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

use super::lines::{MAX_LINE, TooLong};

/// The largest number of guests in a room.
pub const MAX_GUESTS: usize = 100;

/// The largest number of lines that wait for a guest to read them. When one
/// more line comes, the guest is too slow and is disconnected, so that no other
/// guest waits.
///
/// A guest that reads is never disconnected. Between two resumes of its task,
/// the task of each other guest is resumed once, and causes two lines at most.
const MAX_WAITING: usize = 3 * MAX_GUESTS;

/// The largest number of characters in the name of a guest or a room.
const MAX_NAME: usize = 16;

const LOBBY: &str = "lobby";

/// All guests and rooms of a server. Clones are the same rooms.
#[derive(Clone, Default)]
pub struct Rooms {
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    guests: BTreeMap<u64, GuestState>,
    /// The rooms that have guests, by their names. A line goes to all guests of
    /// a room before any task runs. So all get the same lines in the same
    /// order.
    rooms: BTreeMap<Rc<str>, BTreeSet<u64>>,
    last_number: u64,
}

struct GuestState {
    /// `None` until the guest has sent a valid name.
    name: Option<Rc<str>>,
    room: Option<Rc<str>>,
    lines: Sender<Rc<str>>,
    too_slow: Notify,
}

/// The handle of the task that reads a guest's input. When it is dropped, the
/// guest leaves.
pub struct ChatGuest {
    rooms: Rooms,
    number: u64,
}

impl Rooms {
    /// Adds a guest. Returns the guest, the lines to deliver, and a `Notify`
    /// that is notified when the guest is disconnected because it reads too
    /// slowly.
    pub fn enter(&self) -> (ChatGuest, Receiver<Rc<str>>, Notify) {
        let (lines, queue) = channel::bounded(MAX_WAITING);
        let too_slow = Notify::new();
        let mut state = self.state.borrow_mut();
        state.last_number += 1;
        let number = state.last_number;
        let guest = GuestState {
            name: None,
            room: None,
            lines,
            too_slow: too_slow.clone(),
        };
        state.guests.insert(number, guest);
        state.send(number, "* welcome: what is your name?");
        (ChatGuest { rooms: self.clone(), number }, queue, too_slow)
    }
}

impl ChatGuest {
    /// Does what a line asks for. Returns `Break` if the guest has to leave.
    pub fn handle(&self, line: Result<String, TooLong>) -> ControlFlow<()> {
        let (state, me) = (&mut *self.rooms.state.borrow_mut(), self.number);
        // The guest may have been disconnected because it was too slow.
        let Some(guest) = state.guests.get(&me) else { return Break(()) };
        let Ok(line) = line else {
            let line =
                format!("* a line has {MAX_LINE} bytes at most: goodbye");
            state.send(me, &line);
            return Break(());
        };
        let (line, name) = (line.trim(), guest.name.clone());
        match (line.split_once(' ').unwrap_or((line, "")), name) {
            (("", _), _) => {}
            (("/quit", _), _) => return Break(()),
            (_, None) => state.choose_name(me, line),
            (("/join", room), Some(name)) => state.join(me, &name, room.trim()),
            (("/who", _), Some(_)) => state.list_guests(me),
            ((other, _), Some(_)) if other.starts_with('/') => {
                state.send(me, "* use /join ROOM, /who or /quit");
            }
            (_, Some(name)) => {
                state.send_to_own_room(me, &format!("{name}: {line}"))
            }
        }
        Continue(())
    }

    /// Call this when the input of a guest has ended. The guest leaves. If the
    /// server stops, the guest gets a last line.
    pub fn end_input(self, is_stopping: bool) {
        if is_stopping {
            let line = "* the server stops: goodbye";
            self.rooms.state.borrow_mut().send(self.number, line);
        }
    }
}

impl Drop for ChatGuest {
    fn drop(&mut self) {
        self.rooms.state.borrow_mut().leave(self.number);
    }
}

impl State {
    fn choose_name(&mut self, me: u64, name: &str) {
        if !is_name(name) {
            return self.send(me, &bad_name());
        }
        let has_name = |other: &GuestState| {
            let other = other.name.as_ref();
            other.is_some_and(|other| other.eq_ignore_ascii_case(name))
        };
        if self.guests.values().any(has_name) {
            return self.send(me, "* this name is taken: use another one");
        }
        let name = Rc::from(name);
        if let Some(guest) = self.guests.get_mut(&me) {
            guest.name = Some(Rc::clone(&name));
        }
        self.join(me, &name, LOBBY);
    }

    fn join(&mut self, me: u64, name: &str, room: &str) {
        if !is_name(room) {
            return self.send(me, &bad_name());
        }
        let guests = self.rooms.get(room);
        if guests.is_some_and(|guests| guests.len() >= MAX_GUESTS) {
            return self.send(me, &format!("* {room} is full: use /join ROOM"));
        }
        let former = self.move_guest(me, Some(room.into()));
        if let Some(former) = former {
            self.send_to_room(&former, &format!("* {name} has gone to {room}"));
        }
        self.send_to_room(room, &format!("* {name} has come to {room}"));
    }

    fn list_guests(&mut self, me: u64) {
        let Some(room) = self.room(me) else { return };
        let guests: Vec<_> = self.rooms[&room].iter().copied().collect();
        let line = format!("* in {room}: {}", self.names(&guests));
        self.send(me, &line);
    }

    fn send_to_own_room(&mut self, me: u64, line: &str) {
        if let Some(room) = self.room(me) {
            self.send_to_room(&room, line);
        }
    }

    fn leave(&mut self, me: u64) {
        let room = self.move_guest(me, None);
        let name = self.guests.remove(&me).and_then(|guest| guest.name);
        if let (Some(room), Some(name)) = (room, name) {
            self.send_to_room(&room, &format!("* {name} has left"));
        }
    }

    /// Returns the room that a guest is in. Without one, informs the guest.
    fn room(&mut self, me: u64) -> Option<Rc<str>> {
        let room = self.guests.get(&me).and_then(|me| me.room.clone());
        if room.is_none() {
            self.send(me, "* you are in no room: use /join ROOM");
        }
        room
    }

    /// Moves a guest out of its room, if it is in one, and into `room`, if that
    /// is `Some`. Returns the former room.
    fn move_guest(
        &mut self,
        me: u64,
        room: Option<Rc<str>>,
    ) -> Option<Rc<str>> {
        let guest = self.guests.get_mut(&me)?;
        let former = guest.room.take();
        guest.room.clone_from(&room);
        if let Some(former) = &former
            && let Some(guests) = self.rooms.get_mut(former)
        {
            guests.remove(&me);
            if guests.is_empty() {
                self.rooms.remove(former);
            }
        }
        if let Some(room) = room {
            self.rooms.entry(room).or_default().insert(me);
        }
        former
    }

    /// Sends a line to all guests of a room. Guests that are too slow for it
    /// are disconnected, and the others are informed in one line. One line for
    /// each slow guest could overflow the queues of the others.
    fn send_to_room(&mut self, room: &str, line: &str) {
        let mut next = Some(line.to_string());
        while let Some(line) = next.take() {
            let line: Rc<str> = format!("{line}\n").into();
            let guests = self.rooms.get(room).into_iter().flatten().copied();
            let slow: Vec<_> = guests
                .filter(|number| !self.try_send(*number, &line))
                .collect();
            if !slow.is_empty() {
                let names = self.names(&slow);
                next = Some(format!("* dropped as too slow: {names}"));
            }
            slow.into_iter().for_each(|number| self.drop_slow(number));
        }
    }

    /// Sends a line to one guest. If the guest is too slow for it, its room is
    /// informed.
    fn send(&mut self, number: u64, line: &str) {
        if self.try_send(number, &format!("{line}\n").into()) {
            return;
        }
        let names = self.names(&[number]);
        let line = format!("* dropped as too slow: {names}");
        let room =
            self.guests.get(&number).and_then(|guest| guest.room.clone());
        self.drop_slow(number);
        if let Some(room) = room {
            self.send_to_room(&room, &line);
        }
    }

    /// Adds a line to the queue of a guest. Returns `false` if it is full.
    fn try_send(&self, number: u64, line: &Rc<str>) -> bool {
        let guest = self.guests.get(&number);
        guest.is_none_or(|guest| guest.lines.try_send(Rc::clone(line)).is_ok())
    }

    fn drop_slow(&mut self, number: u64) {
        self.move_guest(number, None);
        if let Some(guest) = self.guests.remove(&number) {
            guest.too_slow.notify_one();
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
    let is_allowed =
        |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=MAX_NAME).contains(&text.len()) && text.chars().all(is_allowed)
}

fn bad_name() -> String {
    format!(
        "* a name has 1 to {MAX_NAME} letters, digits, - or _: use another one"
    )
}
