//! Patched look-ups of names: the C library looks them up on another OS thread.

use std::{
    ffi::{CStr, CString, c_char, c_int},
    ptr,
};

use libc::{addrinfo, sockaddr, socklen_t};

use super::call::{Unfinished, patched_or};
use crate::system;

type RealGetAddrInfo = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const addrinfo,
    *mut *mut addrinfo,
) -> c_int;

/// What a look-up has found. It is freed, unless the caller gets it.
struct FoundAddresses(*mut addrinfo);

// SAFETY: The list belongs to this value alone.
unsafe impl Send for FoundAddresses {}

impl FoundAddresses {
    fn into_raw(self) -> *mut addrinfo {
        std::mem::ManuallyDrop::new(self).0
    }
}

impl Drop for FoundAddresses {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: The C library has made the list.
            unsafe { libc::freeaddrinfo(self.0) };
        }
    }
}

/// The four numbers in the hints. The C library ignores their pointers.
fn numbers(hints: &addrinfo) -> [c_int; 4] {
    [hints.ai_flags, hints.ai_family, hints.ai_socktype, hints.ai_protocol]
}

/// # Safety
///
/// As for the C function.
pub(crate) unsafe fn getaddrinfo(
    real: RealGetAddrInfo,
    node: *const c_char,
    service: *const c_char,
    hints: *const addrinfo,
    found: *mut *mut addrinfo,
) -> Option<c_int> {
    // SAFETY: The caller has passed texts, or null.
    let [node, service] = [node, service]
        .map(|text| (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_owned()));
    // SAFETY: The caller has passed hints, or null.
    let hints = unsafe { hints.as_ref() }.map(numbers);
    patched_or(libc::EAI_SYSTEM, |call| {
        let (returned, list, errno) = call.offload(move || look_up(real, node, service, hints))?;
        if returned == libc::EAI_SYSTEM {
            return Err(Unfinished::Fails(errno));
        }
        if returned == 0 {
            // SAFETY: The caller has passed the pointer.
            unsafe { *found = list.into_raw() };
        }
        Ok(returned)
    })
}

fn look_up(
    real: RealGetAddrInfo,
    node: Option<CString>,
    service: Option<CString>,
    hints: Option<[c_int; 4]>,
) -> (c_int, FoundAddresses, c_int) {
    let pointer = |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |it| it.as_ptr());
    // SAFETY: All bytes zero are hints that ask for nothing.
    let mut all: addrinfo = unsafe { std::mem::zeroed() };
    if let Some([flags, family, kind, protocol]) = hints {
        (all.ai_flags, all.ai_family) = (flags, family);
        (all.ai_socktype, all.ai_protocol) = (kind, protocol);
    }
    let hints = if hints.is_some() { &raw const all } else { ptr::null() };
    let mut found = ptr::null_mut();
    // SAFETY: The texts and the hints live until the call returns.
    let returned = unsafe { real(pointer(&node), pointer(&service), hints, &raw mut found) };
    let errno = system::errno();
    (returned, FoundAddresses(if returned == 0 { found } else { ptr::null_mut() }), errno)
}

type RealGetNameInfo = unsafe extern "C" fn(
    *const sockaddr,
    socklen_t,
    *mut c_char,
    socklen_t,
    *mut c_char,
    socklen_t,
    c_int,
) -> c_int;

/// A text buffer of the caller, and its length.
struct TextBuffer {
    at: *mut c_char,
    length: socklen_t,
}

impl TextBuffer {
    /// Returns a buffer of the same length.
    fn copy(&self) -> Vec<u8> {
        vec![0; if self.at.is_null() { 0 } else { self.length as usize }]
    }

    /// Fills it with a text that ends with a NUL byte.
    unsafe fn fill(&self, text: &[u8]) {
        if !text.is_empty() {
            // SAFETY: The caller has passed the buffer. The text has its length.
            unsafe { ptr::copy_nonoverlapping(text.as_ptr(), self.at.cast(), text.len()) };
        }
    }
}

/// # Safety
///
/// As for the C function.
#[allow(clippy::too_many_arguments, reason = "the C function has seven")]
pub(crate) unsafe fn getnameinfo(
    real: RealGetNameInfo,
    address: *const sockaddr,
    address_length: socklen_t,
    host: *mut c_char,
    host_length: socklen_t,
    service: *mut c_char,
    service_length: socklen_t,
    flags: c_int,
) -> Option<c_int> {
    system::read(address.cast::<[u8; 1]>())?;
    let address = address.cast::<u8>();
    // SAFETY: The caller has passed an address of this length.
    let address = unsafe { std::slice::from_raw_parts(address, address_length as usize) }.to_vec();
    let buffers = [(host, host_length), (service, service_length)];
    let buffers = buffers.map(|(at, length)| TextBuffer { at, length });
    let mut texts = buffers.each_ref().map(TextBuffer::copy);
    patched_or(libc::EAI_SYSTEM, |call| {
        let (returned, errno, texts) = call.offload(move || {
            let length = address.len() as socklen_t;
            let [host, service] = texts.each_mut().map(|it| match it.len() {
                0 => (ptr::null_mut(), 0),
                length => (it.as_mut_ptr().cast(), length as socklen_t),
            });
            let address = address.as_ptr().cast();
            // SAFETY: All memory lives until the call returns.
            let returned =
                unsafe { real(address, length, host.0, host.1, service.0, service.1, flags) };
            (returned, system::errno(), texts)
        })?;
        match returned {
            0 => {
                for (buffer, text) in buffers.iter().zip(&texts) {
                    // SAFETY: The caller has passed the buffer.
                    unsafe { buffer.fill(text) };
                }
                Ok(0)
            }
            libc::EAI_SYSTEM => Err(Unfinished::Fails(errno)),
            failed => Ok(failed),
        }
    })
}
