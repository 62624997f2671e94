//! What reports say about each leaf of the library.

mod leaves;
mod prepared;
