//! Published crates, unmodified, in patched green threads on one OS thread.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::fd::AsRawFd,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mysql::prelude::Queryable;
use quadrivium::{green::Builder, prelude::*};
use quadrivium_hooks::patched;
use quadrivium_patched_crates::{Folder, Server, give_memory_back, is_installed, skip, used};
use rustls_pki_types::{CertificateDer, pem::PemObject};

/// Runs one body for each number, all in patched green threads on this OS thread.
fn in_green_threads(n: usize, body: impl Fn(usize) + Clone + 'static) {
    let this = thread::current().id();
    let mut event_loop = EventLoop::new().unwrap();
    let spawn = |number| {
        let body = body.clone();
        let run = move || {
            body(number);
            assert_eq!(thread::current().id(), this);
        };
        patched(Builder::new().stack_size(256 << 10).build(run).unwrap())
    };
    let all: Vec<_> = (0..n).map(|number| event_loop.spawn(spawn(number))).collect();
    for task in all {
        event_loop.block_on(task).unwrap().unwrap();
    }
}

/// The same on OS threads.
fn on_os_threads(n: usize, body: impl Fn(usize) + Send + Clone + 'static) {
    let spawn = |number| {
        let body = body.clone();
        thread::Builder::new().stack_size(256 << 10).spawn(move || body(number)).unwrap()
    };
    let all: Vec<_> = (0..n).map(spawn).collect();
    all.into_iter().for_each(|thread| thread.join().unwrap());
}

/// The most memory that was noted, in KiB.
static MEMORY: AtomicU64 = AtomicU64::new(0);

/// Notes the memory of the process. Called where all bodies are in the middle of their work.
fn note_memory() {
    MEMORY.fetch_max(used().1, Ordering::Relaxed);
}

/// Runs the same bodies both ways, and prints what each took.
fn compare(name: &str, n: usize, body: impl Fn(usize) + Send + Clone + 'static) {
    let measure = |way: &str, run: &dyn Fn()| {
        // Memory that another run has freed would not be counted.
        give_memory_back();
        let (cpu, memory) = used();
        MEMORY.store(memory, Ordering::Relaxed);
        let start = Instant::now();
        run();
        let (took, cpu) = (start.elapsed(), used().0 - cpu);
        let memory = MEMORY.load(Ordering::Relaxed) - memory;
        println!("{name}, {n} {way}: {took:.2?}, CPU {cpu:.2?}, memory {memory} KiB");
    };
    measure("green threads", &|| in_green_threads(n, body.clone()));
    measure("OS threads", &|| on_os_threads(n, body.clone()));
}

fn redis_server() -> Option<Server> {
    Server::start("redis", |port, folder| {
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--maxclients", "4000", "--dir"]).arg(folder);
        command
    })
}

#[test]
fn redis_with_a_thousand_connections() {
    let Some(server) = redis_server() else { return };
    let port = server.port;
    let open = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (counted, noted) = (Arc::clone(&open), Arc::clone(&most));
    compare("redis", 1_000, move |number| {
        let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
        let mut connection = client.get_connection().unwrap();
        noted.fetch_max(counted.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        for round in 0..10 {
            let value = format!("{number} {round}");
            let set = redis::cmd("SET").arg(number).arg(&value).exec(&mut connection);
            set.unwrap();
            let got: String = redis::cmd("GET").arg(number).query(&mut connection).unwrap();
            assert_eq!(got, value);
        }
        // All connections are open at the same time.
        thread::sleep(Duration::from_millis(300));
        note_memory();
        counted.fetch_sub(1, Ordering::Relaxed);
    });
    assert!(most.load(Ordering::Relaxed) >= 900, "{most:?} connections at the same time");
}

#[test]
fn mysql_against_mariadb() {
    if !is_installed("mariadb-install-db") {
        return skip("mariadb-install-db is not installed");
    }
    let server = Server::start("mariadb", |port, folder| {
        let data = folder.join("data");
        let installed = Command::new("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal"])
            .arg("--skip-test-db")
            .arg(format!("--datadir={}", data.display()))
            .output()
            .unwrap();
        assert!(installed.status.success(), "{installed:?}");
        let mut command = Command::new("mariadbd");
        command.args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1"]);
        command.args(["--max-connections=300", &format!("--port={port}")]);
        command.arg(format!("--datadir={}", data.display()));
        command.arg(format!("--socket={}", folder.join("socket").display()));
        command
    });
    let Some(server) = server else { return };
    let port = server.port;
    compare("mysql", 100, move |number| {
        let options = mysql::OptsBuilder::new()
            .ip_or_hostname(Some("127.0.0.1"))
            .tcp_port(port)
            .prefer_socket(false)
            .user(Some("root"));
        let mut connection = mysql::Conn::new(options).unwrap();
        for round in 0..5 {
            let sum = format!("SELECT {number} + {round} + SLEEP(0.02)");
            let sum: Option<f64> = connection.query_first(sum).unwrap();
            assert_eq!(sum, Some((number + round) as f64));
            note_memory();
        }
    });
}

