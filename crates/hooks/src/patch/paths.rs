//! Patched calls with paths: on another OS thread, which works on copies.

use std::{
    ffi::{CStr, CString, c_char, c_int},
    mem::MaybeUninit,
    ptr,
};

use libc::{DIR, size_t, ssize_t};

use super::{
    call::{PatchedCall, Unfinished, patched, patched_or},
    files::offload,
    in_use::DescriptorInUse,
};
use crate::system;

/// Copies a path. Returns `None` if the pointer is bad.
pub(super) unsafe fn path(path: *const c_char) -> Option<CString> {
    system::read(path.cast::<[u8; 1]>())?;
    // SAFETY: The caller has passed a text.
    Some(unsafe { CStr::from_ptr(path) }.to_owned())
}

/// The folder in which the path of a call begins.
pub(super) enum StartFolder {
    Current,
    Opened(DescriptorInUse),
}

impl StartFolder {
    pub(super) fn new(folder: c_int) -> Self {
        match folder {
            libc::AT_FDCWD => Self::Current,
            folder => Self::Opened(DescriptorInUse::new(folder)),
        }
    }

    pub(super) fn fd(&self) -> c_int {
        match self {
            Self::Current => libc::AT_FDCWD,
            Self::Opened(folder) => folder.fd(),
        }
    }
}

/// # Safety
///
/// As for the C function, here and below.
pub(crate) unsafe fn one(
    real: unsafe extern "C" fn(*const c_char) -> c_int,
    at: *const c_char,
) -> Option<c_int> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { path(at) }?;
    // SAFETY: The path lives until the call returns.
    patched(|call| offload(call, move || unsafe { real(at.as_ptr()) }))
}

/// A path, and a number such as the mode of the file.
pub(crate) unsafe fn one_and<N: Send + 'static>(
    real: unsafe extern "C" fn(*const c_char, N) -> c_int,
    at: *const c_char,
    number: N,
) -> Option<c_int> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { path(at) }?;
    // SAFETY: The path lives until the call returns.
    patched(|call| offload(call, move || unsafe { real(at.as_ptr(), number) }))
}

pub(crate) unsafe fn two(
    real: unsafe extern "C" fn(*const c_char, *const c_char) -> c_int,
    from: *const c_char,
    to: *const c_char,
) -> Option<c_int> {
    // SAFETY: The caller has passed the paths.
    let (from, to) = unsafe { (path(from)?, path(to)?) };
    // SAFETY: The paths live until the call returns.
    patched(|call| offload(call, move || unsafe { real(from.as_ptr(), to.as_ptr()) }))
}

pub(crate) unsafe fn unlinkat(
    real: unsafe extern "C" fn(c_int, *const c_char, c_int) -> c_int,
    folder: c_int,
    at: *const c_char,
    flags: c_int,
) -> Option<c_int> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { path(at) }?;
    patched(|call| {
        let folder = StartFolder::new(folder);
        // SAFETY: The path and the folder live until the call returns.
        offload(call, move || unsafe { real(folder.fd(), at.as_ptr(), flags) })
    })
}

pub(crate) unsafe fn linkat(
    real: unsafe extern "C" fn(c_int, *const c_char, c_int, *const c_char, c_int) -> c_int,
    from_folder: c_int,
    from: *const c_char,
    to_folder: c_int,
    to: *const c_char,
    flags: c_int,
) -> Option<c_int> {
    // SAFETY: The caller has passed the paths.
    let (from, to) = unsafe { (path(from)?, path(to)?) };
    patched(|call| {
        let folders = [from_folder, to_folder].map(StartFolder::new);
        offload(call, move || {
            let [from_folder, to_folder] = &folders;
            // SAFETY: The paths and the folders live until the call returns.
            unsafe { real(from_folder.fd(), from.as_ptr(), to_folder.fd(), to.as_ptr(), flags) }
        })
    })
}

/// Makes a call that fills a structure. It fills one of the other thread, which is copied.
unsafe fn filled<T: Send + 'static>(
    found: *mut T,
    fill: impl FnOnce(*mut T) -> c_int + Send + 'static,
) -> Option<c_int> {
    system::read(found.cast_const().cast::<[u8; 1]>())?;
    patched(|call| {
        let (returned, errno, filled) = call.offload(move || {
            let mut filled = Box::new(MaybeUninit::<T>::zeroed());
            let returned = fill(filled.as_mut_ptr());
            (returned, system::errno(), filled)
        })?;
        if returned == -1 {
            return Err(Unfinished::Fails(errno));
        }
        // SAFETY: The caller has passed the structure.
        unsafe { ptr::copy_nonoverlapping(filled.as_ptr(), found, 1) };
        Ok(returned)
    })
}

/// `stat` and `lstat`.
pub(crate) unsafe fn stat<T: Send + 'static>(
    real: unsafe extern "C" fn(*const c_char, *mut T) -> c_int,
    at: *const c_char,
    found: *mut T,
) -> Option<c_int> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { path(at) }?;
    // SAFETY: The caller has passed the structure. The path lives until the call returns.
    unsafe { filled(found, move |found| real(at.as_ptr(), found)) }
}

