//! Tests of credentials.

use super::*;
use nkeys::KeyPair;
use std::sync::atomic::{AtomicUsize, Ordering};

fn go_on() -> Result<()> {
    Ok(())
}

fn jwt_handler(jwt: Option<&str>) -> JwtHandler {
    let jwt = jwt.map(Secret::from);
    Arc::new(move || Ok(jwt.clone()))
}

fn signs_with(pair: KeyPair) -> SignatureHandler {
    Arc::new(move |nonce| Ok(pair.sign(nonce.to_bytes()).unwrap()))
}

fn credentials(jwt: &str, seed: &str) -> String {
    format!("---a---\n{jwt}\n---b---\n\n---c---\n{seed}\n---d---\n")
}

/// A file that is removed at the end of the test.
struct File(PathBuf);

impl File {
    fn new(content: &str) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "nats-rs-auth-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        File(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn verified(pair: &KeyPair, proof: &Proof, nonce: &str) -> bool {
    let sig = BASE64URL_NOPAD
        .decode(proof.sig.as_deref().unwrap().as_bytes())
        .unwrap();
    pair.verify(nonce.as_bytes(), &sig).is_ok()
}

#[test]
fn every_way_signs_the_nonce() {
    let pair = KeyPair::new_user();
    let (public, seed) = (pair.public_key(), pair.seed().unwrap());
    let text = credentials("j.w.t", &seed);
    let (chained, bare_jwt, bare_seed) = (File::new(&text), File::new("j.w.t\n"), File::new(&seed));
    let copy = || KeyPair::from_seed(&seed).unwrap();

    type Setter<'a> = &'a dyn Fn(&mut SignIn);
    let ways: [(&str, Setter<'_>); 6] = [
        ("jwt", &|s| {
            s.set_handlers(Some((jwt_handler(Some("j.w.t")), signs_with(copy()))))
        }),
        ("jwt", &|s| s.set_files(Some(&chained.0), None).unwrap()),
        ("jwt", &|s| {
            s.set_files(Some(&bare_jwt.0), Some(&bare_seed.0)).unwrap()
        }),
        ("jwt", &|s| s.set_memory(Some(text.as_bytes()))),
        ("nkey", &|s| {
            s.set_nkey(Some((public.clone(), signs_with(copy()))))
                .unwrap()
        }),
        ("nkey", &|s| {
            s.set_nkey_seed_file(Some((public.clone(), bare_seed.0.clone())))
                .unwrap()
        }),
    ];
    for (i, (kind, set)) in ways.iter().enumerate() {
        let mut sign_in = SignIn::default();
        set(&mut sign_in);
        for nonce in ["the nonce", ""] {
            let proof = sign_in.prove(nonce, true, go_on).unwrap();
            assert!(verified(&pair, &proof, nonce), "{i}");
            let (jwt, nkey) = (proof.jwt.as_deref(), proof.nkey.as_deref());
            match *kind {
                "jwt" => assert_eq!((jwt, nkey), (Some("j.w.t"), None), "{i}"),
                _ => assert_eq!((jwt, nkey), (None, Some(public.as_str())), "{i}"),
            }
        }
        // If the URL has credentials, an NKey is not used; a JWT is.
        let proof = sign_in.prove("n", false, go_on).unwrap();
        assert_eq!(proof.sig.is_some(), *kind == "jwt", "{i}");
        assert_eq!(proof.nkey, None, "{i}");
        let shown = format!("{sign_in:?}");
        assert!(
            !shown.contains(&seed) && !shown.contains("j.w.t"),
            "{shown}"
        );
        // The seed signs anything; callbacks sign only nonces.
        match sign_in.sign(b"a\0b") {
            Ok(sig) => {
                pair.verify(b"a\0b", &sig).unwrap();
                pair.verify(b"", &sign_in.sign(b"").unwrap()).unwrap();
            }
            Err(e) => {
                assert!(i == 0 || i == 4, "{i}");
                assert_eq!(e.status(), Status::NATS_ERR);
            }
        }
    }
}

#[test]
fn what_one_setter_does_to_the_others() {
    let pair = KeyPair::new_user();
    let memory = credentials("j.w.t", &pair.seed().unwrap());
    let handlers = || (jwt_handler(Some("j.w.t")), signs_with(KeyPair::new_user()));
    let shown = |s: &SignIn| format!("{s:?}");
    let key = |s: &mut SignIn| {
        let key = (pair.public_key(), signs_with(KeyPair::new_user()));
        s.set_nkey(Some(key)).unwrap();
    };
    let seed_file = |s: &mut SignIn| {
        let key = (pair.public_key(), PathBuf::from("/s"));
        s.set_nkey_seed_file(Some(key)).unwrap();
    };
    let in_memory = |s: &mut SignIn| s.set_memory(Some(memory.as_bytes()));
    let mut s = SignIn::default();

    key(&mut s);
    s.set_handlers(None);
    assert!(
        shown(&s).starts_with("NKey"),
        "taking nothing out leaves the key"
    );
    s.set_handlers(Some(handlers()));
    assert_eq!(shown(&s), "JWT by functions");
    in_memory(&mut s);
    assert_eq!(shown(&s), "JWT in memory");
    s.set_nkey(None).unwrap();
    s.set_nkey_seed_file(None).unwrap();
    assert_eq!(shown(&s), "JWT in memory");
    s.set_handlers(Some(handlers()));
    s.set_files(Some(Path::new("/f")), None).unwrap();
    assert!(shown(&s).starts_with("JWT in \"/f\""));
    let e = s.set_files(None, Some(Path::new("/s"))).unwrap_err();
    assert_eq!(e.status(), Status::NATS_INVALID_ARG);
    assert_eq!(e.text(), "user or chained file need to be specified");
    assert!(
        shown(&s).starts_with("JWT in \"/f\""),
        "a refusal changes nothing"
    );
    s.set_handlers(None);
    assert_eq!(shown(&s), "");
    // A key removes the JWT, however it signs.
    for set_key in [&key as &dyn Fn(&mut SignIn), &seed_file] {
        in_memory(&mut s);
        set_key(&mut s);
        assert!(shown(&s).starts_with("NKey"));
        s.set_files(None, None).unwrap();
        assert_eq!(shown(&s), "");
        set_key(&mut s);
        s.set_nkey(None).unwrap();
        assert_eq!(shown(&s), "");
    }
    let e = s.sign(b"x").unwrap_err();
    assert_eq!(
        e.text(),
        "unable to sign since no user credentials have been set"
    );
}

#[test]
fn a_seed_is_refused_in_every_public_place() {
    let seed = KeyPair::new_user().seed().unwrap();
    let halves = format!("{}\n{}", &seed[..20], &seed[20..]);
    let mut s = SignIn::default();
    for secret in [&seed, &halves] {
        let key = (secret.clone(), signs_with(KeyPair::new_user()));
        let by_key = s.set_nkey(Some(key)).unwrap_err();
        let by_file = s.set_nkey_seed_file(Some((secret.clone(), "/s".into())));
        let by_file = by_file.unwrap_err();
        let memory = credentials(secret, &seed);
        let mut in_memory = SignIn::default();
        in_memory.set_memory(Some(memory.as_bytes()));
        let by_memory = in_memory.prove("n", true, go_on).err().unwrap();
        let jwts = (jwt_handler(Some(secret)), signs_with(KeyPair::new_user()));
        let mut by_jwt = SignIn::default();
        by_jwt.set_handlers(Some(jwts));
        let by_jwt = by_jwt.prove("n", true, go_on).err().unwrap();
        // A callback that returns the seed in place of the signature.
        let signature = secret.clone().into_bytes();
        let gives: SignatureHandler = Arc::new(move |_| Ok(signature.clone()));
        let mut by_signature = SignIn::default();
        by_signature.set_handlers(Some((jwt_handler(Some("j.w.t")), gives)));
        let by_signature = by_signature.prove("n", true, go_on).err().unwrap();
        for e in [by_key, by_file, by_memory, by_jwt, by_signature] {
            assert_eq!(e.status(), Status::NATS_INVALID_ARG, "{e}");
            assert!(e.text().contains("seed"), "{e}");
            assert!(!e.text().contains(&seed[..8]), "{e}");
        }
        assert_eq!(format!("{s:?}"), "", "a refusal changes nothing");
    }
    // Anything else that a callback gives is the server's to judge.
    for given in ["x", "a.b", " a.b.c\n", "a.b.c.d", "..", "\"},\r\nPUB"] {
        let handlers = (jwt_handler(Some(given)), signs_with(KeyPair::new_user()));
        s.set_handlers(Some(handlers));
        let proof = s.prove("n", true, go_on).unwrap();
        assert_eq!(proof.jwt.as_deref(), Some(given.trim()));
    }
    let handlers = (jwt_handler(Some(" \n")), signs_with(KeyPair::new_user()));
    s.set_handlers(Some(handlers));
    let e = s.prove("n", true, go_on).err().unwrap();
    assert_eq!(e.status(), Status::NATS_INVALID_ARG);
    assert_eq!(
        e.text(),
        "what the program's function gave as a JWT: it is empty"
    );
}

#[test]
fn files_are_read_each_time() {
    let (old, new) = (KeyPair::new_user(), KeyPair::new_user());
    let file = File::new(&credentials("o.l.d", &old.seed().unwrap()));
    let mut s = SignIn::default();
    s.set_files(Some(&file.0), None).unwrap();
    let proof = s.prove("n", true, go_on).unwrap();
    assert_eq!(proof.jwt.as_deref(), Some("o.l.d"));
    std::fs::write(&file.0, credentials("n.e.w", &new.seed().unwrap())).unwrap();
    let proof = s.prove("n", true, go_on).unwrap();
    assert_eq!(proof.jwt.as_deref(), Some("n.e.w"));
    assert!(verified(&new, &proof, "n"));
    std::fs::write(&file.0, credentials("n.e.w", "SUNOSEED1")).unwrap();
    let e = s.prove("n", true, go_on).err().unwrap();
    assert_eq!(e.status(), Status::NATS_ERR);
    assert!(!e.text().contains("NOSEED"), "{e}");
}

#[test]
fn handlers_have_the_last_word() {
    let signs = AtomicUsize::new(0);
    let mut s = SignIn::default();
    let fails = || Error::new(Status::NATS_NOT_PERMITTED, "not today");
    let jwt_fails: JwtHandler = Arc::new(move || Err(fails()));
    let sign_fails: SignatureHandler = Arc::new(move |_| Err(fails()));
    for handlers in [
        (jwt_fails, signs_with(KeyPair::new_user())),
        (jwt_handler(Some("j.w.t")), sign_fails),
    ] {
        s.set_handlers(Some(handlers));
        let e = s.prove("n", true, go_on).err().unwrap();
        assert_eq!(
            (e.status(), e.text()),
            (Status::NATS_NOT_PERMITTED, "not today")
        );
    }
    // No JWT, no signature.
    for none in [None, Some("")] {
        s.set_handlers(Some((
            jwt_handler(none),
            Arc::new(|_| panic!("not called")),
        )));
        let proof = s.prove("n", true, go_on).unwrap();
        assert!(proof.jwt.is_none() && proof.sig.is_none());
    }
    // Closed meanwhile: the second callback is not called any more.
    s.set_handlers(Some((
        jwt_handler(Some("j")),
        Arc::new(|_| panic!("not called")),
    )));
    let closed = || {
        signs.fetch_add(1, Ordering::Relaxed);
        Err(Status::NATS_CONNECTION_CLOSED.into())
    };
    let e = s.prove("n", true, closed).err().unwrap();
    assert_eq!(e.status(), Status::NATS_CONNECTION_CLOSED);
    assert_eq!(signs.load(Ordering::Relaxed), 1);
}
