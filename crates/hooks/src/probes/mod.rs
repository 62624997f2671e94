//! Probes: each calls one function of the standard library, and notes the hooks that it reaches.
//!
//! Which functions of the C library the standard library calls is not documented, and changes. So
//! the list is compared with the probes, on the toolchain that is in use.

mod sleeping;
mod sockets;
mod files;
mod processes;
mod locks;
mod green;

use std::{
    cell::RefCell,
    env, fs, io,
    path::{Path, PathBuf},
    process,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    hook::Hook,
    list,
    patch_column::Patch,
    step::{self, Inspector},
    when::WaitsFor,
};

/// A function of the standard library, and the hooks that it has reached on this machine.
#[derive(Debug)]
pub struct Probed {
    /// The path of the function.
    pub function: &'static str,
    /// The hooks that were reached, in order.
    pub reached: Vec<Reached>,
    /// The reason why the call could not be tried on this machine.
    pub error: Option<io::Error>,
    in_green_thread: PatchProbed,
}

impl Probed {
    /// Returns the symbols that the list has for the function.
    pub fn listed(&self) -> Vec<&'static str> {
        let names_it = |hook: &&Hook| hook.std_functions().iter().any(|it| it.0 == self.function);
        list::all_hooks().filter(names_it).map(Hook::symbol).collect()
    }

    /// Returns what the call does in a patched green thread, by the list.
    pub fn listed_patch(&self) -> Patch {
        let names_it = |hook: &&Hook| hook.std_functions().iter().any(|it| it.0 == self.function);
        Patch::of_function(self.function, list::all_hooks().filter(names_it).map(Hook::patch))
    }

    /// Returns what the call did in a patched green thread.
    pub fn patch(&self) -> Patch {
        let PatchProbed { blocks, calls, offloads } = self.in_green_thread;
        match (blocks, calls, offloads) {
            (true, ..) | (_, 0, _) => match self.listed_patch() {
                Patch::OnlyReported(reason) => Patch::OnlyReported(reason),
                _ => Patch::OnlyReported("NOT AS LISTED"),
            },
            (_, _, 0) => Patch::Suspends,
            _ => Patch::Offloads,
        }
    }

    /// Returns the symbols of the hooks that report the call.
    pub fn reported(&self) -> Vec<&'static str> {
        let reported = self.reached.iter().filter(|it| it.waits_for.is_some());
        reported.map(|it| it.hook.symbol()).collect()
    }

    /// Returns whether the call has reached each hook that the list has for it, is reported by no
    /// other, and did in a patched green thread what the list says.
    pub fn is_as_listed(&self) -> bool {
        let (listed, reported) = (self.listed(), self.reported());
        let is_reached =
            |it: &&str| self.reached.iter().any(|reached| reached.hook.symbol() == *it);
        self.error.is_none()
            && listed.iter().all(is_reached)
            && reported.iter().all(|it| listed.contains(it))
            && self.patch().is_as_listed(self.listed_patch(), self.function)
    }
}

/// A hook that a probed call has reached.
#[derive(Clone, Copy, Debug)]
pub struct Reached {
    /// The hook.
    pub hook: &'static Hook,
    /// What the call would have waited for. `None` means that the call could not block, and would
    /// not be reported.
    pub waits_for: Option<WaitsFor>,
}

/// What a call did in a patched green thread.
#[derive(Clone, Copy, Debug, Default)]
struct PatchProbed {
    /// It reached a real function that could block.
    blocks: bool,
    /// The number of patched calls.
    calls: u64,
    /// The number of these that ran on another OS thread.
    offloads: u64,
}

/// Calls each function of the standard library that the list names, and returns what it reached.
/// Then calls it once more in a patched green thread, and looks whether it blocks there.
///
/// The calls are real. They use loopback sockets, a temporary folder and the programs `cat` and
/// `true`. For a moment, standard input is empty.
pub fn probe() -> Vec<Probed> {
    let all = [sleeping::PROBES, sockets::PROBES, files::PROBES, processes::PROBES, locks::PROBES];
    all.into_iter().flatten().map(|(function, call)| run(function, *call)).collect()
}

/// The path of a function, and a call of it. Everything around the call is not watched.
type StdProbe = (&'static str, ProbedCall);
type ProbedCall = fn(&Probing) -> io::Result<()>;

fn run(function: &'static str, call: ProbedCall) -> Probed {
    let probing = Probing { notes: Rc::default(), green: None };
    let error = call(&probing).err();
    let reached = probing.notes.reached.take();
    match green::run(call) {
        Ok(in_green_thread) => Probed { function, reached, error, in_green_thread },
        Err(other) => {
            let (error, in_green_thread) = (error.or(Some(other)), PatchProbed::default());
            Probed { function, reached, error, in_green_thread }
        }
    }
}

/// Passes a call to the hooks.
struct Probing {
    notes: Rc<ReachedHooks>,
    /// The call is made in a patched green thread. It is noted here.
    green: Option<Rc<green::GreenNotes>>,
}

impl Probing {
    /// Makes the call in a step that is watched.
    fn call<R>(&self, call: impl FnOnce() -> R) -> R {
        let returned = match &self.green {
            None => {
                let inspector: Rc<dyn Inspector> = Rc::clone(&self.notes) as _;
                let _step = step::begin(&inspector);
                call()
            }
            // The task begins a step in each resume.
            Some(green) => green.call(call),
        };
        self.notes.is_reached.store(true, Ordering::Release);
        returned
    }

    /// Returns a function for another thread. It waits until the call has reached a hook, at most
    /// ten seconds. So the call waits for that thread, and not for a time.
    fn until_reached(&self) -> impl Fn() + Send + use<> {
        let is_reached = Arc::clone(&self.notes.is_reached);
        move || {
            for _ in 0..100_000 {
                if is_reached.load(Ordering::Acquire) {
                    break;
                }
                thread::sleep(Duration::from_micros(100));
            }
        }
    }
}

/// The hooks that a call has reached.
#[derive(Default)]
struct ReachedHooks {
    reached: RefCell<Vec<Reached>>,
    is_reached: Arc<AtomicBool>,
}

impl Inspector for ReachedHooks {
    fn before(&self, hook: &'static Hook, waits_for: Option<WaitsFor>) {
        self.is_reached.store(true, Ordering::Release);
        let mut reached = self.reached.borrow_mut();
        match reached.iter_mut().find(|it| it.hook.symbol() == hook.symbol()) {
            Some(before) => before.waits_for = before.waits_for.or(waits_for),
            None => reached.push(Reached { hook, waits_for }),
        }
    }

    fn after(&self, _: &'static Hook, _: WaitsFor, _: Duration) {}
}

/// A folder that is removed with its content.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> io::Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("quadrivium-probe-{}-{number}", process::id());
        let path = env::temp_dir().join(name);
        fs::create_dir(&path)?;
        Ok(Self { path })
    }

    fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file and returns its path.
    fn file(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.join(name);
        fs::write(&path, "some text\n")?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.path);
    }
}
