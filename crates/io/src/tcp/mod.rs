//! TCP streams and listeners, with the methods of their namesakes in `std::net`.

mod stream;
mod listener;
mod connect;
mod eyeballs;

pub use connect::TcpConnect;
pub use listener::TcpListener;
pub use stream::TcpStream;
