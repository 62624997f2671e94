//! What is outside of the service: a synchronous library, and a visitor.

use std::{error::Error, io, net::SocketAddr, time::Duration};

use quadrivium::{io::BufReader, net::TcpStream, time::every};

/// A library that knows nothing of tasks. It calls back for what it needs.
pub fn render(
    name: &str,
    look_up: impl FnOnce(&str) -> io::Result<String>,
) -> io::Result<String> {
    Ok(format!("welcome, {}\n", look_up(name)?))
}

/// Visits the server each 50 ms. It gets no answer for the last name.
pub async fn visit(server: SocketAddr) -> Result<(), Box<dyn Error>> {
    let ticks = every(Duration::from_millis(50));
    for name in ["ann", "bob", "lost"] {
        ticks.tick().await;
        let stream = TcpStream::connect(server).await?;
        let request = format!("GET /{name} HTTP/1.0\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let answer = BufReader::new(stream);
        while let Some(line) = answer.next_line().await? {
            println!("{line}");
        }
    }
    Ok(())
}
