//! Compiles the functions of the interface that Rust cannot define, gives the shared library its soname, and keeps it
//! loaded once loaded (its threads run its code).

use std::env;

/// The functions with a variable number of arguments.
const VARIADIC: &str = "src/ffi/micro/variadic.c";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={VARIADIC}");
    cc::Build::new()
        .file(VARIADIC)
        .warnings(true)
        .extra_warnings(true)
        .compile("nats_rs_variadic");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libnats_rs.so.0");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
