//! [`StackFrame`]: one call on a stack, with its function and its line.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    ptr,
};

use crate::function_name::plain;

/// A call on the stack of a task: a function, and the line that it has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackFrame {
    /// The path of the function, without generics and closures. It is only the last part of the
    /// path, or empty, where the debug information has no more: profiles with `line-tables-only`
    /// leave out the paths of generic functions and of closures.
    pub function: String,
    /// The source file.
    pub file: Option<PathBuf>,
    /// The line in the file, from 1.
    pub line: Option<u32>,
    pub(crate) origin: Origin,
}

/// The package to which a function belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Std,
    /// This package.
    Hooks,
    /// The package of a style.
    Style(&'static str),
    /// A crate on which a style is built. It calls the code of users.
    BelowStyle,
    /// A crate whose functions are system calls. This library uses it, and users may, too.
    SystemCalls,
    /// Another package of the library.
    Library,
    User,
}

/// The folder of this package, and the folder around it. In the workspace, the other packages are
/// below that folder. In a registry, they are beside this one.
const HOOKS: &str = env!("CARGO_MANIFEST_DIR");

/// The folders of the library in the workspace.
const ROOMS: [&str; 6] = ["core", "styles", "hosts", "io", "testing", "quadrivium"];

/// The crates on which styles are built.
const BELOW_STYLES: [&str; 2] = ["corosensei", "genawaiter"];

/// The crates whose functions are system calls.
const SYSTEM_CALLS: [&str; 1] = ["rustix"];

const STYLES: [&str; 4] = ["callback", "generator", "future", "green"];

impl StackFrame {
    /// Looks up the functions of the addresses, the innermost first. One address may be in several
    /// functions, because of inlining.
    pub(crate) fn resolve(addresses: &[usize]) -> Vec<Self> {
        let mut found = Vec::new();
        for address in addresses {
            backtrace::resolve(ptr::without_provenance_mut(*address), |symbol| {
                let name = symbol.name().map(|name| format!("{name:#}")).unwrap_or_default();
                found.push(Self::new(&name, symbol.filename(), symbol.lineno()));
            });
        }
        found
    }

    fn new(name: &str, file: Option<&Path>, line: Option<u32>) -> Self {
        let mut function = plain(name);
        let of_std = file.and_then(module_of_std);
        let of_calls = file.and_then(module_of_system_calls);
        if let Some(module) = of_std.as_ref().or(of_calls.as_ref())
            && !function.contains("::")
        {
            function = format!("{module}::{function}");
        }
        let origin = match file.and_then(package) {
            _ if of_std.is_some() => Origin::Std,
            _ if of_calls.is_some() => Origin::SystemCalls,
            Some(origin) => origin,
            None => of_crate(function.split("::").next().unwrap_or_default()),
        };
        Self { function, file: file.map(Path::to_path_buf), line, origin }
    }

    pub(crate) fn is_of_the_library(&self) -> bool {
        !matches!(self.origin, Origin::Std | Origin::User)
    }

    /// Returns whether this is the function with this path.
    pub(crate) fn is_in(&self, path: &str) -> bool {
        let Some(parents) = path.strip_suffix(&self.function) else { return false };
        !self.function.is_empty() && (parents.is_empty() || parents.ends_with("::"))
    }
}

/// Returns the module of std that is in a file, such as `std::net::tcp`.
fn module_of_std(file: &Path) -> Option<String> {
    let file = file.to_str()?.strip_prefix("/rustc/")?;
    let (_, inside) = file.split_once("/library/")?;
    let (name, path) = inside.split_once("/src/")?;
    Some(module(name, path))
}

/// Returns the module of a crate around system calls that is in a file, such as
/// `rustix::io::read_write`.
fn module_of_system_calls(file: &Path) -> Option<String> {
    let file = file.to_str()?;
    SYSTEM_CALLS.iter().find_map(|name| {
        let (_, inside) = file.split_once(&format!("/{name}-"))?;
        let (_version, path) = inside.split_once("/src/")?;
        Some(module(name, path))
    })
}

/// Returns the path of the module that is in a file below `src`.
fn module(name: &str, path: &str) -> String {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
    format!("{name}::{path}")
}

