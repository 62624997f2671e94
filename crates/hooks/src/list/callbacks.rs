//! Hooks: functions of the C library that call functions of the program. They do not wait
//! themselves. Calls inside them are never patched.

use std::ffi::{c_char, c_int, c_void};

use libc::size_t;

use crate::{hook::hooks, patch::callbacks::ProgramFunction, when};

hooks! {
    fn qsort(base: *mut c_void, n: size_t, size: size_t, compare: ProgramFunction) -> () {
        blocks: when::never(),
        patch: marks(callbacks::qsort, "it calls back into the program"),
        instead: "",
        std: [],
    }

    fn qsort_r(
        base: *mut c_void,
        n: size_t,
        size: size_t,
        compare: ProgramFunction,
        argument: *mut c_void,
    ) -> () {
        blocks: when::never(),
        patch: marks(callbacks::qsort_r, "it calls back into the program"),
        instead: "",
        std: [],
    }

    fn bsearch(
        key: *const c_void,
        base: *const c_void,
        n: size_t,
        size: size_t,
        compare: ProgramFunction,
    ) -> *mut c_void {
        blocks: when::never(),
        patch: marks(callbacks::bsearch, "it calls back into the program"),
        instead: "",
        std: [],
    }

    fn pthread_once(once: *mut c_void, initialise: ProgramFunction) -> c_int {
        blocks: when::never(),
        patch: marks(callbacks::pthread_once, "it calls back into the program"),
        instead: "",
        std: [],
    }

    fn nftw(
        path: *const c_char,
        callback: ProgramFunction,
        descriptors: c_int,
        flags: c_int,
    ) -> c_int {
        blocks: when::never(),
        patch: marks(callbacks::nftw, "it calls back into the program"),
        instead: "",
        std: [],
    }
}
