//! Hooks: files and folders. They wait for a disk, or for a server on the network.

use std::ffi::{c_char, c_int};

use libc::{DIR, c_uint, dirent, dirent64, loff_t, mode_t, off_t, off64_t, size_t, ssize_t};

use crate::{
    hook::hooks,
    when::{self, DescriptorKind, WaitsFor},
};

pub(super) const FILE: Option<WaitsFor> = Some(WaitsFor::Descriptor(DescriptorKind::File));
const FOLDER: Option<WaitsFor> = Some(WaitsFor::Descriptor(DescriptorKind::Folder));

hooks! {
    fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        blocks: FILE,
        patch: offloads(files::open),
        instead: "fs::File::open",
        std: [],
    }

    fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        blocks: FILE,
        patch: offloads(files::open),
        instead: "fs::File::open",
        std: [
            "std::fs::File::open" => "fs::File::open",
            "std::fs::File::create" => "fs::File::create",
            "std::fs::read" => "fs::read",
            "std::fs::read_to_string" => "fs::read_to_string",
            "std::fs::write" => "fs::write",
            "std::fs::copy" => "fs::copy",
            "std::process::Command::output" => "process::Command::output",
        ],
    }

    fn openat(folder: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        blocks: FILE,
        patch: offloads(files::openat),
        instead: "fs::File::open",
        std: [],
    }

    fn openat64(folder: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        blocks: FILE,
        patch: offloads(files::openat),
        instead: "fs::File::open",
        std: [
            "std::fs::remove_dir_all" => "fs::remove_dir_all",
        ],
    }

    fn opendir(path: *const c_char) -> *mut DIR {
        blocks: FOLDER,
        patch: offloads(paths::opendir),
        instead: "fs::read_dir",
        std: [
            "std::fs::read_dir" => "fs::read_dir",
        ],
    }

    fn readdir(folder: *mut DIR) -> *mut dirent {
        blocks: FOLDER,
        patch: only_reports("a cancel would leave another thread in the folder, which the caller then closes"),
        instead: "fs::read_dir",
        std: [],
    }

    fn readdir64(folder: *mut DIR) -> *mut dirent64 {
        blocks: FOLDER,
        patch: only_reports("a cancel would leave another thread in the folder, which the caller then closes"),
        instead: "fs::read_dir",
        std: [
            "std::fs::ReadDir::next" => "fs::read_dir",
            "std::fs::remove_dir_all" => "fs::remove_dir_all",
        ],
    }

    fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
        blocks: FOLDER,
        patch: offloads(paths::one_and),
        instead: "fs::create_dir",
        std: [
            "std::fs::create_dir" => "fs::create_dir",
            "std::fs::create_dir_all" => "fs::create_dir_all",
        ],
    }

    fn rmdir(path: *const c_char) -> c_int {
        blocks: FOLDER,
        patch: offloads(paths::one),
        instead: "fs::remove_dir",
        std: [
            "std::fs::remove_dir" => "fs::remove_dir",
        ],
    }

    fn unlink(path: *const c_char) -> c_int {
        blocks: FILE,
        patch: offloads(paths::one),
        instead: "fs::remove_file",
        std: [
            "std::fs::remove_file" => "fs::remove_file",
        ],
    }

    fn unlinkat(folder: c_int, path: *const c_char, flags: c_int) -> c_int {
        blocks: FILE,
        patch: offloads(paths::unlinkat),
        instead: "fs::remove_dir_all",
        std: [
            "std::fs::remove_dir_all" => "fs::remove_dir_all",
        ],
    }

    fn rename(from: *const c_char, to: *const c_char) -> c_int {
        blocks: FILE,
        patch: offloads(paths::two),
        instead: "fs::rename",
        std: [
            "std::fs::rename" => "fs::rename",
        ],
    }

    fn realpath(path: *const c_char, resolved: *mut c_char) -> *mut c_char {
        blocks: FILE,
        patch: offloads(paths::realpath),
        instead: "fs::canonicalize",
        std: [
            "std::fs::canonicalize" => "fs::canonicalize",
        ],
    }

    fn copy_file_range(
        from: c_int,
        from_offset: *mut loff_t,
        to: c_int,
        to_offset: *mut loff_t,
        length: size_t,
        flags: c_uint,
    ) -> ssize_t {
        blocks: FILE,
        patch: offloads(files::copy_file_range),
        instead: "fs::copy",
        std: [
            "std::fs::copy" => "fs::copy",
        ],
    }

    fn splice(
        from: c_int,
        from_offset: *mut off64_t,
        to: c_int,
        to_offset: *mut off64_t,
        length: size_t,
        flags: c_uint,
    ) -> ssize_t {
        blocks: when::unless(flags as c_int, libc::SPLICE_F_NONBLOCK as c_int),
        patch: only_reports("it waits for two descriptors in one call; read from one and write to the other"),
        instead: "io::copy",
        std: [],
    }

    fn sendfile(to: c_int, from: c_int, offset: *mut off_t, length: size_t) -> ssize_t {
        blocks: FILE,
        patch: offloads(files::sendfile),
        instead: "fs::File::read and a write",
        std: [],
    }

    fn sendfile64(to: c_int, from: c_int, offset: *mut off64_t, length: size_t) -> ssize_t {
        blocks: FILE,
        patch: offloads(files::sendfile),
        instead: "fs::File::read and a write",
        std: [],
    }

    fn fsync(fd: c_int) -> c_int {
        blocks: FILE,
        patch: offloads(files::on_descriptor),
        instead: "fs::File::sync_all",
        std: [
            "std::fs::File::sync_all" => "fs::File::sync_all",
        ],
    }

    fn fdatasync(fd: c_int) -> c_int {
        blocks: FILE,
        patch: offloads(files::on_descriptor),
        instead: "fs::File::sync_data",
        std: [
            "std::fs::File::sync_data" => "fs::File::sync_data",
        ],
    }

    fn ftruncate64(fd: c_int, length: off64_t) -> c_int {
        blocks: FILE,
        patch: offloads(files::ftruncate),
        instead: "fs::File::set_len",
        std: [
            "std::fs::File::set_len" => "fs::File::set_len",
        ],
    }

    fn ftruncate(fd: c_int, length: off_t) -> c_int {
        blocks: FILE,
        patch: offloads(files::ftruncate),
        instead: "fs::File::set_len",
        std: [],
    }

    fn sync() -> () {
        blocks: FILE,
        patch: offloads(files::sync),
        instead: "thread::offload",
        std: [],
    }

    fn syncfs(fd: c_int) -> c_int {
        blocks: FILE,
        patch: offloads(files::on_descriptor),
        instead: "thread::offload",
        std: [],
    }

    fn flock(fd: c_int, operation: c_int) -> c_int {
        blocks: when::file_lock(operation),
        patch: offloads(files::flock),
        instead: "thread::offload",
        std: [
            "std::fs::File::lock" => "thread::offload",
            "std::fs::File::lock_shared" => "thread::offload",
        ],
    }

    fn lockf(fd: c_int, command: c_int, length: off_t) -> c_int {
        blocks: when::file_region_lock(command),
        patch: only_reports("a lock that comes after a cancel would belong to the whole process"),
        instead: "thread::offload",
        std: [],
    }

    fn lockf64(fd: c_int, command: c_int, length: off64_t) -> c_int {
        blocks: when::file_region_lock(command),
        patch: only_reports("a lock that comes after a cancel would belong to the whole process"),
        instead: "thread::offload",
        std: [],
    }

    fn fcntl(fd: c_int, command: c_int, argument: usize) -> c_int {
        blocks: when::descriptor_command(command),
        patch: only_reports("a lock that comes after a cancel would belong to the whole process"),
        instead: "thread::offload",
        std: [],
    }

    fn fcntl64(fd: c_int, command: c_int, argument: usize) -> c_int {
        blocks: when::descriptor_command(command),
        patch: only_reports("a lock that comes after a cancel would belong to the whole process"),
        instead: "thread::offload",
        std: [],
    }
}
