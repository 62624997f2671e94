//! Hooks: links between files, and what a file system notes about a file. They wait for a disk, or
//! for a server on the network.

use std::ffi::{c_char, c_int};

use libc::{c_uint, mode_t, size_t, ssize_t, stat as Stat, stat64 as Stat64, statx as Statx};

use super::files::FILE;
use crate::hook::hooks;

hooks! {
    fn statx(
        folder: c_int,
        path: *const c_char,
        flags: c_int,
        mask: c_uint,
        found: *mut Statx,
    ) -> c_int {
        blocks: FILE,
        patch: offloads(paths::statx),
        instead: "fs::metadata",
        std: [
            "std::fs::metadata" => "fs::metadata",
            "std::fs::symlink_metadata" => "fs::symlink_metadata",
            "std::fs::exists" => "fs::exists",
            "std::fs::File::metadata" => "fs::File::metadata",
            "std::fs::read" => "fs::read",
            "std::fs::read_to_string" => "fs::read_to_string",
            "std::fs::copy" => "fs::copy",
            "std::fs::remove_dir_all" => "fs::remove_dir_all",
        ],
    }

    fn stat(path: *const c_char, found: *mut Stat) -> c_int {
        blocks: FILE,
        patch: offloads(paths::stat),
        instead: "fs::metadata",
        std: [],
    }

    fn stat64(path: *const c_char, found: *mut Stat64) -> c_int {
        blocks: FILE,
        patch: offloads(paths::stat),
        instead: "fs::metadata",
        std: [],
    }

    fn lstat(path: *const c_char, found: *mut Stat) -> c_int {
        blocks: FILE,
        patch: offloads(paths::stat),
        instead: "fs::symlink_metadata",
        std: [],
    }

    fn lstat64(path: *const c_char, found: *mut Stat64) -> c_int {
        blocks: FILE,
        patch: offloads(paths::stat),
        instead: "fs::symlink_metadata",
        std: [],
    }

    fn fstatat(folder: c_int, path: *const c_char, found: *mut Stat, flags: c_int) -> c_int {
        blocks: FILE,
        patch: offloads(paths::fstatat),
        instead: "fs::metadata",
        std: [],
    }

    fn fstatat64(folder: c_int, path: *const c_char, found: *mut Stat64, flags: c_int) -> c_int {
        blocks: FILE,
        patch: offloads(paths::fstatat),
        instead: "fs::metadata",
        std: [],
    }

    fn access(path: *const c_char, mode: c_int) -> c_int {
        blocks: FILE,
        patch: offloads(paths::one_and),
        instead: "fs::metadata",
        std: [],
    }

    fn chmod(path: *const c_char, mode: mode_t) -> c_int {
        blocks: FILE,
        patch: offloads(paths::one_and),
        instead: "fs::set_permissions",
        std: [
            "std::fs::set_permissions" => "fs::set_permissions",
        ],
    }

    fn readlink(path: *const c_char, buffer: *mut c_char, length: size_t) -> ssize_t {
        blocks: FILE,
        patch: offloads(paths::readlink),
        instead: "fs::read_link",
        std: [
            "std::fs::read_link" => "fs::read_link",
        ],
    }

    fn linkat(
        from_folder: c_int,
        from: *const c_char,
        to_folder: c_int,
        to: *const c_char,
        flags: c_int,
    ) -> c_int {
        blocks: FILE,
        patch: offloads(paths::linkat),
        instead: "fs::hard_link",
        std: [
            "std::fs::hard_link" => "fs::hard_link",
        ],
    }

    fn symlink(to: *const c_char, path: *const c_char) -> c_int {
        blocks: FILE,
        patch: offloads(paths::two),
        instead: "fs::symlink",
        std: [
            "std::os::unix::fs::symlink" => "fs::symlink",
        ],
    }
}
