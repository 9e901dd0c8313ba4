//! Every exported function goes through a guard, which stops panics and detects children of fork.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("its entries too").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn each_exported_function_is_guarded() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ffi"),
        &mut files,
    );
    let (mut exported, mut unguarded) = (0, Vec::new());
    for file in files {
        let text = fs::read_to_string(&file).expect("a source is text");
        for part in text.split("#[unsafe(no_mangle)]").skip(1) {
            // rustfmt ends a function at the first brace that begins a line.
            let function = part.split("\n}").next().unwrap_or_default();
            let (head, _) = function.split_once(['{', ';']).unwrap_or((function, ""));
            // A variable; or a function of `export!`, which jumps to a C function that calls guarded ones.
            let Some((_, after)) = head
                .split_once("fn ")
                .filter(|(_, name)| !name.starts_with('$'))
            else {
                continue;
            };
            let name = after.split('(').next().unwrap_or_default().to_owned();
            exported += 1;
            if !function.contains("guard") {
                unguarded.push(name);
            }
        }
    }
    assert!(exported > 150, "only {exported} exported functions found");
    assert!(unguarded.is_empty(), "without a guard: {unguarded:?}");
}
