//! Tests of credential files.

use super::*;
use nkeys::KeyPair;
use proptest::prelude::*;

fn file() -> Source<'static> {
    Source::File(Path::new("/the/file"))
}

fn a_seed() -> String {
    KeyPair::new_user().seed().unwrap()
}

/// A block with labels, as the tools write them.
fn block(what: &str, content: &str) -> String {
    format!("-----BEGIN {what}-----\n{content}\n------END {what}------\n")
}

fn jwt_block(content: &str) -> String {
    block("NATS USER JWT", content)
}

fn seed_block(content: &str) -> String {
    block("USER NKEY SEED", content)
}

fn chained(jwt: &str, seed: &str, end: &str) -> String {
    let important = "\n************************* IMPORTANT *************************\n\n";
    [&jwt_block(jwt), important, &seed_block(seed)]
        .concat()
        .replace('\n', end)
}

/// The JWT and the seed of a file that has both.
fn both(content: &str, source: Source<'_>) -> Result<(String, String)> {
    let jwt = jwt(content.as_bytes(), source)?;
    let seed = seed(content.as_bytes(), source, true)?;
    Ok((
        jwt.to_owned(),
        String::from_utf8(seed.to_owned()).expect("it is"),
    ))
}

/// The error text for a file without a JWT, or without a seed behind it.
fn why(content: &str) -> String {
    let e = both(content, file()).unwrap_err();
    assert_eq!(e.status(), Status::NATS_ERR);
    let text = e.text().strip_prefix("credentials file '/the/file'");
    text.unwrap_or_else(|| panic!("{e}")).to_owned()
}

#[test]
fn decorated_lines() {
    for line in ["------", "---a---", "--- BEGIN ---", "x---x---", "-------"] {
        assert!(is_decorated(line.as_bytes()), "{line}");
    }
    for line in [
        "",
        "---",
        "-----",
        "--a---",
        "---a--",
        "---a--- b",
        "a---b",
        "e---y.a.b---",
    ] {
        assert!(!is_decorated(line.as_bytes()), "{line}");
    }
}

#[test]
fn a_chained_file_has_both() {
    let secret = a_seed();
    let right = Ok(("the.j.wt".to_owned(), secret.clone()));
    for end in ["\n", "\r\n", "\n\n", "  \n"] {
        let content = chained("the.j.wt", &secret, end);
        assert_eq!(both(&content, file()), right, "{end:?}");
        assert_eq!(both(&content, Source::Memory), right, "{end:?}");
        assert_eq!(both(&format!("\u{feff}{content}"), file()), right);
    }
    // Without the line end of the last line, with other decorations, with headings, and in the
    // other order.
    for content in [
        format!("------\nthe.j.wt\n---b---\n---\n---c---\n{secret}\n------"),
        format!("---title---\n---a---\nthe.j.wt\n---b---\n---c---\n{secret}\n---d---"),
        format!("{}{}", seed_block(&secret), jwt_block("the.j.wt")),
        format!("{}{secret}\n", jwt_block("the.j.wt")),
        // Of several the first one counts.
        chained("the.j.wt", &secret, "\n") + &chained("an.other.jwt", &a_seed(), "\n"),
    ] {
        assert_eq!(both(&content, file()), right, "{content}");
    }
}

