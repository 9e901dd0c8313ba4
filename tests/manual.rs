//! The manual of the C interface is complete: each function of `include/nats_rs.h` has a summary, its parameters, its
//! results, the rule for threads and a group with a page in `docs/manual`, and the examples compile.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The longest summary, in characters.
const SUMMARY: usize = 120;

struct Item {
    /// The comment without its frame.
    comment: String,
    /// The declaration on one line.
    declaration: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All documented items at the left margin of the header.
fn items() -> Vec<Item> {
    let header = read("include/nats_rs.h");
    let mut items = Vec::new();
    let mut rest = header.as_str();
    while let Some(start) = rest.find("\n/**") {
        let after = &rest[start + 4..];
        let end = after.find("*/").expect("a comment has an end");
        let comment: Vec<_> = after[..end]
            .lines()
            .map(|l| l.strip_prefix(" *").unwrap_or(l))
            .map(|l| l.strip_prefix(' ').unwrap_or(l).trim_end())
            .collect();
        let code = &after[end + 2..];
        let stop = code.find([';', '{', '#']).unwrap_or(code.len());
        let stop = if code.trim_start().starts_with('#') {
            code.len() - code.trim_start().len() + code.trim_start().find('\n').unwrap_or(0)
        } else {
            stop
        };
        items.push(Item {
            comment: comment.join("\n").trim().to_owned(),
            declaration: code[..stop]
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
        });
        rest = code;
    }
    items
}

impl Item {
    fn function(&self) -> Option<Function<'_>> {
        let declaration = self.declaration.strip_prefix("NATS_EXTERN ")?;
        let (head, parameters) = declaration.split_once('(')?;
        let (returns, name) = head.rsplit_once([' ', '*'])?;
        let parameters = parameters
            .trim_end_matches(')')
            .split(',')
            .map(|p| p.rsplit([' ', '*']).next().unwrap_or_default())
            .filter(|p| !p.is_empty() && !matches!(*p, "void" | "..."))
            .collect();
        Some(Function {
            name,
            returns_nothing: returns.trim() == "void" && !head.contains('*'),
            parameters,
        })
    }

    /// The arguments of a command, one for each time that it is given.
    fn arguments<'a>(&'a self, command: &'a str) -> impl Iterator<Item = &'a str> {
        self.comment.lines().filter_map(move |l| {
            l.split_once(command)
                .filter(|(before, after)| {
                    (before.is_empty() || command == "@ingroup ") && !after.is_empty()
                })
                .map(|(_, after)| after.split_whitespace().next().unwrap_or_default())
        })
    }
}

struct Function<'a> {
    name: &'a str,
    returns_nothing: bool,
    parameters: Vec<&'a str>,
}

