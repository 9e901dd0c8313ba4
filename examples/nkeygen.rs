//! Makes the keys, JWTs and server configurations that the tests sign in with. A helper of the C
//! tests, and nothing to keep real secrets with.
//!
//! ```text
//! nkeygen DIR nkey NAME                                     NAME.pub NAME.seed
//! nkeygen DIR operator                                      operator.jwt operator.seed
//! nkeygen DIR account NAME [expires=SECONDS] [revoke=USER]  NAME.account NAME.pub NAME.seed
//! nkeygen DIR user ACCOUNT NAME [expires=SECONDS] [deny=SUBJECT]
//!                                                           NAME.jwt NAME.creds NAME.pub NAME.seed
//! nkeygen DIR conf                                          server.conf
//! ```
//!
//! An account or user that is made again keeps its key. The configuration knows all accounts, in
//! the server's memory.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const USAGE: &str = "usage: nkeygen DIR nkey|operator|account|user|conf ...";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (dir, command) = args.split_first().ok_or(USAGE)?;
    let dir = Dir(PathBuf::from(dir));
    match command {
        ["nkey", name] => dir.key(name, KeyPair::new_user).map(drop),
        ["operator"] => dir.operator(),
        ["account", name, options @ ..] => dir.account(name, options),
        ["user", account, name, options @ ..] => dir.user(account, name, options),
        ["conf"] => dir.conf(),
        _ => Err(USAGE.into()),
    }
}

/// Where everything is kept.
struct Dir(PathBuf);

impl Dir {
    fn path(&self, name: &str, extension: &str) -> PathBuf {
        self.0.join(format!("{name}.{extension}"))
    }

    fn read(&self, name: &str, extension: &str) -> Result<String> {
        let path = self.path(name, extension);
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    fn write(&self, name: &str, extension: &str, text: &str) -> Result<()> {
        replace(&self.path(name, extension), text)
    }

    /// The key with this name, made if there is none yet.
    fn key(&self, name: &str, make: fn() -> KeyPair) -> Result<KeyPair> {
        if self.path(name, "seed").exists() {
            return Ok(KeyPair::from_seed(&self.read(name, "seed")?)?);
        }
        let key = make();
        self.write(name, "pub", &key.public_key())?;
        self.write(name, "seed", &key.seed()?)?;
        Ok(key)
    }

    fn operator(&self) -> Result<()> {
        let key = self.key("operator", KeyPair::new_operator)?;
        let nats = json!({ "type": "operator", "version": 2 });
        self.write("operator", "jwt", &jwt("operator", &key, &key, nats, None)?)
    }

    fn account(&self, name: &str, options: &[&str]) -> Result<()> {
        let operator = KeyPair::from_seed(&self.read("operator", "seed")?)?;
        let key = self.key(name, KeyPair::new_account)?;
        let mut nats = json!({
            "type": "account",
            "version": 2,
            "limits": {
                "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1,
                "wildcards": true, "conn": -1, "leaf": -1,
            },
            "default_permissions": { "pub": {}, "sub": {} },
        });
        if let Some(user) = option(options, "revoke") {
            nats["revocations"] = json!({ (self.read(user, "pub")?): now()? });
        }
        let jwt = jwt(name, &key, &operator, nats, expiry(options)?)?;
        self.write(name, "account", &jwt)
    }

    fn user(&self, account: &str, name: &str, options: &[&str]) -> Result<()> {
        let account = KeyPair::from_seed(&self.read(account, "seed")?)?;
        let key = self.key(name, KeyPair::new_user)?;
        let mut nats = json!({
            "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1,
            "pub": {}, "sub": {},
        });
        if let Some(subject) = option(options, "deny") {
            nats["pub"] = json!({ "deny": [subject] });
            nats["sub"] = json!({ "deny": [subject] });
        }
        let jwt = jwt(name, &key, &account, nats, expiry(options)?)?;
        self.write(name, "jwt", &jwt)?;
        let creds = format!(
            "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
             ************************* IMPORTANT *************************\n\
             The seed below is a secret.\n\n\
             -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
            key.seed()?
        );
        self.write(name, "creds", &creds)
    }

    fn conf(&self) -> Result<()> {
        let mut conf = format!(
            // Under valgrind a signature takes its time.
            "authorization {{ timeout: 60 }}\noperator: {}\nresolver: MEMORY\nresolver_preload: {{\n",
            self.read("operator", "jwt")?
        );
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "account") {
                let public = fs::read_to_string(path.with_extension("pub"))?;
                conf += &format!(
                    "  {}: {}\n",
                    public.trim(),
                    fs::read_to_string(&path)?.trim()
                );
            }
        }
        replace(&self.0.join("server.conf"), &(conf + "}\n"))
    }
}

/// Writes a file in such a way that who reads it meanwhile sees the old or the new one.
fn replace(path: &Path, text: &str) -> Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    Ok(fs::rename(new, path)?)
}

fn option<'a>(options: &[&'a str], name: &str) -> Option<&'a str> {
    let value = |option: &&'a str| option.strip_prefix(name)?.strip_prefix('=');
    options.iter().find_map(value)
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

/// When to expire, in seconds of the epoch.
fn expiry(options: &[&str]) -> Result<Option<i64>> {
    let Some(seconds) = option(options, "expires") else {
        return Ok(None);
    };
    Ok(Some(i64::try_from(now()?)? + seconds.parse::<i64>()?))
}

/// A JWT about `subject`, signed by `issuer`.
fn jwt(
    name: &str,
    subject: &KeyPair,
    issuer: &KeyPair,
    nats: Value,
    expiry: Option<i64>,
) -> Result<String> {
    let mut claims = json!({
        "jti": KeyPair::new_user().public_key(),
        // A second back: revoking counts for what was issued before.
        "iat": now()? - 1,
        "iss": issuer.public_key(),
        "sub": subject.public_key(),
        "name": name,
        "nats": nats,
    });
    if let Some(expiry) = expiry {
        claims["exp"] = expiry.into();
    }
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let signature = issuer.sign(signed.as_bytes())?;
    Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
}
