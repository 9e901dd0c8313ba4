//! Finds the installed library with pkg-config.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=PKG_CONFIG_PATH");
    let found = Command::new("pkg-config")
        .args(["--libs", "nats_rs"])
        .output()
        .expect("pkg-config is needed");
    assert!(
        found.status.success(),
        "pkg-config: {}",
        String::from_utf8_lossy(&found.stderr)
    );
    for flag in String::from_utf8_lossy(&found.stdout).split_whitespace() {
        if let Some(directory) = flag.strip_prefix("-L") {
            println!("cargo::rustc-link-search=native={directory}");
        } else if let Some(library) = flag.strip_prefix("-l") {
            println!("cargo::rustc-link-lib={library}");
        }
    }
}
