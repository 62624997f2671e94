//! Pipes, waits for several descriptors, child processes and names.

use std::{
    cell::Cell,
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs},
    os::fd::AsRawFd,
    process::{Command, Stdio},
    ptr,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use quadrivium::{green::perform, prelude::*};

use crate::{MS, run, run_checked};

#[test]
fn pipes() {
    run_checked(|| {
        let (mut reader, mut writer) = io::pipe().unwrap();
        let all = spawn(green(move || {
            let mut all = Vec::new();
            thread::sleep(20 * MS);
            reader.read_to_end(&mut all).unwrap();
            all.len()
        }));
        assert_eq!(writer.write(&[1; 1 << 20]).unwrap(), 1 << 20, "as a call that blocks");
        drop(writer);
        assert_eq!(perform(all).unwrap(), 1 << 20);
    });
}

#[test]
fn a_wait_for_several_descriptors() {
    run_checked(|| {
        let (idle, _open) = io::pipe().unwrap();
        let (ready, mut writer) = io::pipe().unwrap();
        let fd = |it: &io::PipeReader| libc::pollfd {
            fd: it.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let mut all = [fd(&idle), fd(&ready)];
        // SAFETY: The pointer and the length are those of the array.
        let nothing = unsafe { libc::poll(all.as_mut_ptr(), 2, 20) };
        assert_eq!(nothing, 0, "the limit");
        let _detached = spawn(green(move || {
            thread::sleep(20 * MS);
            writer.write_all(b"x").unwrap();
            thread::sleep(20 * MS);
        }));
        // SAFETY: As above.
        let found = unsafe { libc::poll(all.as_mut_ptr(), 2, -1) };
        assert_eq!((found, all[0].revents, all[1].revents), (1, 0, libc::POLLIN));

        // SAFETY: The sets are valid, and the numbers are in their range.
        unsafe {
            let mut set: libc::fd_set = std::mem::zeroed();
            libc::FD_SET(idle.as_raw_fd(), &mut set);
            let mut limit = libc::timeval { tv_sec: 0, tv_usec: 20_000 };
            let n = idle.as_raw_fd() + 1;
            let nothing = libc::select(n, &mut set, ptr::null_mut(), ptr::null_mut(), &mut limit);
            assert_eq!(nothing, 0);
            libc::FD_SET(ready.as_raw_fd(), &mut set);
            let n = ready.as_raw_fd().max(idle.as_raw_fd()) + 1;
            let no_limit = ptr::null_mut();
            let found = libc::select(n, &mut set, ptr::null_mut(), ptr::null_mut(), no_limit);
            assert_eq!(found, 1);
            assert!(libc::FD_ISSET(ready.as_raw_fd(), &set));
        }
    });
}

#[test]
fn an_epoll_of_the_program() {
    run_checked(|| {
        let (reader, mut writer) = io::pipe().unwrap();
        // SAFETY: The descriptors are open, and the events are in the caller's memory.
        unsafe {
            let epoll = libc::epoll_create1(libc::EPOLL_CLOEXEC);
            let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 7 };
            libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, reader.as_raw_fd(), &mut event);
            assert_eq!(libc::epoll_wait(epoll, &mut event, 1, 10), 0);
            let _detached = spawn(green(move || {
                thread::sleep(20 * MS);
                writer.write_all(b"x").unwrap();
                thread::sleep(20 * MS);
            }));
            assert_eq!(libc::epoll_wait(epoll, &mut event, 1, -1), 1);
            assert_eq!({ event.u64 }, 7);
            libc::close(epoll);
        }
    });
}

#[test]
fn a_connect_with_a_limit() {
    run_checked(|| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = listener.local_addr().unwrap();
        let second = Duration::from_secs(1);
        drop(TcpStream::connect_timeout(&server, second).unwrap());
        // SAFETY: It takes integers.
        unsafe { libc::listen(listener.as_raw_fd(), 0) };
        // The queue of the server is full.
        let _first = TcpStream::connect_timeout(&server, second);
        let mut others = (0..4).map(|_| TcpStream::connect_timeout(&server, 20 * MS));
        assert!(others.any(|other| other.is_err()));
    });
}

#[test]
fn child_processes() {
    // To start a hundred processes takes long.
    run(|| {
        let (running, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let children: Vec<_> = (0..100)
            .map(|n| {
                let (running, most) = (Rc::clone(&running), Rc::clone(&most));
                spawn(green(move || {
                    running.set(running.get() + 1);
                    most.set(most.get().max(running.get()));
                    let mut command = Command::new("sh");
                    let output = command.args(["-c", &format!("sleep 0.2; echo {n}")]).output();
                    running.set(running.get() - 1);
                    output
                }))
            })
            .collect();
        for (n, child) in children.into_iter().enumerate() {
            let output = perform(child).unwrap().unwrap();
            assert!(output.status.success());
            assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{n}\n"));
        }
        assert!(most.get() > 1, "they ran one after another");

        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let waits = spawn(green(move || child.wait().unwrap().success()));
        stdin.write_all(b"").unwrap();
        thread::sleep(10 * MS);
        assert!(!waits.is_finished());
        drop(stdin);
        assert!(perform(waits).unwrap());
    });
}

#[test]
fn names() {
    run_checked(|| {
        assert!(("localhost", 80).to_socket_addrs().unwrap().count() > 0);
        assert!(("no such name.invalid", 80).to_socket_addrs().is_err());
    });
}

/// The function that sorts is in the middle of a change, so the green thread is not suspended.
#[test]
fn calls_inside_a_callback_of_the_c_library_block() {
    extern "C" fn compare(_: *const libc::c_void, _: *const libc::c_void) -> i32 {
        thread::sleep(MS);
        0
    }
    let turns = run(|| {
        let counter = spawn(green(|| {
            let mut turns = 0;
            while turns < 1_000_000 {
                turns += 1;
                thread::yield_now();
            }
        }));
        thread::yield_now();
        let mut items = [3, 1, 2];
        let before = Instant::now();
        // SAFETY: The pointer, the length and the size are those of the array.
        unsafe { libc::qsort(items.as_mut_ptr().cast(), 3, 4, Some(compare)) };
        assert!(before.elapsed() >= 2 * MS);
        let is_finished = counter.is_finished();
        counter.cancel();
        is_finished
    });
    assert!(!turns);
}
