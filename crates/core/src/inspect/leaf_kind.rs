//! [`LeafKind`]: what kind of leaf a suspended task waits in.

use std::fmt;

/// What kind of leaf a suspended task waits in. A *leaf* is a task that contains no other task.
///
/// Its `Display` is the name of the function that makes the leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum LeafKind {
    /// The task is not woken by a leaf of this library. It awaits a future of another crate, for
    /// example.
    Outside,
    /// A deadline: [`sleep`](crate::sleep) or [`sleep_until`](crate::sleep_until).
    Sleep,
    /// A tick of [`every`](crate::every).
    Tick,
    /// The end of another task.
    Join,
    /// All parts of a [`join_all`](crate::join_all).
    JoinAll,
    /// All parts of a [`try_join_all`](crate::try_join_all), or the first error.
    TryJoinAll,
    /// The first part of a [`race_all`](crate::race_all).
    RaceAll,
    /// The next part of a [`select`](crate::select).
    Select,
    /// A value from a channel, of any kind.
    Recv,
    /// Room in a channel.
    Send,
    /// A mutex.
    Lock,
    /// A [`RwLock`](crate::sync::RwLock), to read.
    ReadLock,
    /// A [`RwLock`](crate::sync::RwLock), to write.
    WriteLock,
    /// The turn to make the value of a [`OnceCell`](crate::sync::OnceCell).
    Init,
    /// Permits of a semaphore.
    Acquire,
    /// A [`Notify`](crate::sync::Notify).
    Notified,
    /// The other tasks at a [`Barrier`](crate::sync::Barrier).
    Wait,
    /// A new value in a [`watch`](crate::sync::watch) channel.
    Changed,
    /// The end of all receivers of a channel.
    Closed,
    /// A descriptor that can be read.
    Read,
    /// A descriptor that can be written.
    Write,
    /// A connection of a listener.
    Accept,
    /// A connection to another socket.
    Connect,
    /// Work on another thread.
    Offload,
    /// An operation on a file, which another thread carries out.
    File,
    /// The addresses of a name.
    Lookup,
    /// A signal.
    Signal,
    /// The end of a child process.
    Child,
    /// The end of all children of a [`Scope`](crate::scope::Scope).
    JoinScope,
    /// The next value of a child of a scope.
    Next,
    /// The cancel of a scope.
    Cancelled,
}

impl LeafKind {
    /// All kinds.
    pub const ALL: [Self; 31] = [
        Self::Outside,
        Self::Sleep,
        Self::Tick,
        Self::Join,
        Self::JoinAll,
        Self::TryJoinAll,
        Self::RaceAll,
        Self::Select,
        Self::Recv,
        Self::Send,
        Self::Lock,
        Self::ReadLock,
        Self::WriteLock,
        Self::Init,
        Self::Acquire,
        Self::Notified,
        Self::Wait,
        Self::Changed,
        Self::Closed,
        Self::Read,
        Self::Write,
        Self::Accept,
        Self::Connect,
        Self::Offload,
        Self::File,
        Self::Lookup,
        Self::Signal,
        Self::Child,
        Self::JoinScope,
        Self::Next,
        Self::Cancelled,
    ];

    /// Returns whether such a leaf waits for a descriptor.
    pub fn has_descriptor(self) -> bool {
        use LeafKind::{Accept, Child, Connect, Read, Signal, Write};
        matches!(self, Read | Write | Accept | Connect | Signal | Child)
    }

    /// Returns whether this is a combinator of any number of tasks. Its parts wait for more.
    pub fn has_parts(self) -> bool {
        matches!(self, Self::JoinAll | Self::TryJoinAll | Self::RaceAll | Self::Select)
    }

    /// Returns the kind with this number. The number of a kind is its place in the declaration.
    pub(super) fn of_number(number: u32) -> Self {
        Self::ALL.get(number as usize).copied().unwrap_or(Self::Outside)
    }
}

impl fmt::Display for LeafKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outside => "outside",
            Self::Sleep => "sleep",
            Self::Tick => "tick",
            Self::Join => "join",
            Self::JoinAll => "join_all",
            Self::TryJoinAll => "try_join_all",
            Self::RaceAll => "race_all",
            Self::Select => "select",
            Self::Recv => "recv",
            Self::Send => "send",
            Self::Lock => "lock",
            Self::ReadLock => "read",
            Self::WriteLock => "write",
            Self::Init => "get_or_init",
            Self::Acquire => "acquire",
            Self::Notified => "notified",
            Self::Wait => "wait",
            Self::Changed => "changed",
            Self::Closed => "closed",
            Self::Read => "read",
            Self::Write => "write",
            Self::Accept => "accept",
            Self::Connect => "connect",
            Self::Offload => "offload",
            Self::File => "file",
            Self::Lookup => "lookup",
            Self::Signal => "signal",
            Self::Child => "child",
            Self::JoinScope => "join",
            Self::Next => "next",
            Self::Cancelled => "cancelled",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_found_by_its_number() {
        for (number, kind) in LeafKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(LeafKind::of_number(kind as u32), kind);
        }
    }
}
