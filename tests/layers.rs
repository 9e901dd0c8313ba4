//! The layers above the client use only its public items, which `src/client/mod.rs` re-exports.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers above the client.
const ABOVE: [&str; 4] = ["js", "kv", "obj", "micro"];
/// The parts of the crate that they must not use.
const UNSEEN: [&str; 4] = ["ffi", "net", "runtime", "nesting"];

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path)
}

fn files_below(dir: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            files_below(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The names that follow a path directly: one, or those of a list in braces. Comments are not code.
fn names_behind(text: &str, path: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(path) {
        if code[..at].ends_with(is_word) {
            continue;
        }
        let rest = &code[at + path.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.extend([rest.chars().take_while(|c| is_word(*c)).collect()]);
            continue;
        };
        let (mut depth, mut name) = (1, String::new());
        let mut in_path = false;
        for c in list.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            match c {
                ',' | '}' if depth <= 1 => {
                    names.extend(Some(std::mem::take(&mut name)).filter(|n| !n.is_empty()));
                    in_path = false;
                }
                ':' => in_path = true,
                c if is_word(c) && depth == 1 && !in_path => name.push(c),
                ' ' if depth == 1 && !name.is_empty() => in_path = true,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

/// The items that `src/client/mod.rs` re-exports.
fn face() -> BTreeSet<String> {
    let text = fs::read_to_string(source("client/mod.rs")).expect("it can be read");
    let mut face = BTreeSet::new();
    for item in text.split("\npub use ").skip(1) {
        let item = item.split(';').next().expect("there is a first part");
        let list = match item.split_once('{') {
            Some((_, list)) => list.trim_end_matches('}').to_owned(),
            None => item
                .rsplit("::")
                .next()
                .expect("there is a last part")
                .to_owned(),
        };
        let names = list.split(',').map(str::trim);
        face.extend(
            names
                .filter(|n| !n.is_empty() && *n != "self")
                .map(str::to_owned),
        );
    }
    for kind in [
        "\npub type ",
        "\npub trait ",
        "\npub struct ",
        "\npub enum ",
    ] {
        let items = text.split(kind).skip(1);
        face.extend(items.map(|item| item.chars().take_while(|c| is_word(*c)).collect::<String>()));
    }
    face
}

#[test]
fn what_stands_on_the_client_uses_its_face_only() {
    let face = face();
    assert!(
        face.contains("Connection") && face.contains("Publish"),
        "{face:?}"
    );
    let mut files = Vec::new();
    for dir in ABOVE {
        files_below(&source(dir), &mut files);
    }
    assert!(!files.is_empty());
    let mut faults = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("it can be read");
        let used = names_behind(&text, "crate::client::");
        faults.extend(
            used.difference(&face)
                .map(|name| format!("{}: client::{name}", file.display())),
        );
        let parts = names_behind(&text, "crate::");
        let unseen = UNSEEN.iter().filter(|part| parts.contains(**part));
        faults.extend(unseen.map(|part| format!("{}: {part}", file.display())));
    }
    assert!(
        faults.is_empty(),
        "not of the client's face:\n{}",
        faults.join("\n")
    );
}

#[test]
fn names_are_found_wherever_they_stand() {
    let text = "use crate::client::{A, b::{C, D}, E as F,\n    g::H,\n};\n// crate::client::I\n\
                fn f(x: &crate::client::J) {}\nuse crate::client::K;\nuse xcrate::client::L;";
    let names: Vec<_> = names_behind(text, "crate::client::").into_iter().collect();
    assert_eq!(names, ["A", "E", "J", "K", "b", "g"]);
}
