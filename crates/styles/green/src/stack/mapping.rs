//! [`Mapping`]: a range of address space from the kernel, and the system calls on it.

use std::{
    fs, io,
    ops::Range,
    ptr,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The number of bytes in a page. All ranges in this file are whole pages.
pub(super) static PAGE: LazyLock<usize> = LazyLock::new(|| {
    // SAFETY: sysconf reads a constant of the system.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(page).expect("every unix has a page size")
});

/// `MADV_GUARD_INSTALL`, which the libc crate does not name yet.
#[cfg(target_os = "linux")]
const MADV_GUARD_INSTALL: libc::c_int = 102;

// On Linux, NORESERVE keeps a million stacks from counting as promised memory. STACK requests that
// no huge page backs them (6.7 and later). On FreeBSD, MAP_STACK means a mapping that grows.
// OpenBSD kills a process whose stack pointer is outside a MAP_STACK mapping.
#[cfg(any(target_os = "linux", target_os = "android"))]
const FLAGS: libc::c_int =
    libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE | libc::MAP_STACK;
#[cfg(target_os = "openbsd")]
const FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_STACK;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "openbsd")))]
const FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON;

/// Readable and writable memory, zeroed, private to the process. A page costs nothing until it is
/// touched.
///
/// It has no destructor, because stacks may outlive their owner. [`Mapping::unmap`] ends it.
#[derive(Debug)]
pub(super) struct Mapping {
    start: usize,
    bytes: usize,
    /// The number of guards made by `mprotect`. Each of them costs the process two mappings.
    protected: usize,
}