#[test]
fn the_words_say_what_is_wrong_where() {
    let (secret, other) = (a_seed(), a_seed());
    let (good_jwt, good_seed) = (jwt_block("the.j.wt"), seed_block(&secret));
    let with_jwt = |jwt: &str| why(&(jwt_block(jwt) + &good_seed));
    let with_seed = |seed: &str| why(&(good_jwt.clone() + &seed_block(seed)));
    let a_seed_instead = ", JWT block: a seed stands in its place";

    assert_eq!(
        with_jwt("eyJ0.\neyJq.sig"),
        ", JWT block: it is wrapped over 2 lines"
    );
    assert_eq!(with_jwt(""), ", JWT block: it is empty");
    assert_eq!(with_jwt(&secret), a_seed_instead);
    assert_eq!(
        with_jwt(&format!("{}\n{}", &secret[..30], &secret[30..])),
        a_seed_instead
    );
    assert_eq!(with_jwt(&format!("a.{secret}.b")), a_seed_instead);
    assert_eq!(
        with_jwt("a.b"),
        ", JWT block: not a JWT, which has three parts with dots between them: 2 found"
    );
    assert_eq!(
        with_jwt("a..b"),
        ", JWT block: not a JWT: one of its three parts is empty"
    );
    assert_eq!(
        with_jwt("a.b.c=d"),
        ", JWT block: not a JWT: character 6 is not one of base64url"
    );
    assert_eq!(
        why(&format!(
            "-----BEGIN NATS USER JWT-----\nthe.j.wt\n{good_seed}"
        )),
        ", JWT block: its last line is missing"
    );
    for only_seeds in [
        good_seed.clone(),
        good_seed.clone() + &seed_block(&other),
        good_seed.clone() + &good_seed,
    ] {
        assert_eq!(why(&only_seeds), ": no JWT block, but a seed block");
    }
    // Blocks that do not say what they are.
    let unlabelled = format!("---a---\n{secret}\n---b---\n");
    assert_eq!(why(&unlabelled.repeat(2)), a_seed_instead);
    assert_eq!(
        why("---a---\n---b---\n"),
        ": no JWT block, and it is wrapped over 2 lines"
    );

    let tampered = format!(
        "{}{}",
        &secret[..57],
        if secret.ends_with('A') { "E" } else { "A" }
    );
    assert_eq!(with_seed(&tampered), ", seed block: bad checksum");
    assert_eq!(with_seed(""), ", seed block: it is empty");
    assert_eq!(
        with_seed("the.j.wt"),
        ", seed block: a JWT stands in its place"
    );
    assert_eq!(
        with_seed(&secret.to_lowercase()),
        ", seed block: character 1 is not one of base32 (A to Z, 2 to 7)"
    );
    assert_eq!(
        with_seed(&KeyPair::new_user().public_key()),
        ", seed block: a key, and not a seed"
    );
    assert_eq!(
        with_seed(&format!("{}\n{}", &secret[..30], &secret[30..])),
        ", seed block: it is wrapped over 2 lines"
    );
    assert_eq!(
        why(&(good_jwt.clone() + &good_jwt + &good_seed)),
        ": several JWT blocks in front of the seed block"
    );
    assert_eq!(why(&(good_jwt.clone() + "SUPER\n")), ", seed: too short");
}

#[test]
fn in_memory_the_statuses_are_others() {
    let secret = a_seed();
    let status = |content: &str| both(content, Source::Memory).unwrap_err().status();
    for missing in [
        "",
        "no blocks",
        &secret,
        &jwt_block("a.b.c"),
        &seed_block(&secret),
    ] {
        assert_eq!(status(missing), Status::NATS_NOT_FOUND, "{missing}");
    }
    let wrapped = jwt_block("a.\nb.c") + &seed_block(&secret);
    assert_eq!(status(&wrapped), Status::NATS_INVALID_ARG);
}

#[test]
fn bare_files() {
    let secret = a_seed();
    let jwt = |content: &[u8]| jwt(content, file()).map(str::to_owned);
    assert_eq!(jwt(b" \n the.j.wt \r\n").unwrap(), "the.j.wt");
    assert_eq!(jwt(b"\xef\xbb\xbfthe.j.wt").unwrap(), "the.j.wt");
    for bad in [
        &b""[..],
        b" \n",
        b"\xff\xfe",
        b"one\nthe.j.wt",
        secret.as_bytes(),
    ] {
        let e = jwt(bad).unwrap_err();
        assert!(
            e.text()
                .starts_with("credentials file '/the/file': no JWT block, and "),
            "{e}"
        );
    }
    for content in [
        secret.clone(),
        format!("\u{feff}{secret}"),
        format!("# SUPER secret\nSUPER secret\n  {secret} \n{}\n", a_seed()),
        seed_block(&secret),
        format!("---a---\n{secret}\n---b---\n"),
        // The chained file where one with the seed only is expected.
        chained("the.j.wt", &secret, "\n"),
        jwt_block("the.j.wt") + &secret,
    ] {
        let found = seed(content.as_bytes(), file(), false).unwrap();
        assert_eq!(found, secret.as_bytes(), "{content}");
    }
}