/// Returns the package of the library to which a file belongs.
fn package(file: &Path) -> Option<Origin> {
    if file.starts_with(Path::new(HOOKS).join("src")) {
        return Some(Origin::Hooks);
    }
    let text = file.to_str()?;
    if BELOW_STYLES.iter().any(|name| text.contains(&format!("/{name}-"))) {
        return Some(Origin::BelowStyle);
    }
    let inside = file.strip_prefix(Path::new(HOOKS).parent()?).ok()?.to_str()?;
    let (folder, _) = inside.split_once("/src/")?;
    let is_in_workspace = ROOMS.contains(&folder.split('/').next()?);
    // In a registry, the folder is the name and the version of the package.
    let in_registry = folder.strip_prefix("quadrivium-");
    let name = match in_registry {
        Some(name) => name.rsplit_once('-')?.0,
        None if is_in_workspace => folder.rsplit('/').next()?,
        None => return None,
    };
    Some(of_package(name))
}

fn of_package(name: &str) -> Origin {
    let style = STYLES.into_iter().find(|style| *style == name);
    style.map_or(Origin::Library, Origin::Style)
}

/// Returns the origin of a function whose file is not known, from the name of its crate.
fn of_crate(name: &str) -> Origin {
    match name {
        "std" | "core" | "alloc" => Origin::Std,
        "quadrivium" => Origin::Library,
        "quadrivium_hooks" => Origin::Hooks,
        name if SYSTEM_CALLS.contains(&name) => Origin::SystemCalls,
        name if BELOW_STYLES.contains(&name) => Origin::BelowStyle,
        _ => name.strip_prefix("quadrivium_").map_or(Origin::User, of_package),
    }
}

/// The form is `src/main.rs:12, client::wait`. A path below the current folder is relative.
impl fmt::Display for StackFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = env::current_dir().unwrap_or_default();
        let file = self.file.as_ref().map(|file| file.strip_prefix(&here).unwrap_or(file));
        match (file, self.line) {
            (Some(file), Some(line)) => write!(f, "{}:{line}", file.display())?,
            (Some(file), None) => write!(f, "{}", file.display())?,
            (None, _) => return f.write_str(&self.function),
        }
        if !self.function.is_empty() {
            write!(f, ", {}", self.function)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(name: &str, file: &str) -> Origin {
        StackFrame::new(name, Some(Path::new(file)), Some(1)).origin
    }

    #[test]
    fn the_file_decides_to_which_package_a_function_belongs() {
        let beside =
            |path: &str| format!("{}/{path}", Path::new(HOOKS).parent().unwrap().display());
        assert_eq!(origin("call<u8>", &beside("hooks/src/step.rs")), Origin::Hooks);
        assert_eq!(
            origin("resume<u8>", &beside("styles/green/src/task.rs")),
            Origin::Style("green")
        );
        assert_eq!(origin("turn", &beside("hosts/event-loop/src/turn.rs")), Origin::Library);
        assert_eq!(
            origin("resume", &beside("quadrivium-future-0.1.0/src/a.rs")),
            Origin::Style("future")
        );
        assert_eq!(origin("resume", &beside("other-0.1.0/src/a.rs")), Origin::User);
        assert_eq!(origin("poll", "/r/genawaiter-0.99.1/src/core.rs"), Origin::BelowStyle);
        assert_eq!(origin("f", &beside("hooks/tests/blocking.rs")), Origin::User);
        assert_eq!(origin("f", "/rustc/0123/library/std/src/fs.rs"), Origin::Std);
    }

    #[test]
    fn without_a_file_the_name_of_the_crate_decides() {
        let origin = |name| StackFrame::new(name, None, None).origin;
        assert_eq!(origin("std::fs::read"), Origin::Std);
        assert_eq!(origin("quadrivium_hooks::step::call"), Origin::Hooks);
        assert_eq!(origin("quadrivium_generator::resume"), Origin::Style("generator"));
        assert_eq!(origin("quadrivium_core::join"), Origin::Library);
        assert_eq!(origin("main::serve"), Origin::User);
    }

    #[test]
    fn a_bare_name_of_std_gets_the_path_of_its_file() {
        let file = Path::new("/rustc/0123/library/std/src/sync/poison/mutex.rs");
        let frame = StackFrame::new("lock<i32>", Some(file), None);
        assert_eq!(frame.function, "std::sync::poison::mutex::lock");
    }

    #[test]
    fn a_function_is_found_by_its_path() {
        let frame = |name| StackFrame::new(name, None, None);
        assert!(frame("main::load").is_in("main::load"));
        assert!(frame("load<u8>").is_in("main::load"));
        assert!(!frame("load<u8>").is_in("main::reload"));
        assert!(!frame("{closure#0}").is_in("main::load"));
    }
}