/// A server of a single process. A master that is killed would leave its workers behind.
fn nginx(folder: &std::path::Path, port: u16, tls: bool) -> Command {
    fs::write(folder.join("page"), "hello").unwrap();
    let ssl = if tls {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(folder.join("key"))
            .arg("-out")
            .arg(folder.join("certificate"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let at = |name| folder.join(name).display().to_string();
        format!("ssl_certificate {}; ssl_certificate_key {};", at("certificate"), at("key"))
    } else {
        String::new()
    };
    let ssl_of_port = if tls { " ssl" } else { "" };
    let at = folder.display();
    let configuration = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;
         events {{ worker_connections 1024; }}
         http {{ access_log off; client_body_temp_path {at}/b; proxy_temp_path {at}/p;
           fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;
           server {{ listen 127.0.0.1:{port}{ssl_of_port} backlog=1024; {ssl} root {at}; }} }}"
    );
    fs::write(folder.join("nginx.conf"), configuration).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
    command
}

#[test]
fn attohttpc_over_http_and_tls() {
    if !is_installed("nginx") || !is_installed("openssl") {
        return skip("nginx or openssl is not installed");
    }
    for tls in [false, true] {
        let server = Server::start(&format!("nginx-{tls}"), |port, at| nginx(at, port, tls));
        let Some(server) = server else { return };
        let scheme = if tls { "https" } else { "http" };
        let page = format!("{scheme}://localhost:{}/page", server.port);
        let certificate = tls.then(|| {
            CertificateDer::from_pem_file(server.folder.path().join("certificate")).unwrap()
        });
        compare(&format!("attohttpc over {scheme}"), 100, move |_| {
            // The certificate has no authority behind it.
            let mut request = attohttpc::get(&page).danger_accept_invalid_certs(true);
            if let Some(certificate) = &certificate {
                request = request.add_root_certificate(certificate.clone());
            }
            let response = request.send().unwrap();
            note_memory();
            assert_eq!(response.text().unwrap(), "hello");
        });
    }
}

#[test]
fn rusqlite_with_a_busy_lock() {
    let folder = Folder::new("sqlite");
    let path = folder.path().join("data");
    let open = move || {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.busy_timeout(Duration::from_secs(30)).unwrap();
        connection
    };
    open().execute_batch("CREATE TABLE numbers (number INTEGER)").unwrap();
    let (opens, start) = (open.clone(), Instant::now());
    in_green_threads(10, move |number| {
        let connection = opens();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        connection.execute("INSERT INTO numbers VALUES (?1)", [number as i64]).unwrap();
        // The others wait for the lock of the file meanwhile.
        thread::sleep(Duration::from_millis(20));
        connection.execute_batch("COMMIT").unwrap();
    });
    assert!(start.elapsed() >= Duration::from_millis(200), "one after another");
    let count = "SELECT count(DISTINCT number) FROM numbers";
    let count: i64 = open().query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(count, 10);
}

/// An echo server on the listener of std, and its clients, each in a green thread or an OS thread.
#[test]
fn an_echo_server_of_std_with_a_thousand_clients() {
    let listener = Arc::new(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    // SAFETY: It takes integers.
    unsafe { libc::listen(listener.as_raw_fd(), 2_000) };
    let address = listener.local_addr().unwrap();
    compare("echo", 2_000, move |number| {
        if number % 2 == 0 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = [0; 64];
            while let n @ 1.. = stream.read(&mut bytes).unwrap() {
                stream.write_all(&bytes[..n]).unwrap();
            }
        } else {
            let mut stream = TcpStream::connect(address).unwrap();
            for round in 0..10_u64 {
                let sent = round.to_le_bytes();
                stream.write_all(&sent).unwrap();
                let mut received = [0; 8];
                stream.read_exact(&mut received).unwrap();
                assert_eq!(sent, received);
                thread::sleep(Duration::from_millis(20));
            }
            if number % 100 == 1 {
                note_memory();
            }
        }
    });
}

#[test]
fn a_hundred_outputs_of_commands() {
    compare("Command::output", 100, |number| {
        let output = Command::new("sh").args(["-c", &format!("sleep 0.1; echo {number}")]).output();
        assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), format!("{number}\n"));
    });
}