proptest! {
    /// However a file is mangled, what is sent as a JWT is one, contains no seed, and no error text
    /// shows any part of either.
    #[test]
    fn no_mangled_file_gives_a_seed_away(
        cuts in prop::collection::vec((0usize..400, 0usize..400, "[-\n\r .a]{0,3}"), 0..6),
        order in 0u8..6,
    ) {
        let secret = a_seed();
        let jwt_text = "eyJ0eXAiOiJKV1QifQ.eyJqdGkiOiJIVVNIIn0.c2lnbmF0dXJl";
        let (first, second) = (jwt_block(jwt_text), seed_block(&secret));
        let mut content = match order {
            0 => first + &second,
            1 => second + &first,
            2 => second.clone() + &second,
            3 => second,
            4 => jwt_block(&secret) + &second,
            _ => secret.clone(),
        };
        for (from, to, with) in cuts {
            let (from, to) = (from.min(to).min(content.len()), from.max(to).min(content.len()));
            content.replace_range(from..to.min(from + 40), &with);
        }
        for source in [file(), Source::Memory] {
            match jwt(content.as_bytes(), source) {
                Ok(jwt) => {
                    prop_assert!(!nkey::holds_seed(jwt.as_bytes()));
                    prop_assert_eq!(jwt.split('.').count(), 3);
                }
                Err(e) => prop_assert!(!shows(e.text(), &secret) && !shows(e.text(), jwt_text)),
            }
            for chained in [false, true] {
                if let Err(e) = seed(content.as_bytes(), source, chained) {
                    prop_assert!(!shows(e.text(), &secret) && !shows(e.text(), jwt_text));
                }
            }
        }
    }
}

/// Whether a part of a secret that would be of use is in a text.
fn shows(text: &str, secret: &str) -> bool {
    let parts = secret.as_bytes().windows(8);
    parts
        .map(|part| memchr::memmem::find(text.as_bytes(), part))
        .any(|at| at.is_some())
}

#[test]
fn files_that_are_not_read() {
    let dir = std::env::temp_dir().join(format!("nats-rs-creds-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let why = |path: &Path| {
        let e = read(path).unwrap_err();
        assert_eq!(e.status(), Status::NATS_ERR);
        let start = format!("error opening file '{}': ", path.display());
        let why = e.text().strip_prefix(&start).map(str::to_owned);
        why.unwrap_or_else(|| panic!("{e}"))
    };
    assert_eq!(why(&dir), "Is a directory");
    assert_eq!(why(&dir.join("none")), "No such file or directory");
    assert_eq!(why(Path::new("/dev/zero")), "not a regular file");

    let pipe = dir.join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    assert_eq!(why(&pipe), "not a regular file");

    let file = dir.join("file");
    std::fs::write(&file, vec![b'x'; MAX_FILE as usize]).unwrap();
    assert_eq!(read(&file).unwrap().len() as u64, MAX_FILE);
    std::fs::write(&file, vec![b'x'; MAX_FILE as usize + 1]).unwrap();
    assert_eq!(why(&file), "larger than 1 MiB");
    // A hole of a gigabyte costs neither disk nor memory.
    std::fs::File::create(&file)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    assert_eq!(why(&file), "larger than 1 MiB");
    std::fs::write(&file, "SUx").unwrap();
    assert_eq!(read(&file).unwrap().as_slice(), b"SUx");
    std::fs::remove_dir_all(&dir).unwrap();
}
