//! `rustls` on green threads: its handshake, its records and its blocking `StreamOwned`, unchanged.

use std::{
    fs,
    io::{Read, Write},
    process::Stdio,
    sync::Arc,
    thread,
};

use quadrivium::{
    green::{Blocking, green, perform},
    net::TcpStream,
    prelude::*,
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};

use crate::{both, connected, listener, outside::program};

/// A self-signed certificate for `localhost`, a server that uses it, and a client that trusts it.
pub(crate) struct Identity {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
    certificate: CertificateDer<'static>,
}

pub(crate) fn identity() -> Identity {
    let made = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Identity { server: server.into(), client: client.into(), certificate }
}

/// Sends everything back in capitals, until the other end has sent all. The function is generic: it
/// is the same over sockets that block and over sockets that suspend.
fn shout<S: Read + Write>(config: Arc<ServerConfig>, socket: S) {
    let connection = ServerConnection::new(config).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                buffer[..n].make_ascii_uppercase();
                stream.write_all(&buffer[..n]).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    }
    stream.conn.send_close_notify();
    stream.flush().unwrap();
}

/// Sends this text, ends, and returns the answer.
fn ask<S: Read + Write>(config: Arc<ClientConfig>, socket: S, text: &[u8]) -> Vec<u8> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(config, name).unwrap(), socket);
    stream.write_all(text).unwrap();
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer).unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the other end has ended");
    answer
}

#[test]
fn both_ends_run_on_one_loop() {
    let Identity { server, client, .. } = identity();
    let (one, other) = connected();
    let serves = green(move || shout(server, Blocking::new(other)));
    let asks = green(move || ask(client, Blocking::new(one), b"hello"));
    assert_eq!(both(serves, asks).1, b"HELLO");
}

#[test]
fn other_tasks_run_between_many_records() {
    let Identity { server, client, .. } = identity();
    let (one, other) = connected();
    let serves = green(move || shout(server, Blocking::new(other)));
    let asks = green(move || {
        let ticks = quadrivium::thread::spawn(|| {
            let mut ticks = 0;
            while ticks < 100 {
                perform(turn());
                ticks += 1;
            }
            ticks
        });
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(client, name).unwrap();
        let mut stream = StreamOwned::new(connection, Blocking::new(one));
        for n in 0..20_u8 {
            let text = vec![b'a' + n; 40_000];
            stream.write_all(&text).unwrap();
            let mut answer = vec![0; text.len()];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(answer, text.to_ascii_uppercase());
        }
        stream.conn.send_close_notify();
        stream.flush().unwrap();
        ticks.join().unwrap()
    });
    assert_eq!(both(serves, asks).1, 100);
}

#[test]
fn a_green_server_talks_to_a_client_that_blocks_its_thread() {
    let Identity { server, client, .. } = identity();
    let (listener, address) = listener();
    let asks = thread::spawn(move || {
        ask(client, std::net::TcpStream::connect(address).unwrap(), b"from a thread")
    });
    let serves = green(move || {
        let (stream, _) = perform(listener.accept()).unwrap();
        shout(server, Blocking::new(stream));
    });
    EventLoop::new().unwrap().block_on(serves).unwrap();
    assert_eq!(asks.join().unwrap(), b"FROM A THREAD");
}

#[test]
fn a_green_client_talks_to_a_server_that_blocks_its_thread() {
    let Identity { server, client, .. } = identity();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serves = thread::spawn(move || shout(server, listener.accept().unwrap().0));
    let asks = green(move || {
        let stream = perform(TcpStream::connect(address)).unwrap();
        ask(client, Blocking::new(stream), b"to a thread")
    });
    assert_eq!(EventLoop::new().unwrap().block_on(asks).unwrap(), b"TO A THREAD");
    serves.join().unwrap();
}

#[test]
fn openssl_is_served() {
    let Some(mut openssl) = program("openssl") else { return };
    let Identity { server, certificate, .. } = identity();
    let (listener, address) = listener();
    let path = std::env::temp_dir().join(format!("quadrivium-{}.der", std::process::id()));
    fs::write(&path, &certificate).unwrap();
    let mut client = openssl
        .args(["s_client", "-quiet", "-verify_return_error", "-servername", "localhost"])
        .args(["-connect", &address.to_string(), "-CAfile"])
        .arg(pem(&path))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = client.stdin.take().unwrap();
    input.write_all(b"hello from openssl\n").unwrap();
    let serves = green(move || {
        let (socket, _) = perform(listener.accept()).unwrap();
        let connection = ServerConnection::new(server).unwrap();
        let mut stream = StreamOwned::new(connection, Blocking::new(socket));
        let mut buffer = [0; 100];
        let n = stream.read(&mut buffer).unwrap();
        stream.write_all(&buffer[..n].to_ascii_uppercase()).unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    });
    EventLoop::new().unwrap().block_on(serves).unwrap();
    let output = client.wait_with_output().unwrap();
    drop(input);
    assert_eq!(output.stdout, b"HELLO FROM OPENSSL\n", "{:?}", output);
    fs::remove_file(path.with_extension("pem")).unwrap();
    fs::remove_file(path).unwrap();
}

/// Returns the path of the certificate in the format that openssl reads.
fn pem(der: &std::path::Path) -> std::path::PathBuf {
    let path = der.with_extension("pem");
    let made = program("openssl")
        .expect("it was there a moment ago")
        .args(["x509", "-inform", "DER", "-in"])
        .arg(der)
        .arg("-out")
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    path
}

#[test]
fn a_certificate_that_is_not_trusted_is_refused() {
    let (server, client) = (identity().server, identity().client);
    let (one, other) = connected();
    let serves = green(move || {
        let connection = ServerConnection::new(server).unwrap();
        StreamOwned::new(connection, Blocking::new(other)).read(&mut [0]).unwrap_err()
    });
    let asks = green(move || {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(client, name).unwrap();
        StreamOwned::new(connection, Blocking::new(one)).write_all(b"!").unwrap_err()
    });
    let (served, asked) = both(serves, asks);
    assert!(asked.to_string().contains("certificate"), "{asked}");
    assert!(served.to_string().contains("lert"), "the server gets the reason: {served}");
}

#[test]
fn a_handshake_that_is_cancelled_closes_its_socket() {
    let Identity { client, .. } = identity();
    let (one, other) = connected();
    let name = ServerName::try_from("localhost").unwrap();
    let mut event_loop = EventLoop::new().unwrap();
    let asks = event_loop.spawn(green(move || {
        let connection = ClientConnection::new(client, name).unwrap();
        StreamOwned::new(connection, Blocking::new(one)).write_all(b"!")
    }));
    let reads = green(move || {
        let mut hello = [0; 5];
        perform(other.read_exact(&mut hello)).unwrap();
        asks.cancel();
        let mut rest = Vec::new();
        Blocking::new(other).read_to_end(&mut rest).unwrap();
        (hello[0], rest.is_empty())
    });
    assert_eq!(event_loop.block_on(reads).unwrap(), (22, false), "a handshake, and then the end");
}
