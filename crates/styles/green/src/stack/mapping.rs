//! One range of address space from the kernel, and the system calls on it.

use std::{
    fs, io,
    ops::Range,
    ptr,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Bytes in a page. The unit of everything in this file.
pub(super) static PAGE: LazyLock<usize> = LazyLock::new(|| {
    // SAFETY: sysconf reads a constant of the system.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(page).expect("every unix has a page size")
});

/// `MADV_GUARD_INSTALL`, which the libc crate does not name yet.
#[cfg(target_os = "linux")]
const MADV_GUARD_INSTALL: libc::c_int = 102;

// On Linux NORESERVE keeps a million stacks from counting as promised memory, and STACK says that
// no huge page should back them (6.7 and later). FreeBSD gives MAP_STACK another meaning (a
// mapping that grows); OpenBSD kills a process whose stack pointer is outside a MAP_STACK mapping.
#[cfg(any(target_os = "linux", target_os = "android"))]
const FLAGS: libc::c_int =
    libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE | libc::MAP_STACK;
#[cfg(target_os = "openbsd")]
const FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_STACK;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "openbsd")))]
const FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON;

/// Readable and writable zeroed memory, private to the process. Pages cost nothing until touched.
///
/// It has no destructor, since stacks may outlive their owner: see [`Mapping::unmap`].
#[derive(Debug)]
pub(super) struct Mapping {
    start: usize,
    bytes: usize,
    /// Guards made by `mprotect`, each of which costs two mappings of the process.
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

    /// Fails when so little address space is left that others could not go on: see [`reserve`].
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
            // SAFETY: as the caller promises.
            Guarding::Install => unsafe { self.install(range) },
            // SAFETY: as the caller promises.
            Guarding::Protect => unsafe { self.protect(range) },
        }
    }

    #[cfg(target_os = "linux")]
    unsafe fn install(&self, range: Range<usize>) -> io::Result<()> {
        // SAFETY: the range is inside this mapping and, says the caller, not in use.
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
        // SAFETY: the range is inside this mapping and, says the caller, not in use.
        check(unsafe { libc::mprotect(self.pointer(&range), range.len(), libc::PROT_NONE) })?;
        self.protected += 1;
        PROTECTED.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Gives the pages of `range` back; what it held is lost. Guards inside it stay.
    ///
    /// # Safety
    ///
    /// Nothing in `range` is in use.
    pub(super) unsafe fn discard(&self, range: Range<usize>) {
        // SAFETY: the range is inside this mapping and, says the caller, not in use. Failure (the
        // memory is locked) costs memory only, so it is not reported.
        unsafe { libc::madvise(self.pointer(&range), range.len(), libc::MADV_DONTNEED) };
    }

    /// Ends the mapping.
    ///
    /// # Safety
    ///
    /// Nothing in the mapping is in use, and the mapping is not used again.
    pub(super) unsafe fn unmap(&self) {
        PROTECTED.fetch_sub(self.protected, Ordering::Relaxed);
        // SAFETY: the mapping is ours and, says the caller, not in use.
        let result = unsafe { libc::munmap(self.pointer(&self.range()), self.bytes) };
        if check(result).is_err() {
            // The kernel may refuse to split a mapping it merged with a neighbour, when
            // vm.max_map_count is reached. The address space is lost; the memory need not be.
            // SAFETY: as above.
            unsafe { self.discard(self.range()) };
        }
    }

    /// Bytes of `range` that have memory behind them. One system call per 4,096 pages.
    pub(super) fn resident(&self, range: Range<usize>) -> usize {
        let mut in_memory = [0_u8; 4096];
        let most = in_memory.len() * *PAGE;
        let mut resident = 0;
        for start in range.clone().step_by(most) {
            let part = start..range.end.min(start + most);
            let pages = part.len() / *PAGE;
            // SAFETY: mincore writes one byte per page of the part, for which there is room.
            let result = unsafe {
                libc::mincore(self.pointer(&part), part.len(), in_memory.as_mut_ptr().cast())
            };
            if result == 0 {
                resident += in_memory[..pages].iter().filter(|page| *page & 1 == 1).count();
            }
        }
        resident * *PAGE
    }

    /// Asks for small pages only: one touched page must not make 2 MiB resident. It matters for
    /// stacks of 2 MiB and more; among smaller ones the guards leave no room for a huge page.
    fn refuse_huge_pages(&self) {
        // SAFETY: advice on a mapping of ours changes no contents. Kernels without huge pages
        // refuse it, which is as good.
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

/// How a guard page is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guarding {
    /// `MADV_GUARD_INSTALL` (Linux 6.13): a mark in the page table. A million guards split nothing.
    Install,
    /// `mprotect(PROT_NONE)`, everywhere: each guard costs two mappings. Linux allows a process
    /// 65,530 by default (`vm.max_map_count`), so we stop at 31,741 stacks.
    Protect,
}

/// Mappings left for everybody else. At the very limit even `malloc` fails, and Rust aborts: the
/// green threads that run would die of the one that could not be spawned.
const SPARE_MAPPINGS: usize = 2048;

/// Bytes of address space left for everybody else, for the same reason: 64 MiB, or an eighth of a
/// limit (`ulimit -v`) below 512 MiB. The first is what glibc maps for the small allocations of a
/// thread.
fn reserve() -> usize {
    const MOST: usize = 64 << 20;
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the call writes the two numbers, or fails and leaves them as they are.
    unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) };
    let eighth = usize::try_from(limit.rlim_cur / 8).unwrap_or(MOST);
    eighth.clamp(*PAGE, MOST).next_multiple_of(*PAGE)
}

/// Guards by `mprotect` in the whole process.
static PROTECTED: AtomicUsize = AtomicUsize::new(0);

/// How many of them there may be: as Linux allowed when the first one was made.
static MOST_PROTECTED: LazyLock<usize> = LazyLock::new(|| match most_mappings() {
    Some(most) => most.saturating_sub(SPARE_MAPPINGS) / 2,
    None => usize::MAX,
});

/// How many mappings Linux allows a process; none where there is no such limit.
pub(super) fn most_mappings() -> Option<usize> {
    fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()
}

impl Guarding {
    /// The best this kernel offers, found out once by trying.
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
