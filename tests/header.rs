//! The committed C header is what cbindgen makes of the sources. `NATS_RS_UPDATE_HEADER=1 cargo test
//! --test header` writes it anew.

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

/// What cbindgen has no settings for: takes the `# Safety` sections out, which tell Rust callers what
/// a C programmer knows from the parameters' descriptions, and makes what C90 and C++98 refuse into
/// what they take.
fn for_c(header: &str) -> String {
    without_commas_at_the_end(&without_safety(header))
        .replace("#endif // __cplusplus", "#endif /* __cplusplus */")
        .replace("#endif  // __cplusplus", "#endif /* __cplusplus */")
        .replace("}  // extern \"C\"", "} /* extern \"C\" */")
}

/// Takes the comma after the last value of each enum out.
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
