//! What a server uses: nothing while it is idle, and nothing more after many connections than
//! before them.
//!
//! How many, the environment says: `QUADRIVIUM_CONNECTIONS` one after the other, `QUADRIVIUM_IDLE`
//! at once. It prints what it measured; `.ci/serve` runs it with many and shows that.

use std::{
    env, fs,
    io::Read,
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

#[allow(dead_code)] // The other suite uses the rest of it.
mod served;

use self::served::{Program, STYLES, Server, wait_until};

/// How many bytes more may be resident after many connections: what an allocator keeps.
const KEPT: u64 = 4 << 20;

fn number(name: &str, usual: usize) -> usize {
    let number = env::var(name).map(|text| text.parse().expect("it is a number"));
    number.unwrap_or(usual)
}

/// One connection, from its beginning to its end.
fn once(program: Program, server: &Server) {
    let mut stream = program.greeted(server);
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the server closes, too");
}

/// Bytes that are resident.
fn resident(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
    kib << 10
}

/// Ticks of CPU time, a hundredth of a second each.
fn ticks(server: &Server) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.child.id())).unwrap();
    // Counted from behind the name, which may have spaces.
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// The two that serve many for long.
fn programs() -> impl Iterator<Item = (Program, &'static str)> {
    let of = |program| STYLES.map(|style| (program, style));
    [Program::Echo, Program::Http].into_iter().flat_map(of)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[test]
fn after_many_connections_it_uses_what_it_did_before() {
    let many = number("QUADRIVIUM_CONNECTIONS", 500);
    for (program, style) in programs() {
        let server = Server::new(program, style, "");
        let first = program.greeted(&server);
        let descriptors = server.descriptors() - 1;
        drop(first);
        (0..many.div_ceil(10)).for_each(|_| once(program, &server));
        let before = resident(&server);
        (0..many).for_each(|_| once(program, &server));
        wait_until(|| server.descriptors() == descriptors);
        let after = resident(&server);
        println!(
            "{program:?} {style}: {:.1} MiB resident, after {many} connections {:.1} MiB; {descriptors} \
             descriptors before and after",
            mib(before),
            mib(after)
        );
        assert!(after <= before + KEPT, "{style} keeps {} bytes", after - before);
        server.expect_clean_stop();
    }
}

#[test]
fn an_idle_server_uses_no_cpu_and_still_answers() {
    let many = number("QUADRIVIUM_IDLE", 100);
    for (program, style) in programs() {
        let server = Server::new(program, style, "");
        let before = resident(&server);
        let idle: Vec<TcpStream> = (0..many).map(|_| program.greeted(&server)).collect();
        let each = resident(&server).saturating_sub(before) / many as u64;
        let busy = ticks(&server);
        thread::sleep(Duration::from_secs(2));
        let used = ticks(&server) - busy;
        println!(
            "{program:?} {style}: {many} idle connections: {used} ticks of CPU time in two seconds, {each} \
             resident bytes each"
        );
        assert!(used <= 1, "{style} used {used} ticks while nothing happened");
        once(program, &server);
        drop(idle);
        server.expect_clean_stop();
    }
}
