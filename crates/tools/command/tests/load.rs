//! The resources of a server. It uses no CPU time while it is idle, and no more memory after many
//! connections than before them.
//!
//! The environment sets the numbers: `QUADRIVIUM_CONNECTIONS` one after the other, and
//! `QUADRIVIUM_IDLE` at the same time. The tests print what they measured. `.ci/serve` runs them
//! with large numbers and shows the results.

use std::{
    env, fs,
    io::Read,
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

#[allow(dead_code)] // Other suites use the rest of the module.
mod server_process;

use self::server_process::{Program, STYLES, Server, wait_until};

/// How many more bytes may be resident after many connections. An allocator keeps some.
const ALLOWED_GROWTH: u64 = 4 << 20;

/// Returns the number that the environment sets, or else the usual number.
fn number(name: &str, usual: usize) -> usize {
    let number = env::var(name).map(|text| text.parse().expect("the variable has a number"));
    number.unwrap_or(usual)
}

/// Opens a connection, uses it and closes it.
fn use_one_connection(program: Program, server: &Server) {
    let mut stream = program.connect_and_greet(server);
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the server closes its end");
}

/// Returns the resident bytes.
fn resident(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
    kib << 10
}

/// Returns the CPU time used, in ticks of a hundredth of a second.
fn ticks(server: &Server) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.child.id())).unwrap();
    // Fields are counted from behind the name, which may have spaces.
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Returns the two programs that are measured, in every style.
fn programs() -> impl Iterator<Item = (Program, &'static str)> {
    let in_every_style = |program| STYLES.map(|style| (program, style));
    [Program::Echo, Program::Http].into_iter().flat_map(in_every_style)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[test]
fn many_connections_leave_no_memory_and_no_descriptors_behind() {
    let many = number("QUADRIVIUM_CONNECTIONS", 500);
    for (program, style) in programs() {
        let server = Server::new(program, style, "");
        let first = program.connect_and_greet(&server);
        let descriptors = server.descriptors() - 1;
        drop(first);
        (0..many.div_ceil(10)).for_each(|_| use_one_connection(program, &server));
        let before = resident(&server);
        (0..many).for_each(|_| use_one_connection(program, &server));
        wait_until(|| server.descriptors() == descriptors);
        let after = resident(&server);
        println!(
            "{program:?} {style}: {:.1} MiB resident, after {many} connections {:.1} MiB; \
             {descriptors} descriptors before and after",
            mib(before),
            mib(after)
        );
        assert!(after <= before + ALLOWED_GROWTH, "{style} keeps {} bytes", after - before);
        server.expect_clean_stop();
    }
}

#[test]
fn an_idle_server_uses_no_cpu_and_answers() {
    let many = number("QUADRIVIUM_IDLE", 100);
    for (program, style) in programs() {
        let server = Server::new(program, style, "");
        let before = resident(&server);
        let idle: Vec<TcpStream> = (0..many).map(|_| program.connect_and_greet(&server)).collect();
        let each = resident(&server).saturating_sub(before) / many as u64;
        let busy = ticks(&server);
        thread::sleep(Duration::from_secs(2));
        let used = ticks(&server) - busy;
        println!(
            "{program:?} {style}: {many} idle connections: {used} ticks of CPU time in two \
             seconds, {each} resident bytes each"
        );
        assert!(used <= 1, "{style} used {used} ticks while nothing happened");
        use_one_connection(program, &server);
        drop(idle);
        server.expect_clean_stop();
    }
}