/// The pages of the manual: file name and text.
fn pages() -> Vec<(String, String)> {
    let mut pages: Vec<_> = std::fs::read_dir(root().join("docs/manual"))
        .expect("docs/manual is there")
        .map(|e| e.expect("a folder's entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "dox"))
        .map(|p| (p.display().to_string(), read(&p)))
        .collect();
    pages.sort();
    pages
}

/// The groups that the pages define, with their text.
fn groups() -> BTreeMap<String, String> {
    let mut groups = BTreeMap::new();
    for (file, text) in pages() {
        for block in text.split("/**").skip(1) {
            let Some(line) = block.lines().find(|l| l.starts_with("@defgroup ")) else {
                continue;
            };
            let name = line.split_whitespace().nth(1).expect("a group has a name");
            let before = groups.insert(name.to_owned(), block.to_owned());
            assert!(before.is_none(), "{file}: {name} is defined twice");
        }
    }
    groups
}

/// The functions of nats.c, by the tables of its interface.
fn functions_of_nats_c() -> BTreeSet<String> {
    std::fs::read_dir(root().join("c-tests/abi"))
        .expect("c-tests/abi is there")
        .map(|e| e.expect("a folder's entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "tsv"))
        .flat_map(|p| {
            let lines: Vec<_> = read(p)
                .lines()
                .filter_map(|l| l.split('\t').next().map(str::to_owned))
                .collect();
            lines
        })
        .collect()
}

fn complaints_about(
    item: &Item,
    function: &Function<'_>,
    groups: &BTreeMap<String, String>,
    statuses: &BTreeSet<String>,
    nats_c: &BTreeSet<String>,
) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut complain = |text: String| complaints.push(format!("{}: {text}", function.name));
    let first = item.comment.split("\n\n").next().unwrap_or_default();
    let summary = first.replace('\n', " ");
    if summary.starts_with('@') || !summary.ends_with(['.', '?']) {
        complain("a summary of one sentence comes first, with an empty line behind it".into());
    }
    if summary.chars().count() > SUMMARY {
        complain(format!("the summary is longer than {SUMMARY} characters"));
    }
    let verb = summary.split_whitespace().next().unwrap_or_default();
    if !verb.starts_with(char::is_uppercase) || (verb.ends_with('s') && !verb.ends_with("ss")) {
        complain(format!(
            "the summary begins with '{verb}', not with an imperative"
        ));
    }
    let documented: Vec<_> = item.arguments("@param ").collect();
    if documented != function.parameters {
        complain(format!(
            "@param {documented:?} where the parameters are {:?}",
            function.parameters
        ));
    }
    let values: Vec<_> = item.arguments("@retval ").collect();
    let returns = item.arguments("@return ").count() + values.len();
    if function.returns_nothing != (returns == 0) {
        complain(if function.returns_nothing {
            "it returns nothing, and has a @return".into()
        } else {
            "no @return, and no @retval".into()
        });
    }
    for value in &values {
        if !statuses.contains(*value) {
            complain(format!("@retval {value} is no status"));
        }
    }
    if values.iter().collect::<BTreeSet<_>>().len() != values.len() {
        complain("one status has two @retval".into());
    }
    match item.arguments("@ingroup ").collect::<Vec<_>>()[..] {
        [group] if groups.contains_key(group) => {}
        [group] => complain(format!("no file of docs/manual has a @defgroup {group}")),
        [] => complain("no @ingroup".into()),
        _ => complain("more than one @ingroup".into()),
    }
    if !item.comment.contains("@par Threads\n") {
        complain("no `@par Threads`".into());
    }
    let object = function.name.split('_').next().unwrap_or_default();
    if nats_c.iter().any(|f| f.split('_').next() == Some(object)) {
        let marked = item.comment.contains("@note An addition of this library");
        if marked == nats_c.contains(function.name) {
            complain(if marked {
                "nats.c has it: it is no addition".into()
            } else {
                "nats.c does not have it: `@note An addition of this library: nats.c does not have it.`".into()
            });
        }
    }
    complaints
}

#[test]
fn each_function_is_documented() {
    let (items, groups, nats_c) = (items(), groups(), functions_of_nats_c());
    let header = read("include/nats_rs.h");
    let statuses = header
        .lines()
        .filter_map(|l| l.trim().strip_prefix("NATS_"))
        .filter_map(|l| l.split([' ', ',']).next())
        .map(|l| format!("NATS_{l}"))
        .collect();
    let mut complaints = Vec::new();
    let mut functions = 0;
    for item in &items {
        if let Some(function) = item.function() {
            functions += 1;
            complaints.extend(complaints_about(
                item, &function, &groups, &statuses, &nats_c,
            ));
        }
    }
    assert_eq!(
        functions,
        header
            .lines()
            .filter(|l| l.starts_with("NATS_EXTERN"))
            .count(),
        "a function has no comment"
    );
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn each_type_and_macro_has_a_group() {
    let groups = groups();
    let complaints: Vec<_> = items()
        .iter()
        .filter(|i| {
            !i.comment.starts_with("@file") && !i.comment.starts_with("The structure behind")
        })
        .filter(|i| {
            !i.arguments("@ingroup ").all(|g| groups.contains_key(g))
                || !i.comment.contains("@ingroup ")
        })
        .map(|i| i.declaration.clone())
        .collect();
    assert!(
        complaints.is_empty(),
        "without an @ingroup of docs/manual:\n{}",
        complaints.join("\n")
    );
}

#[test]
fn each_group_has_a_page_with_an_example() {
    let items = items();
    for (group, page) in groups() {
        assert!(page.contains("\n@brief "), "{group} has no @brief");
        assert!(page.contains("\n```c\n"), "{group} has no example");
        assert!(
            items
                .iter()
                .any(|i| i.function().is_some() && i.arguments("@ingroup ").any(|g| g == group)),
            "{group} has no function"
        );
    }
}

/// The examples in a text, each with the number of its first line.
fn examples(text: &str) -> Vec<(usize, String)> {
    let mut examples = Vec::new();
    let mut current: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line
            .strip_prefix(" * ")
            .or_else(|| line.strip_prefix(" *"))
            .unwrap_or(line);
        match (&mut current, line) {
            (None, "```c") => current = Some((number + 2, String::new())),
            (Some(_), "```") => examples.extend(current.take()),
            (Some((_, code)), line) => {
                code.push_str(line);
                code.push('\n');
            }
            (None, _) => {}
        }
    }
    assert!(current.is_none(), "an example has no end");
    examples
}

/// A C source of an example: its functions, and what else there is in a function of its own.
fn source_of(file: &str, line: usize, example: &str) -> String {
    if example.contains("int main(") {
        return format!("#line {line} \"{file}\"\n{example}");
    }
    let mut functions = String::new();
    let mut statements = String::new();
    let mut in_function = false;
    for (offset, text) in example.lines().enumerate() {
        in_function |= text.starts_with("static ") && text.contains('(');
        let target = if in_function {
            &mut functions
        } else {
            &mut statements
        };
        writeln!(target, "#line {} \"{file}\"\n{text}", line + offset)
            .expect("a string takes text");
        in_function &= !(text == "}" || (text.starts_with("static ") && text.ends_with('}')));
    }
    format!(
        "#include <poll.h>\n#include <string.h>\n#include <nats_rs.h>\n{functions}\
         void example(natsConnection *nc, natsOptions *opts, natsSubscription *sub, natsMsg *msg, jsCtx *js, void *loop);\n\
         void example(natsConnection *nc, natsOptions *opts, natsSubscription *sub, natsMsg *msg, jsCtx *js, void *loop) \
         {{ {{\n{statements}}} }}\n"
    )
}

#[test]
fn the_examples_compile() {
    let mut files: Vec<_> = pages()
        .into_iter()
        .map(|(file, _)| PathBuf::from(file))
        .collect();
    files.push(root().join("include/nats_rs.h"));
    files.extend(
        [root(), root().join("docs")]
            .iter()
            .flat_map(|d| std::fs::read_dir(d).expect("a folder of the project"))
            .map(|e| e.expect("a folder's entry").path())
            .filter(|p| p.extension().is_some_and(|e| e == "md")),
    );
    let mut count = 0;
    for file in files {
        let text = read(&file);
        for (line, example) in examples(&text) {
            count += 1;
            let source = source_of(&file.display().to_string(), line, &example);
            let mut compiler = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
                .args([
                    "-std=gnu99",
                    "-fsyntax-only",
                    "-Wall",
                    "-Wno-unused",
                    "-Wno-unused-result",
                    "-Werror",
                ])
                .arg("-I")
                .arg(root().join("include"))
                .args(["-x", "c", "-"])
                .stdin(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("a C compiler starts");
            let mut stdin = compiler.stdin.take().expect("it is piped");
            stdin
                .write_all(source.as_bytes())
                .expect("the compiler reads the example");
            drop(stdin);
            let output = compiler.wait_with_output().expect("the compiler ends");
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    assert!(count >= 60, "there were more examples: {count}");
}
