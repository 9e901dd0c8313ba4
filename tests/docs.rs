//! What the documentation refers to exists: links and their anchors, files, test cases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The pages of the documentation.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<_> = [".", "docs", "bench", "examples-c", "c-tests", "interop"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).expect("a folder of the project"))
        .map(|entry| entry.expect("a folder's entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    pages.sort();
    assert!(pages.len() > 10, "there were more pages");
    pages
}

/// The lines of a page that are not code, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut code = false;
    text.lines().enumerate().filter_map(move |(n, line)| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        (!code && !fence).then_some((n + 1, line))
    })
}

/// The name that a heading has in links.
fn anchor(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn anchors(page: &Path) -> BTreeSet<String> {
    prose(&read(page))
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| anchor(line))
        .collect()
}

/// What stands between two strings, each time.
fn between<'a>(line: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    line.split(open)
        .skip(1)
        .filter_map(|rest| rest.split_once(close).map(|(inside, _)| inside))
        .collect()
}

/// What is in backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    let mut links = 0;
    for page in pages() {
        let text = read(&page);
        for (number, line) in prose(&text) {
            for target in between(line, "](", ")") {
                if target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                links += 1;
                let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
                let to = match file {
                    "" => page.clone(),
                    _ => page.parent().expect("a page is in a folder").join(file),
                };
                if !to.exists() || (!fragment.is_empty() && !anchors(&to).contains(fragment)) {
                    broken.push(format!("{}:{number}: {target}", page.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    assert!(links > 50, "there were more links: {links}");
}

#[test]
fn files_that_are_named_exist() {
    const FOLDERS: [&str; 10] = [
        "src/",
        "docs/",
        "scripts/",
        "tests/",
        "c-tests/",
        "examples-c/",
        "bench/",
        "interop/",
        "include/",
        ".ci/",
    ];
    let mut missing = Vec::new();
    for page in pages() {
        let text = read(&page);
        for (number, line) in prose(&text) {
            for name in quoted(line).filter_map(|q| q.split(' ').next()) {
                let is_path = FOLDERS.iter().any(|f| name.starts_with(f)) && !name.contains('*');
                if is_path && !root().join(name).exists() {
                    missing.push(format!("{}:{number}: {name}", page.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

/// Tables say which test shows something: `test_x`: `a`, `b`; `test_y`.
#[test]
fn tests_that_are_named_exist() {
    let mut missing = Vec::new();
    let mut cases = 0;
    for page in pages() {
        let text = read(&page);
        for (number, line) in prose(&text) {
            let mut source = String::new();
            let mut rest = line;
            while let Some((before, after)) = rest.split_once('`') {
                let Some((name, after)) = after.split_once('`') else {
                    break;
                };
                if name.starts_with("test_") && !name.contains(' ') {
                    let path = root().join(format!("c-tests/{name}.c"));
                    source = std::fs::read_to_string(path).unwrap_or_default();
                    if source.is_empty() {
                        missing.push(format!("{}:{number}: {name}", page.display()));
                    }
                } else if !matches!(before.trim(), ":" | ",") {
                    source.clear();
                }
                if !source.is_empty() && !name.starts_with("test_") {
                    cases += 1;
                    let case = name.trim_end_matches('*');
                    if !source.contains(case) {
                        missing.push(format!("{}:{number}: {name}", page.display()));
                    }
                }
                rest = after;
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
    assert!(cases > 50, "there were more test cases: {cases}");
}

#[test]
fn the_readme_is_short_and_names_the_test_command() {
    let readme = read(&root().join("README.md"));
    assert!(readme.lines().count() <= 200);
    assert!(readme.contains("scripts/test.sh"));
    assert!(read(&root().join(".ci/run")).contains("scripts/test.sh"));
}
