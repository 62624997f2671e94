//! [`CallReport`]: a call that has blocked the loop, or could have, in the terms of its user.

use std::{fmt, thread, time::Duration};

use quadrivium_core::host::Label;

use crate::{
    call_note::CallNote,
    function_name::public_function,
    hook::Hook,
    stack_frame::{Origin, StackFrame},
    when::{DescriptorKind, WaitsFor},
};

/// A call in a step of a task that has blocked the thread, or could have.
///
/// Its text is a report:
///
/// ```text
/// std::thread::sleep through clock_nanosleep, 3.0 s
///   in task 1 "client" (spawned at src/main.rs:10:5), style future
///   at src/main.rs:12, client::wait
///   instead: time::sleep
/// ```
#[derive(Clone, Debug)]
pub struct CallReport {
    /// The function that the user called, if it is known: one of the standard library, or of a
    /// crate around system calls.
    pub function: Option<String>,
    /// The functions of the C library that the call has reached, in order.
    pub hooks: Vec<&'static Hook>,
    /// Whether the system call was made without the C library. The hook then has its name.
    pub is_direct: bool,
    /// What the first of them waits for.
    pub waits_for: WaitsFor,
    /// The time that the call took, if that was measured. For several calls, it is their sum.
    pub took: Option<Duration>,
    /// The number of calls from the same place in one step.
    pub times: u32,
    /// The task, if its host knows it.
    pub task: Option<Label>,
    /// The style whose code called the user's function.
    pub style: Option<&'static str>,
    /// The calls of the user that led to this one, the innermost first. In an optimised program, a
    /// function whose last act is the call leaves no frame.
    pub frames: Vec<StackFrame>,
    /// The replacement in Quadrivium.
    pub instead: &'static str,
    /// The number of calls from other places in the same step that have no report, because a step
    /// keeps 32 places. Only the last report of a step has a number other than zero.
    pub left_out: u32,
}

impl CallReport {
    /// Returns the calls of users among the notes. Calls that Quadrivium makes itself are left
    /// out: its locks are held for moments only.
    pub(crate) fn resolve(notes: Vec<CallNote>, left_out: u32) -> Vec<Self> {
        let mut calls = Vec::<Self>::new();
        for (note, frames) in resolve_elsewhere(notes) {
            let Some(call) = Self::of(&note, frames) else { continue };
            match calls.last_mut().filter(|last| last.is_same_line(&call)) {
                Some(last) => last.add(note.hook),
                None => calls.push(call),
            }
        }
        if let Some(last) = calls.last_mut() {
            last.left_out = left_out;
        }
        calls
    }

    /// Returns whether two calls are one call in the user's terms. Calls whose time was measured
    /// are reported one by one.
    fn is_same_line(&self, other: &Self) -> bool {
        let parts = |it: &Self| (it.function.clone(), it.frames.clone());
        self.took.is_none() && parts(self) == parts(other)
    }

    fn add(&mut self, hook: &'static Hook) {
        if !self.hooks.iter().any(|it| it.symbol() == hook.symbol()) {
            self.hooks.push(hook);
        }
    }

    /// Returns the call. Returns `None` if Quadrivium itself makes it.
    fn of(note: &CallNote, frames: Vec<StackFrame>) -> Option<Self> {
        let hook = note.hook;
        // A function of the user may have the same name, but its file is known.
        let is_hook = |it: &StackFrame| {
            it.origin == Origin::Hooks || it.file.is_none() && it.function == hook.symbol()
        };
        let above = frames.iter().take_while(|it| is_hook(it)).count();
        let frames = &frames[above..];
        let is_below_user =
            |it: &&StackFrame| matches!(it.origin, Origin::Std | Origin::SystemCalls);
        let called = frames.iter().take_while(is_below_user).count();
        let (called, rest) = frames.split_at(called);
        // The code of a user may leave no frame of its own, if its last act is the call. Its caller
        // is then a style, which makes no such calls itself. Without its file, a frame of ours may
        // contain inlined code of the user.
        let is_ours = |it: &&StackFrame| it.origin == Origin::Library && it.file.is_some();
        if rest.first().filter(is_ours).is_some() {
            return None;
        }
        let user = rest.iter().take_while(|it| !it.is_of_the_library()).count();
        let (user, below) = rest.split_at(user);
        let (function, instead) = function(note, called);
        Some(Self {
            function,
            hooks: vec![hook],
            is_direct: note.is_direct,
            waits_for: note.waits_for,
            took: note.took,
            times: note.times,
            task: note.task.clone(),
            style: below.iter().find_map(|it| match it.origin {
                Origin::Style(style) => Some(style),
                _ => None,
            }),
            frames: user.iter().filter(|it| it.origin == Origin::User).cloned().collect(),
            instead,
            left_out: 0,
        })
    }

    /// Returns whether the call is allowed by the name of a function: of the C library, of std, or
    /// of a user's function that leads to it.
    pub(crate) fn is_inside(&self, function: &str) -> bool {
        self.hooks.iter().any(|hook| hook.symbol() == function)
            || self.function.as_deref() == Some(function)
            || self.frames.iter().any(|frame| frame.is_in(function))
    }
}