pub(crate) unsafe fn fstatat<T: Send + 'static>(
    real: unsafe extern "C" fn(c_int, *const c_char, *mut T, c_int) -> c_int,
    folder: c_int,
    at: *const c_char,
    found: *mut T,
    flags: c_int,
) -> Option<c_int> {
    // SAFETY: The caller has passed the path.
    let (at, folder) = (unsafe { path(at) }?, StartFolder::new(folder));
    // SAFETY: The caller has passed the structure. The path and the folder live until the end.
    unsafe { filled(found, move |found| real(folder.fd(), at.as_ptr(), found, flags)) }
}

/// Std asks a kernel whether it has this call with a path of null, and gets an error.
pub(crate) unsafe fn statx(
    real: unsafe extern "C" fn(c_int, *const c_char, c_int, u32, *mut libc::statx) -> c_int,
    folder: c_int,
    at: *const c_char,
    flags: c_int,
    mask: u32,
    found: *mut libc::statx,
) -> Option<c_int> {
    // SAFETY: The caller has passed the path.
    let (at, folder) = (unsafe { path(at) }?, StartFolder::new(folder));
    // SAFETY: The caller has passed the structure. The path and the folder live until the end.
    unsafe { filled(found, move |found| real(folder.fd(), at.as_ptr(), flags, mask, found)) }
}

pub(crate) unsafe fn readlink(
    real: unsafe extern "C" fn(*const c_char, *mut c_char, size_t) -> ssize_t,
    at: *const c_char,
    buffer: *mut c_char,
    length: size_t,
) -> Option<ssize_t> {
    // SAFETY: The caller has passed the path and the buffer. The memory belongs to the call.
    unsafe { link_target(at, buffer, length, move |at, buffer, length| real(at, buffer, length)) }
}

pub(super) unsafe fn link_target(
    at: *const c_char,
    buffer: *mut c_char,
    length: size_t,
    read: impl FnOnce(*const c_char, *mut c_char, size_t) -> ssize_t + Send + 'static,
) -> Option<ssize_t> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { path(at) }?;
    patched(|call| {
        let (n, errno, bytes) = call.offload(move || {
            let mut bytes = vec![0_u8; length];
            let n = read(at.as_ptr(), bytes.as_mut_ptr().cast(), length);
            (n, system::errno(), bytes)
        })?;
        let Ok(read) = usize::try_from(n) else { return Err(Unfinished::Fails(errno)) };
        // SAFETY: The caller has passed a buffer of this length.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.cast(), read.min(length)) };
        Ok(n)
    })
}

/// Something that the C library has made on another thread. It is freed, unless the caller gets it.
struct Made<T> {
    pointer: *mut T,
    free: unsafe extern "C" fn(*mut T),
}

// SAFETY: It belongs to this value alone, and the C library lets any thread free it.
unsafe impl<T> Send for Made<T> {}

impl<T> Made<T> {
    fn into_raw(self) -> *mut T {
        std::mem::ManuallyDrop::new(self).pointer
    }
}

impl<T> Drop for Made<T> {
    fn drop(&mut self) {
        if !self.pointer.is_null() {
            // SAFETY: The C library has made it.
            unsafe { (self.free)(self.pointer) };
        }
    }
}

fn made_elsewhere<T: 'static>(
    call: &PatchedCall,
    free: unsafe extern "C" fn(*mut T),
    make: impl FnOnce() -> *mut T + Send + 'static,
) -> Result<Made<T>, Unfinished> {
    let (made, errno) = call.offload(move || {
        let made = Made { pointer: make(), free };
        (made, system::errno())
    })?;
    if made.pointer.is_null() { Err(Unfinished::Fails(errno)) } else { Ok(made) }
}

unsafe extern "C" fn close_folder(folder: *mut DIR) {
    // SAFETY: The caller passes a folder that is open.
    unsafe { libc::closedir(folder) };
}

pub(crate) unsafe fn opendir(
    real: unsafe extern "C" fn(*const c_char) -> *mut DIR,
    at: *const c_char,
) -> Option<*mut DIR> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { path(at) }?;
    patched_or(ptr::null_mut(), |call| {
        // SAFETY: The path lives until the call returns.
        let folder = made_elsewhere(call, close_folder, move || unsafe { real(at.as_ptr()) })?;
        Ok(folder.into_raw())
    })
}

unsafe extern "C" fn free_text(text: *mut c_char) {
    // SAFETY: The caller passes memory of the C library.
    unsafe { libc::free(text.cast()) };
}

pub(crate) unsafe fn realpath(
    real: unsafe extern "C" fn(*const c_char, *mut c_char) -> *mut c_char,
    at: *const c_char,
    resolved: *mut c_char,
) -> Option<*mut c_char> {
    // SAFETY: The caller has passed the path and the buffer. Without a buffer, the real function
    // returns memory of its own.
    unsafe { resolve(at, resolved, move |at| real(at, ptr::null_mut())) }
}

pub(super) unsafe fn resolve(
    at: *const c_char,
    resolved: *mut c_char,
    real: impl FnOnce(*const c_char) -> *mut c_char + Send + 'static,
) -> Option<*mut c_char> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { path(at) }?;
    patched_or(ptr::null_mut(), |call| {
        let text = made_elsewhere(call, free_text, move || real(at.as_ptr()))?;
        if resolved.is_null() {
            return Ok(text.into_raw());
        }
        // SAFETY: The caller has passed a buffer for the longest path.
        unsafe { libc::strcpy(resolved, text.pointer) };
        Ok(resolved)
    })
}
