//! The committed C header is the one that cbindgen generates from the sources. `NATS_RS_UPDATE_HEADER=1 cargo test --test
//! header` writes it. The completeness of its manual is tested in `manual.rs`.

use std::path::Path;

#[test]
fn the_committed_header_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config =
        cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is readable");
    let mut fresh = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_crate(root)
        .generate()
        .expect("cbindgen understands the sources")
        .write(&mut fresh);
    let fresh = for_c(&String::from_utf8(fresh).expect("the header is text"));
    let path = root.join("include/nats_rs.h");
    if std::env::var_os("NATS_RS_UPDATE_HEADER").is_some() {
        std::fs::write(&path, &fresh).expect("the header can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "include/nats_rs.h is out of date: run NATS_RS_UPDATE_HEADER=1 cargo test --test header"
    );
}

/// Changes for which cbindgen has no settings: removes the `# Safety` sections, which repeat the descriptions of the
/// parameters for Rust, writes short comments in one line, adds headings before the declarations of JetStream, and replaces
/// constructs that C90 and C++98 do not have.
fn for_c(header: &str) -> String {
    let header = with_sections(&with_short_comments(&without_safety(header)));
    without_commas_at_the_end(&with_linkage(&header))
        .replace("#endif // __cplusplus", "#endif /* __cplusplus */")
        .replace("#endif  // __cplusplus", "#endif /* __cplusplus */")
        .replace("}  // extern \"C\"", "} /* extern \"C\" */")
}

/// Gives the functions that C defines the linkage of the others.
fn with_linkage(header: &str) -> String {
    let lines = header
        .lines()
        .map(|line| match line.strip_prefix("extern ") {
            Some(function) if function.contains('(') => format!("NATS_EXTERN {function}\n"),
            _ => format!("{line}\n"),
        });
    lines.collect()
}

/// Removes the comma after the last value of each enum.
fn without_commas_at_the_end(header: &str) -> String {
    header.replace(",\n}", "\n}")
}

fn without_safety(header: &str) -> String {
    let mut out = String::new();
    let mut skipping = false;
    for line in header.lines() {
        let text = line.trim_start().trim_start_matches('*').trim();
        if text == "# Safety" {
            skipping = true;
            // The empty line before the section goes too.
            out.truncate(
                out.trim_end_matches("\n")
                    .trim_end_matches(" *")
                    .trim_end_matches('\n')
                    .len(),
            );
            out.push('\n');
        }
        skipping &= text != "/";
        if !skipping {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Writes a comment with one line of text in one line.
fn with_short_comments(header: &str) -> String {
    let lines: Vec<&str> = header.lines().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < lines.len() {
        if let [begin, text, end, ..] = lines[at..]
            && begin.trim() == "/**"
            && end.trim() == "*/"
            && let Some(text) = text.trim_start().strip_prefix("* ")
        {
            let indent = &begin[..begin.len() - begin.trim_start().len()];
            let line = format!("{indent}/** {text} */");
            if line.len() <= 112 {
                out += &line;
                out.push('\n');
                at += 3;
                continue;
            }
        }
        out += lines[at];
        out.push('\n');
        at += 1;
    }
    out
}

/// Puts a line above the first of each kind of declaration that belongs to JetStream. cbindgen writes enums first,
/// then the other types, then functions.
fn with_sections(header: &str) -> String {
    let lines: Vec<&str> = header.lines().collect();
    let is_enum = |line: &str| line.starts_with("typedef enum js");
    let is_type =
        |line: &str| line.starts_with("typedef ") && line.contains("js") && !is_enum(line);
    let is_function = |line: &str| {
        let name = line.split('(').next().unwrap_or_default();
        line.contains('(')
            && !line.starts_with(['#', ' ', '*', '/'])
            && !line.starts_with("typedef")
            && name
                .rsplit([' ', '*'])
                .next()
                .is_some_and(|n| n.starts_with("js"))
    };
    let mut sections = vec![
        (
            "JetStream: choices, and what servers say went wrong",
            lines.iter().position(|l| is_enum(l)),
        ),
        (
            "JetStream: structures and callbacks",
            lines.iter().position(|l| is_type(l) && !l.contains("__")),
        ),
        (
            "JetStream: functions",
            lines.iter().position(|l| is_function(l)),
        ),
    ];
    let mut out = String::new();
    // From the declaration back to where its comment begins: the line behind the last empty one.
    for (_, at) in &mut sections {
        *at = at.map(|at| {
            lines[..at]
                .iter()
                .rposition(|l| l.is_empty())
                .map_or(0, |n| n + 1)
        });
    }
    for (n, line) in lines.iter().enumerate() {
        for (title, _) in sections.iter().filter(|(_, at)| *at == Some(n)) {
            out += &format!("/* ---- {title} {} */\n\n", "-".repeat(95 - title.len()));
        }
        out += line;
        out.push('\n');
    }
    out
}
