//! [`Hook`]: our function under the name of a function of the C library, and the macro that defines
//! such functions.
//!
//! ```text
//!   std, a C library ─► our `read` ─┬─ outside a step ──────────────────► the real `read`
//!                                   └─ in a step ─► `step::call` ─► report, and the real `read`
//! ```
//!
//! A symbol that an executable defines takes precedence over the same symbol of a shared library.
//! So the linker resolves each call of `read` to our function, also calls from std and from C
//! libraries. Calls inside the C library itself do not use the symbol, and are not seen.

use std::{
    ffi::CStr,
    fmt,
    sync::atomic::{AtomicPtr, Ordering},
};

use crate::{patch_column::Patch, system};

/// A hook: our function under the name of a function of the C library.
/// [`all_hooks`](crate::all_hooks) returns all of them.
pub struct Hook {
    symbol: &'static CStr,
    instead: &'static str,
    patch: Patch,
    std: &'static [(&'static str, &'static str)],
    /// The real function. Before it is looked up, this is a function that looks it up. So a hook
    /// need not check for null.
    real: AtomicPtr<()>,
}

impl Hook {
    /// Returns a hook. `first_call` has the type of the real function. It looks up the real
    /// function and calls it.
    pub(crate) const fn new(
        symbol: &'static str,
        instead: &'static str,
        patch: Patch,
        std: &'static [(&'static str, &'static str)],
        first_call: *const (),
    ) -> Self {
        let Ok(symbol) = CStr::from_bytes_with_nul(symbol.as_bytes()) else {
            panic!("a symbol ends with a NUL byte")
        };
        Self { symbol, instead, patch, std, real: AtomicPtr::new(first_call.cast_mut()) }
    }

    /// Returns the name of the function.
    pub fn symbol(&self) -> &'static str {
        self.symbol.to_str().expect("a symbol is ASCII")
    }

    /// Returns the functions of the standard library that call this function, and the replacement
    /// of each in Quadrivium.
    pub fn std_functions(&self) -> &'static [(&'static str, &'static str)] {
        self.std
    }

    /// Returns the replacement in Quadrivium for code that calls the C function directly.
    pub fn instead(&self) -> &'static str {
        self.instead
    }

    /// Returns what the function does in a patched green thread.
    pub fn patch(&self) -> Patch {
        self.patch
    }

    /// Returns the address of the real function, or of the function that looks it up.
    #[inline]
    pub(crate) fn real(&self) -> *mut () {
        self.real.load(Ordering::Relaxed)
    }

    /// Looks up the real function. If there is none, the process ends with a message.
    ///
    /// All hooks are resolved before `main`, because the lookup takes a lock. A child between fork
    /// and exec must not wait for a lock.
    #[cold]
    pub(crate) fn resolve(&self) {
        let real = system::next_definition(self.symbol);
        if real.is_null() {
            system::end_process(self.symbol());
        }
        self.real.store(real, Ordering::Relaxed);
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hook").field(&self.symbol()).finish()
    }
}

