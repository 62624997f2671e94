//! What reports say about each leaf of the library, and snapshots as JSON.

mod json;
mod leaves;
mod prepared;
