//! TCP, as in `std::net`.

mod listener;
mod stream;
mod connect;
mod eyeballs;

pub use connect::TcpConnect;
pub use listener::TcpListener;
pub use stream::TcpStream;
