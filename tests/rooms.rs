//! The parts of the source know each other one way: no part of the client imports the whole, imports go downward only,
//! and smaller groups of files have no circles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path)
}

/// The files of a folder and those below it, without tests.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if stem == "tests"
            || stem.ends_with("_tests")
            || stem.ends_with("_model")
            || ["explored", "reordered"].contains(&&*stem)
        {
            continue;
        }
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            all.push(path);
        }
    }
    assert!(!all.is_empty(), "{}", folder.display());
    all
}

/// The module paths that a file names, as segments from the crate's root on. Comments and unit tests are left out.
fn named(path: &Path) -> BTreeSet<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("a file of the source");
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    // Where the file's module is.
    let below = path.strip_prefix(source("")).unwrap();
    let mut here: Vec<String> = below
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if here.last().is_some_and(|last| last == "mod") {
        here.pop();
    }
    let mut all = BTreeSet::new();
    for (at, root) in code
        .match_indices("crate::")
        .chain(code.match_indices("super::"))
        .chain(code.match_indices("self::"))
    {
        // In the middle of a longer path or name.
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let mut base = match root {
            "crate::" => Vec::new(),
            _ => here.clone(),
        };
        let mut rest = &code[at..];
        loop {
            if let Some(more) = rest.strip_prefix("super::") {
                base.pop();
                rest = more;
            } else if let Some(more) = rest
                .strip_prefix("self::")
                .or_else(|| rest.strip_prefix("crate::"))
            {
                rest = more;
            } else {
                break;
            }
        }
        expand(&base, rest, &mut all);
    }
    all
}

/// Adds the paths that stand at the beginning of `rest`, which may be a group in braces.
fn expand(base: &[String], rest: &str, all: &mut BTreeSet<Vec<String>>) {
    let rest = rest.trim_start();
    if let Some(group) = rest.strip_prefix('{') {
        let (mut depth, mut start) = (0, 0);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    if !group[start..at].trim().is_empty() {
                        expand(base, &group[start..at], all);
                    }
                    start = at + 1;
                    if c == '}' {
                        return;
                    }
                }
                _ => {}
            }
        }
        return;
    }
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let name = &rest[..end];
    let mut path = base.to_vec();
    if !name.is_empty() && name != "self" {
        path.push(name.to_owned());
    }
    match rest[end..].strip_prefix("::") {
        Some(more) => expand(&path, more, all),
        None => {
            all.insert(path);
        }
    }
}

/// Does a name begin like one of a module, as opposed to a type or a constant?
fn is_module(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

#[test]
fn groups_and_relative_paths_are_understood() {
    let mut all = BTreeSet::new();
    expand(&["a".to_owned()], "{self, b::{C, d::E}, f};", &mut all);
    let all: Vec<_> = all.iter().map(|path| path.join("::")).collect();
    assert_eq!(all, ["a", "a::b::C", "a::b::d::E", "a::f"]);
    let paths = named(&source("client/callbacks/events.rs"));
    let life: Vec<_> = ["client", "callbacks", "life", "Life"]
        .map(str::to_owned)
        .into();
    assert!(paths.contains(&life), "{paths:?}");
}

/// The rooms of the client, and those that each may import beside itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("sync", &[]),
    ("callbacks", &["sync"]),
    ("outgoing", &["sync", "callbacks"]),
    ("interest", &["sync", "callbacks", "outgoing"]),
    ("incoming", &["sync", "callbacks", "outgoing", "interest"]),
    (
        "subscription",
        &["sync", "callbacks", "outgoing", "interest"],
    ),
    ("requests", &["sync", "callbacks", "outgoing", "interest"]),
    ("session", &["sync", "callbacks", "outgoing"]),
];

#[test]
fn rooms_of_the_client_import_downward_only() {
    let mut wrong = Vec::new();
    for (room, below) in ROOMS {
        for file in files(&source("client").join(room)) {
            for path in named(&file) {
                let [client, other, ..] = &path[..] else {
                    continue;
                };
                if client == "client"
                    && is_module(other)
                    && other != room
                    && !below.contains(&other.as_str())
                {
                    wrong.push(format!("{}: {}", file.display(), path.join("::")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_folder_of_the_client_is_a_room() {
    for entry in std::fs::read_dir(source("client")).unwrap() {
        let path = entry.unwrap().path();
        // What belongs to a file of the same name is a part of it.
        if path.is_dir() && !path.with_extension("rs").exists() {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(ROOMS.iter().any(|(room, _)| *room == name), "{name}");
        }
    }
}

/// A circle among the modules of a folder, if there is one. `only` leaves all others out, if it is not empty.
fn circle(folder: &str, only: &[&str]) -> Option<Vec<String>> {
    let prefix: Vec<String> = folder.split('/').map(str::to_owned).collect();
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files(&source(folder)) {
        let below = file.strip_prefix(source(folder)).unwrap();
        let first = below.iter().next().unwrap();
        let module = Path::new(first).file_stem().unwrap().to_str().unwrap();
        if module == "mod" || !(only.is_empty() || only.contains(&module)) {
            continue;
        }
        for path in named(&file) {
            let Some([other, ..]) = path.strip_prefix(&prefix[..]) else {
                continue;
            };
            let is_file = source(folder).join(format!("{other}.rs")).exists()
                || source(folder).join(other).is_dir();
            if is_file && other != module && (only.is_empty() || only.contains(&other.as_str())) {
                imports
                    .entry(module.to_owned())
                    .or_default()
                    .insert(other.clone());
            }
        }
    }
    // Who imports nothing that is left is in no circle.
    loop {
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        let before = imports.len();
        imports.retain(|_, others| others.iter().any(|other| left.contains(other)));
        if imports.len() == before {
            break;
        }
    }
    let circle: Vec<_> = imports
        .iter()
        .map(|(module, others)| format!("{module} → {others:?}"))
        .collect();
    (!circle.is_empty()).then_some(circle)
}

#[test]
fn small_groups_have_no_circles() {
    for folder in ["msg", "net/tls", "client/callbacks", "client/sync"] {
        assert_eq!(circle(folder, &[]), None, "{folder}");
    }
    let core = [
        "callback",
        "convert",
        "errors",
        "fork",
        "guard",
        "handle",
        "last_error",
        "library",
        "short_text",
        "types",
    ];
    assert_eq!(circle("ffi", &core), None, "ffi");
}
