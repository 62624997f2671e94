//! TCP, as in `std::net`.

mod listener;
mod source;
mod stream;
mod connect;
mod eyeballs;

pub use connect::TcpConnect;
pub use listener::TcpListener;
pub(crate) use source::new_source;
pub use stream::TcpStream;
