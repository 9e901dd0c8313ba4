//! Compiles the functions of the interface that Rust cannot define, gives the shared library its soname, and keeps it
//! loaded once loaded (its threads run its code).

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

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
    build_facts();
}

/// What `nats_rs_GetBuildInfo` says. The same sources and tools give the same text.
fn build_facts() {
    let var = |name| env::var(name).unwrap_or_default();
    let profile = var("PROFILE");
    // Only for the release: otherwise each commit would compile everything anew during development.
    let commit = match profile.as_str() {
        "release" => commit(),
        _ => None,
    };
    let rustc = output(&var("RUSTC"), &["--version"]);
    let rustc = rustc.as_deref().and_then(|text| text.split(" (").next());
    let lock = fs::read_to_string("Cargo.lock").unwrap_or_default();
    let (rustls, ring) = (locked(&lock, "rustls"), locked(&lock, "ring"));
    println!("cargo:rerun-if-changed=Cargo.lock");
    for (name, value) in [
        ("COMMIT", commit.as_deref().unwrap_or("unknown")),
        ("RUSTC", rustc.unwrap_or("rustc")),
        ("TARGET", &var("TARGET")),
        ("PROFILE", &profile),
        ("TLS", &format!("rustls {rustls}, ring {ring}")),
    ] {
        println!("cargo:rustc-env=NATS_RS_BUILD_{name}={value}");
    }
}

/// The commit that is checked out, if this folder is the top of a git repository.
fn commit() -> Option<String> {
    let here = env::var("CARGO_MANIFEST_DIR").ok()?;
    let git = |args: &[&str]| output("git", &[&["-C", &here], args].concat());
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if fs::canonicalize(top).ok()? != fs::canonicalize(&here).ok()? {
        return None;
    }
    // What changes with the commit: where HEAD points, and the branch that it points at.
    let branch = git(&["symbolic-ref", "-q", "HEAD"]).unwrap_or_default();
    for file in ["HEAD", branch.as_str(), "packed-refs"] {
        if let Some(path) = git(&["rev-parse", "--git-path", file])
            && Path::new(&here).join(&path).exists()
        {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "HEAD"])
}

/// What a program prints, without the line end; `None` if it fails.
fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// The version of a package in a lock file.
fn locked<'a>(lock: &'a str, name: &str) -> &'a str {
    let mut packages = lock.split("[[package]]");
    let package = packages.find(|package| package.contains(&format!("name = \"{name}\"\n")));
    let version = package.and_then(|package| package.split("version = \"").nth(1));
    version
        .and_then(|version| version.split('"').next())
        .unwrap_or("?")
}
