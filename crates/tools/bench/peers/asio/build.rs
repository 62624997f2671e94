//! Builds the C++ half with the system's compiler, if it and Asio's headers are there.

fn main() {
    println!("cargo::rerun-if-changed=src/asio.cpp");
    // A path that does not exist counts as changed. So installing the headers is noticed.
    println!("cargo::rerun-if-changed=/usr/include/asio.hpp");
    println!("cargo::rustc-check-cfg=cfg(has_asio)");
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").opt_level(3).file("src/asio.cpp").warnings(true);
    build.define("ASIO_STANDALONE", None).define("NDEBUG", None).cargo_warnings(false);
    if build.try_compile("asio_peer").is_ok() {
        println!("cargo::rustc-cfg=has_asio");
    }
}