/// Defines hooks, and `HOOKS`, the list of them. Each hook has its signature, and:
///
/// * `blocks`: what the call waits for, or `None` if it cannot block now;
/// * `patch`: what the call does in a patched green thread. It `suspends` or `offloads`, by a
///   function in `patch/`. Otherwise the call `only_reports`, for a reason. A function that never
///   waits itself, but concerns other calls, `marks` them there;
/// * `instead`: the replacement for code that calls the C function directly;
/// * `std`: the functions of the standard library that call it, and the replacement of each.
///
/// Variadic functions have a fixed number of arguments here. On x86-64 and aarch64 Linux these are
/// in the same registers. An argument that the caller does not pass has any value, and the real
/// function does not read it.
macro_rules! hooks {
    ($(
        $(#[$attribute:meta])*
        fn $symbol:ident($($argument:ident: $type:ty),* $(,)?) -> $returned:ty {
            blocks: $blocks:expr,
            patch: $patch:ident($($how:tt)*),
            instead: $instead:expr,
            std: [$($std:literal => $replacement:literal),* $(,)?] $(,)?
        }
    )*) => {
        pub(super) static HOOKS: &[&crate::hook::Hook] = &[
            $($(#[$attribute])* &$symbol::HOOK),*
        ];

        $(
            $(#[$attribute])*
            mod $symbol {
                #[allow(unused_imports)]
                use super::*;

                type Real = unsafe extern "C" fn($($type),*) -> $returned;

                pub(super) static HOOK: crate::hook::Hook = crate::hook::Hook::new(
                    concat!(stringify!($symbol), "\0"),
                    $instead,
                    crate::hook::patch_of!($patch($($how)*)),
                    &[$(($std, $replacement)),*],
                    first_call as *const (),
                );

                fn real() -> Real {
                    // SAFETY: This is the address of `first_call`, which has this type, or of the
                    // real function. The list has the signatures of the C library.
                    unsafe { std::mem::transmute::<*mut (), Real>(HOOK.real()) }
                }

                unsafe extern "C" fn first_call($($argument: $type),*) -> $returned {
                    HOOK.resolve();
                    // SAFETY: The caller called the function with these arguments.
                    unsafe { real()($($argument),*) }
                }

                /// The call in a step that is watched. It is a function of its own, so that the
                /// hook outside of a step consists of a branch and a jump.
                #[cold]
                #[inline(never)]
                unsafe extern "C" fn in_step($($argument: $type),*) -> $returned {
                    crate::hook::patched!((real(), $($argument),*) $patch($($how)*));
                    if !crate::watch_flag::is_watched() {
                        // SAFETY: The caller called the function with these arguments.
                        return unsafe { real()($($argument),*) };
                    }
                    crate::step::call(
                        &HOOK,
                        || $blocks,
                        // SAFETY: The caller called the function with these arguments.
                        || unsafe { real()($($argument),*) },
                    )
                }

                /// The hook itself.
                #[unsafe(no_mangle)]
                pub unsafe extern "C" fn $symbol($($argument: $type),*) -> $returned {
                    let is_looked_at = crate::watch_flag::is_watched() | crate::patch::is_on();
                    let function = if is_looked_at { in_step } else { real() };
                    // SAFETY: The caller called the function with these arguments.
                    unsafe { function($($argument),*) }
                }
            }
        )*
    };
}

/// The value of the column `patch`.
macro_rules! patch_of {
    (suspends($module:ident::$function:ident)) => {
        crate::patch_column::Patch::Suspends
    };
    (offloads($module:ident::$function:ident)) => {
        crate::patch_column::Patch::Offloads
    };
    (marks($module:ident::$function:ident, $reason:expr)) => {
        crate::patch_column::Patch::OnlyReported($reason)
    };
    (only_reports($reason:expr)) => {
        crate::patch_column::Patch::OnlyReported($reason)
    };
}

/// Returns from the hook, if the call is made by a patched green thread and suspends it.
macro_rules! patched {
    (($($argument:expr),* $(,)?) only_reports($reason:expr)) => {};
    (
        ($($argument:expr),* $(,)?)
        $patch:ident($module:ident::$function:ident $(, $reason:expr)?)
    ) => {
        // SAFETY: The caller called the function with these arguments.
        let patched = unsafe { crate::patch::$module::$function($($argument),*) };
        if let Some(returned) = patched {
            return returned;
        }
    };
}

pub(crate) use {hooks, patch_of, patched};

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, fs, os::unix::process::ExitStatusExt, process::Command};

    use object::{
        Endianness,
        elf::{FileHeader64, STT_FUNC},
        read::elf::{ElfFile64, FileHeader, Sym},
    };

    use super::*;
    use crate::list::all_hooks;

    /// Runs in a process of its own, which ends.
    #[test]
    fn a_function_that_is_missing_ends_the_process_with_a_message() {
        static MISSING: Hook =
            Hook::new("no_such_function\0", "", Patch::Suspends, &[], std::ptr::null());
        const TEST: &str =
            "hook::tests::a_function_that_is_missing_ends_the_process_with_a_message";
        if std::env::var_os("QUADRIVIUM_MISSING_FUNCTION").is_some() {
            MISSING.resolve();
        }
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", TEST, "--nocapture"])
            .env("QUADRIVIUM_MISSING_FUNCTION", "1")
            .output()
            .unwrap();
        assert_eq!(output.status.signal(), Some(libc::SIGABRT));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "quadrivium-hooks: the C library of this process has no function `no_such_function`. \
             The hooks need glibc 2.34 or newer, linked dynamically. Remedy: leave out the feature \
             `hooks`\n"
        );
    }

    /// Returns the default version of each function that a library defines, as an offset.
    fn default_versions(library: &[u8]) -> HashMap<String, u64> {
        let file = ElfFile64::<Endianness>::parse(library).unwrap();
        let endian = file.endian();
        let header = FileHeader64::<Endianness>::parse(library).unwrap();
        let sections = header.sections(endian, library).unwrap();
        let versions = sections.versions(endian, library).unwrap().expect("it has versions");
        let symbols = file.elf_dynamic_symbol_table();
        let mut found = HashMap::new();
        for (index, symbol) in symbols.enumerate() {
            let is_default = !versions.version_index(endian, index).is_hidden();
            let is_defined = !symbol.is_undefined(endian) && symbol.st_type() == STT_FUNC;
            if is_default && is_defined {
                let name = symbol.name(endian, symbols.strings()).unwrap();
                let name = String::from_utf8_lossy(name).into_owned();
                found.insert(name, symbol.st_value(endian));
            }
        }
        found
    }

    /// The C library keeps old versions of some functions, such as `pthread_cond_wait`, for old
    /// programs. Their locks look different.
    #[test]
    fn the_real_functions_are_the_default_versions() {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let line = maps.lines().find(|line| line.ends_with("/libc.so.6")).unwrap();
        let start = usize::from_str_radix(line.split('-').next().unwrap(), 16).unwrap();
        let library = fs::read(&line[line.find('/').unwrap()..]).unwrap();
        let versions = default_versions(&library);
        let mut compared = 0;
        for hook in all_hooks() {
            hook.resolve();
            if let Some(offset) = versions.get(hook.symbol()) {
                assert_eq!((hook.real().addr() - start) as u64, *offset, "{hook:?}");
                compared += 1;
            }
        }
        let hooks = all_hooks().count();
        assert!(compared >= hooks - 5, "{compared} of {hooks} functions are compared");
    }
}
