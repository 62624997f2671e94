//! The rules of the workspace that the compiler does not check.

mod floors;
mod names;
mod files;
mod circles;
mod imports;
mod columns;
mod examples;

mod modules;
mod report;
