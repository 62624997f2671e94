//! Files and folders, whose calls run on other OS threads.

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    fs::{self, File, Permissions},
    io::{IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write},
    mem,
    os::{
        fd::{AsRawFd, IntoRawFd},
        unix::fs::{FileExt, PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
    process, ptr, thread,
};

use quadrivium::{green::perform, prelude::*};
use quadrivium_hooks::patch;

use crate::{MS, run_allowing, run_checked};

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("quadrivium-patched-{name}-{}", process::id());
        let folder = std::env::temp_dir().join(name);
        drop(fs::remove_dir_all(&folder));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[test]
fn files() {
    let folder = Folder::new("files");
    let (path, missing) = (folder.join("file"), folder.join("missing"));
    run_checked(move || {
        fs::write(&path, b"hello").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"hello");
        let mut file = File::options().read(true).write(true).open(&path).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        file.write_all(b", world").unwrap();
        file.write_all_at(b"J", 0).unwrap();
        file.sync_all().unwrap();
        let mut bytes = [0; 5];
        file.read_exact_at(&mut bytes, 7).unwrap();
        assert_eq!(&bytes, b"world");
        file.set_len(5).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "Jello");
        assert_eq!(file.metadata().unwrap().len(), 5);
        let error = File::open(missing).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    });
}

/// An empty buffer before the others is not the end of the file.
#[test]
fn several_buffers() {
    let folder = Folder::new("buffers");
    let path = folder.join("file");
    run_checked(move || {
        let mut file = File::options().read(true).write(true).create_new(true).open(path).unwrap();
        let parts = [IoSlice::new(b""), IoSlice::new(b"ab"), IoSlice::new(b"cd")];
        assert_eq!(file.write_vectored(&parts).unwrap(), 4);
        file.rewind().unwrap();
        let (mut first, mut second) = ([0; 1], [0; 3]);
        let mut parts =
            [IoSliceMut::new(&mut []), IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert!(file.read_vectored(&mut parts).unwrap() >= 1);
        assert_eq!(first, *b"a");
        let parts = |bytes: &mut [u8]| {
            let part = |at: *mut u8, iov_len| libc::iovec { iov_base: at.cast(), iov_len };
            [part(bytes.as_mut_ptr(), 0), part(bytes.as_mut_ptr(), bytes.len())]
        };
        let (mut text, mut read) = (*b"xy", [0; 2]);
        // SAFETY: The buffers are valid.
        unsafe {
            assert_eq!(libc::pwritev(file.as_raw_fd(), parts(&mut text).as_ptr(), 2, 1), 2);
            assert_eq!(libc::preadv(file.as_raw_fd(), parts(&mut read).as_ptr(), 2, 1), 2);
        }
        assert_eq!(read, *b"xy");
    });
}

#[test]
fn paths() {
    let folder = Folder::new("paths");
    let (file, link, other) = (folder.join("file"), folder.join("link"), folder.join("other"));
    run_checked(move || {
        fs::write(&file, b"hello").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        symlink(&file, &link).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), file);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::canonicalize(&link).unwrap(), fs::canonicalize(&file).unwrap());
        assert!(!fs::exists(&other).unwrap());
        fs::hard_link(&file, &other).unwrap();
        fs::remove_file(&link).unwrap();
        fs::rename(&other, &link).unwrap();
        assert_eq!(fs::copy(&link, &other).unwrap(), 5);
        fs::write(&link, b"").unwrap();
        // Here std tries `sendfile64` after `copy_file_range`.
        assert_eq!(fs::copy(&link, &other).unwrap(), 0);
    });
}

#[test]
fn folders() {
    let folder = Folder::new("folders");
    let path = folder.join("folder");
    // They read the names in a folder with `readdir64`, which is only reported.
    let allowed = ["std::fs::ReadDir::next", "std::fs::remove_dir_all"];
    run_allowing(&allowed, move || {
        fs::create_dir_all(path.join("a/b")).unwrap();
        fs::write(path.join("file"), b"").unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2);
        let error = fs::read_dir(path.join("missing")).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
        fs::remove_dir(path.join("a/b")).unwrap();
        fs::remove_dir_all(&path).unwrap();
        assert!(!path.exists());
    });
}

fn text(path: &Path) -> CString {
    CString::new(path.to_str().unwrap()).unwrap()
}

unsafe extern "C" {
    fn __read_chk(fd: c_int, to: *mut c_void, length: usize, size: usize) -> isize;
    fn __pread_chk(fd: c_int, to: *mut c_void, length: usize, at: i64, size: usize) -> isize;
    fn __open_2(path: *const c_char, flags: c_int) -> c_int;
    fn __openat_2(folder: c_int, path: *const c_char, flags: c_int) -> c_int;
    fn __readlink_chk(at: *const c_char, to: *mut c_char, length: usize, size: usize) -> isize;
    fn __realpath_chk(at: *const c_char, to: *mut c_char, size: usize) -> *mut c_char;
}

