//! Tasks and loops inside tokio and smol.

mod executors;

mod tasks;
mod loops;
mod own_host;
mod edges;