/// Looks up the frames on a thread of its own, because the lookup needs more stack than a green
/// thread may have.
fn resolve_elsewhere(notes: Vec<CallNote>) -> Vec<(CallNote, Vec<StackFrame>)> {
    let resolve = |notes: Vec<CallNote>| {
        let frames = |it: &CallNote| StackFrame::resolve(it.addresses.as_slice());
        notes.into_iter().map(|it| (it.clone(), frames(&it))).collect()
    };
    let copy = notes.clone();
    let thread = thread::Builder::new().name("quadrivium-hooks".into());
    match thread.spawn(move || resolve(copy)).map(thread::JoinHandle::join) {
        Ok(Ok(resolved)) => resolved,
        // The operating system refuses a thread.
        Ok(Err(_)) | Err(_) => resolve(notes),
    }
}

/// Returns the function that the user called, and its replacement. The frames are those of std and
/// of crates around system calls, the innermost first.
///
/// The compiler joins functions of std that have the same code, such as `TcpStream::write` and
/// `UdpSocket::send`. The debug information then has one name for both. So the kind of the
/// descriptor decides first, then the name.
fn function(note: &CallNote, called: &[StackFrame]) -> (Option<String>, &'static str) {
    let hook = note.hook;
    let listed = || hook.std_functions().iter().map(|(function, _)| *function);
    let of_kind: Vec<_> = listed().filter(|it| is_of_kind(it, note.waits_for)).collect();
    let instead_of = |function: Option<&str>| {
        let of_it = hook.std_functions().iter().find(|(it, _)| Some(*it) == function);
        of_it.map_or(hook.instead(), |(_, instead)| instead)
    };
    let is_named =
        |it: &&StackFrame| it.origin == Origin::SystemCalls || it.function.starts_with("std::");
    let Some(outermost) = called.iter().rfind(is_named) else {
        return (None, instead_of(of_kind.first().copied()));
    };
    if outermost.origin == Origin::SystemCalls {
        return (Some(outermost.function.clone()), instead_of(of_kind.first().copied()));
    }
    let candidates = if of_kind.is_empty() { listed().collect() } else { of_kind.clone() };
    let by_name = called.iter().rev().find_map(|it| public_function(&it.function, &candidates));
    match by_name.or(of_kind.first().copied()) {
        Some(found) => (Some(found.into()), instead_of(Some(found))),
        None => (Some(outermost.function.clone()), hook.instead()),
    }
}

/// Returns whether a function of std has to do with descriptors of a kind.
fn is_of_kind(function: &str, waits_for: WaitsFor) -> bool {
    let WaitsFor::Descriptor(kind) = waits_for else { return false };
    let types: &[_] = match kind {
        DescriptorKind::StandardInput => &["::Stdin::"],
        DescriptorKind::File | DescriptorKind::Folder => &["::fs::"],
        DescriptorKind::TcpSocket => &["::TcpStream::", "::TcpListener::"],
        DescriptorKind::UdpSocket => &["::UdpSocket::"],
        DescriptorKind::UnixStream => &["::UnixStream::", "::UnixListener::"],
        DescriptorKind::UnixDatagram => &["::UnixDatagram::"],
        DescriptorKind::Pipe => &["::Pipe", "::process::"],
        DescriptorKind::OtherSocket | DescriptorKind::Device | DescriptorKind::Other => &[],
    };
    types.iter().any(|name| function.contains(name))
}

impl fmt::Display for CallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = &self.function {
            write!(f, "{function} through ")?;
        }
        if self.is_direct {
            f.write_str("the system call ")?;
        }
        let symbols: Vec<_> = self.hooks.iter().map(|hook| hook.symbol()).collect();
        f.write_str(&symbols.join(", "))?;
        match (self.took, self.waits_for) {
            (Some(took), _) | (None, WaitsFor::Time(took)) => write!(f, ", {}", in_units(took))?,
            (None, WaitsFor::Descriptor(kind)) => write!(f, ", {}", name(kind))?,
            (None, WaitsFor::Event) => {}
        }
        match (self.times, self.took) {
            (1, _) => {}
            (times, Some(_)) => write!(f, " in {times} calls")?,
            (times, None) => write!(f, ", {times} times")?,
        }
        if let Some(task) = &self.task {
            write!(f, "\n  in {task}")?;
            if let Some(style) = self.style {
                write!(f, ", style {style}")?;
            }
        }
        for frame in &self.frames {
            write!(f, "\n  at {frame}")?;
        }
        write!(f, "\n  instead: {}", self.instead)?;
        if self.left_out > 0 {
            write!(f, "\n  not shown: {} calls from other places in this step", self.left_out)?;
        }
        Ok(())
    }
}

fn in_units(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        1.0.. => format!("{seconds:.1} s"),
        0.001.. => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{:.1} µs", seconds * 1e6),
    }
}

fn name(kind: DescriptorKind) -> &'static str {
    match kind {
        DescriptorKind::StandardInput => "standard input",
        DescriptorKind::File => "a file",
        DescriptorKind::Folder => "a folder",
        DescriptorKind::TcpSocket => "a TCP socket",
        DescriptorKind::UdpSocket => "a UDP socket",
        DescriptorKind::UnixStream | DescriptorKind::UnixDatagram => "a Unix socket",
        DescriptorKind::OtherSocket => "a socket",
        DescriptorKind::Pipe => "a pipe",
        DescriptorKind::Device => "a device",
        DescriptorKind::Other => "a descriptor",
    }
}
