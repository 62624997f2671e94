//! Hooks: locks of std, and of crates that wait as it does. All of them are system calls on a
//! futex: a word in memory, for whose change a thread waits.

use libc::{c_long, c_void};

use crate::{hook::hooks, system_call};

hooks! {
    fn syscall(
        number: c_long,
        first: *mut c_void,
        second: *mut c_void,
        third: *mut c_void,
        fourth: *mut c_void,
        fifth: *mut c_void,
        sixth: *mut c_void,
    ) -> c_long {
        blocks: system_call::waits_for(number, [first, second, third, fourth, fifth, sixth]),
        patch: suspends(locks::syscall),
        instead: "sync::Mutex, sync::Notify or sync::channel",
        std: [
            "std::sync::Mutex::lock" => "sync::Mutex::lock",
            "std::sync::RwLock::read" => "sync::Mutex::lock",
            "std::sync::RwLock::write" => "sync::Mutex::lock",
            "std::sync::Condvar::wait" => "sync::Notify",
            "std::sync::Condvar::wait_timeout" => "time::timeout around sync::Notify",
            "std::sync::Once::call_once" => "a first call before the loop runs",
            "std::sync::OnceLock::get_or_init" => "a first call before the loop runs",
            "std::sync::Barrier::wait" => "sync::Barrier::wait",
            "std::sync::mpsc::Receiver::recv" => "sync::channel",
            "std::sync::mpsc::Receiver::recv_timeout" => "time::timeout around sync::channel",
            "std::sync::mpsc::SyncSender::send" => "sync::channel",
            "std::thread::park" => "sync::Notify",
            "std::thread::park_timeout" => "time::timeout around sync::Notify",
            "std::thread::scope" => "thread::offload",
        ],
    }
}