impl Mapping {
    /// Maps `bytes`, a whole number of pages.
    pub(super) fn new(bytes: usize) -> io::Result<Mapping> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice replaces nothing.
        let start = unsafe { libc::mmap(ptr::null_mut(), bytes, access, FLAGS, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let mapping = Mapping { start: start.expose_provenance(), bytes, protected: 0 };
        mapping.refuse_huge_pages();
        Ok(mapping)
    }

    /// Fails if too little address space is left for the rest of the program: see [`reserve`].
    pub(super) fn leave_a_reserve() -> io::Result<()> {
        let trial = Mapping::new(reserve())?;
        // SAFETY: nothing uses the trial mapping.
        unsafe { trial.unmap() };
        Ok(())
    }

    pub(super) fn start(&self) -> usize {
        self.start
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes `range` fault on every access, for as long as the mapping lives.
    ///
    /// # Safety
    ///
    /// Nothing in `range` is in use.
    pub(super) unsafe fn guard(
        &mut self,
        range: Range<usize>,
        guarding: Guarding,
    ) -> io::Result<()> {
        match guarding {
            // SAFETY: the caller promises that nothing in the range is in use.
            Guarding::Install => unsafe { self.install(range) },
            // SAFETY: as above.
            Guarding::Protect => unsafe { self.protect(range) },
        }
    }

    #[cfg(target_os = "linux")]
    unsafe fn install(&self, range: Range<usize>) -> io::Result<()> {
        // SAFETY: the range is inside this mapping. The caller promises that it is not in use.
        check(unsafe { libc::madvise(self.pointer(&range), range.len(), MADV_GUARD_INSTALL) })
    }

    #[cfg(not(target_os = "linux"))]
    unsafe fn install(&self, _range: Range<usize>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    unsafe fn protect(&mut self, range: Range<usize>) -> io::Result<()> {
        if PROTECTED.load(Ordering::Relaxed) >= *MOST_PROTECTED {
            let cause = "guard pages have used up the mappings of this process";
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, cause));
        }
        // SAFETY: the range is inside this mapping. The caller promises that it is not in use.
        check(unsafe { libc::mprotect(self.pointer(&range), range.len(), libc::PROT_NONE) })?;
        self.protected += 1;
        PROTECTED.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Gives the pages of `range` back to the kernel. Their contents are lost. Guards inside the
    /// range stay.
    ///
    /// # Safety
    ///
    /// Nothing in `range` is in use.
    pub(super) unsafe fn discard(&self, range: Range<usize>) {
        // SAFETY: the range is inside this mapping. The caller promises that it is not in use. A
        // failure (the memory is locked) only costs memory, so it is not reported.
        unsafe { libc::madvise(self.pointer(&range), range.len(), libc::MADV_DONTNEED) };
    }

    /// Ends the mapping.
    ///
    /// # Safety
    ///
    /// Nothing in the mapping is in use, and the mapping is not used again.
    pub(super) unsafe fn unmap(&self) {
        PROTECTED.fetch_sub(self.protected, Ordering::Relaxed);
        // SAFETY: the mapping is ours. The caller promises that it is not in use.
        let result = unsafe { libc::munmap(self.pointer(&self.range()), self.bytes) };
        if check(result).is_err() {
            // When vm.max_map_count is reached, the kernel may refuse to split a mapping that it
            // has merged with a neighbour. Then the address space is lost, but the memory is given
            // back.
            // SAFETY: as above.
            unsafe { self.discard(self.range()) };
        }
    }

    /// Returns the number of bytes of `range` that have memory behind them. It takes one system
    /// call for each 4,096 pages.
    pub(super) fn resident(&self, range: Range<usize>) -> usize {
        let mut in_memory = [0_u8; 4096];
        let most = in_memory.len() * *PAGE;
        let mut resident = 0;
        for start in range.clone().step_by(most) {
            let part = start..range.end.min(start + most);
            let pages = part.len() / *PAGE;
            // SAFETY: mincore writes one byte for each page of the part, and the array has room for
            // them.
            let result = unsafe {
                libc::mincore(self.pointer(&part), part.len(), in_memory.as_mut_ptr().cast())
            };
            if result == 0 {
                resident += in_memory[..pages].iter().filter(|page| *page & 1 == 1).count();
            }
        }
        resident * *PAGE
    }

    /// Asks the kernel for small pages only, so that one touched page does not make 2 MiB resident.
    /// This matters for stacks of 2 MiB and more. Between the guards of smaller stacks there is no
    /// room for a huge page.
    fn refuse_huge_pages(&self) {
        // SAFETY: advice on a mapping of ours changes no contents. A kernel without huge pages
        // refuses it, and then there is nothing to change.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        unsafe {
            libc::madvise(self.pointer(&self.range()), self.bytes, libc::MADV_NOHUGEPAGE);
        }
    }

    fn range(&self) -> Range<usize> {
        self.start..self.start + self.bytes
    }

    fn pointer(&self, range: &Range<usize>) -> *mut libc::c_void {
        assert!(self.start <= range.start && range.end <= self.start + self.bytes);
        ptr::with_exposed_provenance_mut(range.start)
    }
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The way in which a guard page is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guarding {
    /// `MADV_GUARD_INSTALL` (Linux 6.13): a mark in the page table. It does not split the mapping.
    Install,
    /// `mprotect(PROT_NONE)`, on all systems: each guard costs two mappings. Linux allows a process
    /// 65,530 mappings by default (`vm.max_map_count`), so we stop at 31,741 stacks.
    Protect,
}

/// The number of mappings that are left for the rest of the program. At the limit even `malloc`
/// fails, and Rust aborts. So one more green thread would end all others.
const SPARE_MAPPINGS: usize = 2048;

/// Returns the number of bytes of address space that are left for the rest of the program, for the
/// same reason. It is 64 MiB, or an eighth of a limit (`ulimit -v`) below 512 MiB. glibc maps 64
/// MiB for the small allocations of a thread.
fn reserve() -> usize {
    const MOST: usize = 64 << 20;
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the call writes the two numbers, or fails and leaves them unchanged.
    unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) };
    let eighth = usize::try_from(limit.rlim_cur / 8).unwrap_or(MOST);
    eighth.clamp(*PAGE, MOST).next_multiple_of(*PAGE)
}

/// The number of guards by `mprotect` in the whole process.
static PROTECTED: AtomicUsize = AtomicUsize::new(0);

/// The largest number of such guards. It depends on the limit of Linux when the first one is made.
static MOST_PROTECTED: LazyLock<usize> = LazyLock::new(|| match most_mappings() {
    Some(most) => most.saturating_sub(SPARE_MAPPINGS) / 2,
    None => usize::MAX,
});

/// Returns the number of mappings that Linux allows a process, or `None` on a system without such a
/// limit.
pub(super) fn most_mappings() -> Option<usize> {
    fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()
}

impl Guarding {
    /// Returns the best way that this kernel offers. It is tried out once for the process.
    pub(super) fn probed() -> Guarding {
        static PROBED: LazyLock<Guarding> = LazyLock::new(|| {
            let Ok(mut trial) = Mapping::new(*PAGE) else {
                return Guarding::Protect;
            };
            // SAFETY: nothing uses the trial mapping.
            let installed = unsafe { trial.guard(trial.range(), Guarding::Install) };
            // SAFETY: as above.
            unsafe { trial.unmap() };
            if installed.is_ok() { Guarding::Install } else { Guarding::Protect }
        });
        *PROBED
    }
}
