//! The references of the documentation exist: links and their anchors, files, test cases.

use std::collections::{BTreeMap, BTreeSet};
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

/// The texts between two strings.
fn between<'a>(line: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    line.split(open)
        .skip(1)
        .filter_map(|rest| rest.split_once(close).map(|(inside, _)| inside))
        .collect()
}

/// The texts in backticks.
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
    const FOLDERS: [&str; 11] = [
        "src/",
        "docs/",
        "scripts/",
        "tests/",
        "c-tests/",
        "examples-c/",
        "bench/",
        "interop/",
        "bindings/",
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

/// Tables name tests: `test_x`: `a`, `b`; `test_y`.
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

/// The exported functions with their groups in the manual, as the header declares them.
fn functions() -> BTreeMap<String, String> {
    let header = read(&root().join("include/nats_rs.h"));
    let mut functions = BTreeMap::new();
    for comment in header.split("/**").skip(1) {
        let Some((text, declaration)) = comment.split_once("*/") else {
            continue;
        };
        let group = text.split("@ingroup ").nth(1);
        let group = group.and_then(|rest| rest.split_whitespace().next());
        let declaration = declaration.split(';').next().unwrap_or_default();
        let name = declaration.split('(').next().unwrap_or_default();
        let is_function = declaration.contains('(') && !declaration.contains(['{', '#']);
        if let (Some(group), true) = (group, is_function && !name.contains("typedef")) {
            let name = name
                .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
                .next();
            let name = name.unwrap_or_default();
            if !name.is_empty() {
                functions.insert(name.to_owned(), group.to_owned());
            }
        }
    }
    assert!(
        functions.len() > 500,
        "there were more: {}",
        functions.len()
    );
    functions
}

/// The sources of the C tests that a cell names.
fn sources(cell: &str) -> Vec<String> {
    quoted(cell)
        .filter(|name| name.starts_with("test_"))
        .filter_map(|name| std::fs::read_to_string(root().join(format!("c-tests/{name}.c"))).ok())
        .collect()
}

/// Whether the text has this word.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|found| found == word)
}

/// The pages with tables of features: each function has a row, and the tests of the row call it.
#[test]
fn features_have_tests_that_use_them() {
    let functions = functions();
    let mut wrong = Vec::new();
    for (page, groups) in [
        ("jetstream.md", "nats_js"),
        ("kv.md", "nats_kv"),
        ("object-store.md", "nats_obj"),
        ("services.md", "nats_micro"),
    ] {
        let text = read(&root().join("docs").join(page));
        let mut named = BTreeSet::new();
        let mut in_table = false;
        for (number, line) in prose(&text) {
            let cells: Vec<_> = line.trim().trim_matches('|').split(" | ").collect();
            let is_row = line.starts_with('|') && cells.len() == 3;
            if is_row && cells[1].trim() == "Functions" && cells[2].trim() == "Tests" {
                in_table = true;
                continue;
            }
            in_table &= line.starts_with('|');
            if !in_table || line.starts_with("|-") {
                continue;
            }
            let sources = sources(cells.get(2).unwrap_or(&""));
            if sources.is_empty() {
                wrong.push(format!("{page}:{number}: a row without a test"));
            }
            for name in quoted(cells.get(1).unwrap_or(&"")) {
                if !functions.contains_key(name) {
                    wrong.push(format!("{page}:{number}: {name} is no function"));
                } else if !sources.iter().any(|source| has_word(source, name)) {
                    wrong.push(format!("{page}:{number}: no test of this row calls {name}"));
                }
                named.insert(name);
            }
        }
        for (name, group) in &functions {
            let part = ["_Init", "_Destroy"].iter().any(|end| name.ends_with(end));
            if group.starts_with(groups) && !part && !named.contains(name.as_str()) {
                wrong.push(format!("{page}: the table has no row with {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_readme_is_short_and_names_the_test_command() {
    let readme = read(&root().join("README.md"));
    assert!(readme.lines().count() <= 200);
    assert!(readme.contains("scripts/test.sh"));
    assert!(read(&root().join(".ci/run")).contains("scripts/test.sh"));
}