#[test]
fn fortified_names() {
    let folder = Folder::new("fortified");
    let (file, link) = (folder.join("file"), folder.join("link"));
    fs::write(&file, b"hello").unwrap();
    symlink(&file, &link).unwrap();
    let start = File::open(&folder.0).unwrap().into_raw_fd();
    run_checked(move || {
        let mut bytes = [0_u8; 4096];
        let (to, size) = (bytes.as_mut_ptr(), bytes.len());
        let (at_file, at_link) = (text(&file), text(&link));
        // SAFETY: The paths end with a NUL byte, and the sizes are those of the buffer.
        unsafe {
            let fd = __open_2(at_file.as_ptr(), libc::O_RDONLY);
            assert_eq!(__read_chk(fd, to.cast(), 2, size), 2);
            assert_eq!(__pread_chk(fd, to.add(2).cast(), 3, 2, size - 2), 3);
            assert_eq!(libc::close(fd), 0);
            let fd = __openat_2(start, c"file".as_ptr(), libc::O_RDONLY);
            assert!(fd >= 0);
            assert_eq!(libc::close(fd), 0);
            assert_eq!(__openat_2(start, c"no".as_ptr(), libc::O_RDONLY), -1);
            assert_eq!(libc::close(start), 0);
        }
        assert_eq!(&bytes[..5], b"hello");
        let (to, length) = (bytes.as_mut_ptr().cast::<c_char>(), file.as_os_str().len());
        // SAFETY: As above.
        unsafe {
            assert_eq!(__readlink_chk(at_link.as_ptr(), to, size, size), length as isize);
            assert_eq!(__realpath_chk(at_link.as_ptr(), to, size), to);
            let whole = __realpath_chk(at_file.as_ptr(), ptr::null_mut(), usize::MAX);
            assert_eq!(CStr::from_ptr(whole), CStr::from_ptr(to));
            libc::free(whole.cast());
        }
    });
}

#[test]
fn a_lock_of_a_file() {
    let folder = Folder::new("flock");
    let path = folder.join("file");
    run_checked(move || {
        let first = File::create(&path).unwrap();
        first.lock().unwrap();
        let waits = spawn(green(move || File::open(path).unwrap().lock().unwrap()));
        thread::sleep(50 * MS);
        assert!(!waits.is_finished());
        first.unlock().unwrap();
        perform(waits).unwrap();
    });
}

/// The lock comes when the green thread is gone. It is freed, although the file stays open.
#[test]
fn a_lock_that_comes_after_the_cancel() {
    let folder = Folder::new("late");
    let path = folder.join("file");
    let first = File::create(&path).unwrap();
    first.lock().unwrap();
    let second = std::rc::Rc::new(File::open(&path).unwrap());
    let mut event_loop = EventLoop::new().unwrap();
    let waits = event_loop.spawn(patch({
        let second = std::rc::Rc::clone(&second);
        move || assert_eq!(second.lock().unwrap_err().raw_os_error(), Some(libc::ECANCELED))
    }));
    event_loop.block_on(sleep(20 * MS)).unwrap();
    waits.cancel();
    first.unlock().unwrap();
    // The other OS thread takes the lock, and frees it.
    let third = File::open(&path).unwrap();
    third.lock().unwrap();
    drop(second);
}

/// Returns whether another process finds a lock (`fcntl`) of this process on a file.
fn is_locked(file: &File) -> bool {
    // SAFETY: The child makes system calls only, and ends.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            let mut lock: libc::flock = mem::zeroed();
            lock.l_type = libc::F_WRLCK as _;
            libc::fcntl(file.as_raw_fd(), libc::F_GETLK, &mut lock);
            libc::_exit((lock.l_type != libc::F_UNLCK as _).into());
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        libc::WEXITSTATUS(status) == 1
    }
}

/// The close of any duplicate of a descriptor would free these locks. SQLite uses them.
#[test]
fn locks_of_the_process_stay() {
    let folder = Folder::new("fcntl");
    let file = File::options().read(true).write(true).create_new(true).open(folder.join("file"));
    let file = file.unwrap();
    // SAFETY: All bytes zero are a lock of the whole file, and this is its type.
    unsafe {
        let mut lock: libc::flock = mem::zeroed();
        lock.l_type = libc::F_WRLCK as _;
        assert_eq!(libc::fcntl(file.as_raw_fd(), libc::F_SETLK, &lock), 0);
    }
    assert!(is_locked(&file));
    let file = run_checked(move || {
        let mut file = file;
        file.write_all(b"hello").unwrap();
        file.write_all_at(b"J", 0).unwrap();
        file.sync_all().unwrap();
        file.set_len(3).unwrap();
        file.rewind().unwrap();
        assert_eq!(file.read(&mut [0; 8]).unwrap(), 3);
        file.metadata().unwrap();
        file
    });
    assert!(is_locked(&file));
}

/// The call on the other OS thread goes on, and the number of the descriptor is not used again
/// before its end.
#[test]
fn a_descriptor_that_is_closed_after_a_cancel() {
    let folder = Folder::new("closed");
    let path = folder.join("file");
    let first = File::create(&path).unwrap();
    first.lock().unwrap();
    let second = File::open(&path).unwrap();
    let number = second.as_raw_fd();
    let mut event_loop = EventLoop::new().unwrap();
    let waits = event_loop.spawn(patch(move || {
        second.lock().unwrap_err();
        // Here the file is closed.
    }));
    event_loop.block_on(sleep(20 * MS)).unwrap();
    waits.cancel();
    // SAFETY: It takes integers.
    let is_open = || unsafe { libc::fcntl(number, libc::F_GETFD) } != -1;
    assert!(is_open(), "a call on another thread uses it");
    first.unlock().unwrap();
    // Other tests of this process may get the number, so this waits for the lock and not for it.
    File::open(&path).unwrap().lock().unwrap();
}
