//! Signing with an NKey: the base32-encoded Ed25519 seeds of users, accounts and servers (the
//! format is described by ADR-14 and the `nkeys` projects).

use data_encoding::{BASE32_NOPAD, DecodePartial, Encoding};
use nkeys::{KeyPair, KeyPairType};
use once_cell::race::OnceBox;
use zeroize::Zeroizing;

use crate::error::{Error, Result, Status};

/// Length of a signature.
pub const SIGNATURE_LEN: usize = 64;
/// Length of the secret in a seed.
const SECRET_LEN: usize = 32;
/// Length of an encoded seed.
const SEED_LEN: usize = 58;
/// The prefix of a seed: the first five bits when decoded.
const SEED: u8 = 18 << 3;
/// The kinds of seeds, the next eight bits: user, server, cluster, account.
const KINDS: [u8; 4] = [20 << 3, 13 << 3, 2 << 3, 0];

/// Base32 that, like in other clients, ignores bits left over behind the last byte.
fn base32() -> &'static Encoding {
    static BASE32: OnceBox<Encoding> = OnceBox::new();
    BASE32.get_or_init(|| {
        let mut spec = BASE32_NOPAD.specification();
        spec.check_trailing_bits = false;
        Box::new(spec.encoding().unwrap_or(BASE32_NOPAD))
    })
}

/// The fault of a seed. The texts are those of `nats_Sign`, and show nothing of the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SeedFault {
    /// This character, counted from 1, is not a base32 character.
    #[error("base32: invalid data at location {0}")]
    Character(usize),
    /// It is shorter than a checksum and a kind.
    #[error("invalid encoded key")]
    Short,
    /// The checksum at its end does not match.
    #[error("invalid checksum")]
    Checksum,
    /// It is a key and not a seed.
    #[error("invalid seed")]
    NotSeed,
    /// It is the seed of something that does not sign.
    #[error("invalid prefix byte")]
    Kind,
    /// The secret in it has another length.
    #[error("invalid seed")]
    Length,
}

impl SeedFault {
    /// The same for people who have to repair the file with the seed.
    pub fn in_words(self) -> String {
        match self {
            SeedFault::Character(n) => {
                format!("character {n} is not one of base32 (A to Z, 2 to 7)")
            }
            SeedFault::Short => "too short".to_owned(),
            SeedFault::Checksum => "bad checksum".to_owned(),
            SeedFault::NotSeed => "a key, and not a seed".to_owned(),
            SeedFault::Kind => {
                "not the seed of a user, an account, a server or a cluster".to_owned()
            }
            SeedFault::Length => "not 32 bytes long".to_owned(),
        }
    }
}

impl From<SeedFault> for Error {
    fn from(fault: SeedFault) -> Self {
        Error::new(Status::NATS_ERR, fault.to_string())
    }
}

/// Signs `input` with an encoded seed (`S...`). The error describes the fault of the seed without
/// showing it; copies of the seed are wiped.
pub fn sign(seed: &[u8], input: &[u8]) -> Result<[u8; SIGNATURE_LEN]> {
    let secret = secret(seed)?;
    let wrong = |_| Error::new(Status::NATS_ERR, "invalid seed");
    let pair = KeyPair::new_from_raw(KeyPairType::User, *secret).map_err(wrong)?;
    let signature = pair.sign(input).map_err(wrong)?;
    signature.try_into().map_err(|_| Status::NATS_ERR.into())
}

/// Whether this text is a seed that [`sign`] takes, and if not, why.
pub fn check_seed(text: &[u8]) -> Result<(), SeedFault> {
    secret(text).map(|_| ())
}

/// Whether a seed of any kind is somewhere in this text, whole or wrapped over lines, in capitals
/// or not. A seed never leaves the program, so text that is sent is checked first.
pub fn holds_seed(text: &[u8]) -> bool {
    if text.len() < SEED_LEN {
        return false;
    }
    // Allocated in the right size: growing would leave copies behind.
    let mut dense = Zeroizing::new(Vec::with_capacity(text.len()));
    dense.extend(text.iter().filter(|b| b.is_ascii_graphic()));
    dense.make_ascii_uppercase();
    // A matching checksum by chance is not to be expected.
    dense.windows(SEED_LEN).any(|part| {
        part[0] == b'S'
            && decode(part)
                .and_then(|decoded| checked(&decoded).map(|body| body[0] & 0xf8 == SEED))
                .unwrap_or(false)
    })
}

/// Has the length and the characters of a user's seed, so that it may be a mistyped one.
pub fn resembles_seed(text: &[u8]) -> bool {
    const LEN: usize = 58;
    let base32 = |b: &u8| matches!(b, b'A'..=b'Z' | b'2'..=b'7');
    text.len().abs_diff(LEN) <= 2 && text.starts_with(b"S") && text.iter().all(base32)
}

/// Refuses text that must not hold a seed; `what` names the text.
pub fn refuse_seed(text: &[u8], what: &str) -> Result<()> {
    if holds_seed(text) {
        let text = format!("{what} holds an NKey seed, which must not leave the program");
        return Err(Error::invalid_arg(text));
    }
    Ok(())
}

/// Checks a public key: it must not be a seed, not even a mistyped one. Seeds are the only keys
/// that begin with an S.
pub fn check_public_key(key: &str) -> Result<()> {
    refuse_seed(key.as_bytes(), "the public key")?;
    if key.trim_start().starts_with(['S', 's']) {
        let text = "the public key begins with S, as private seeds do";
        return Err(Error::invalid_arg(text));
    }
    Ok(())
}

fn secret(seed: &[u8]) -> Result<Zeroizing<[u8; SECRET_LEN]>, SeedFault> {
    let decoded = decode(seed)?;
    let body = checked(&decoded)?;
    if body[0] & 0xf8 != SEED {
        return Err(SeedFault::NotSeed);
    }
    if !KINDS.contains(&(body[0] << 5 | body[1] >> 3)) {
        return Err(SeedFault::Kind);
    }
    let secret = body[2..].try_into().map_err(|_| SeedFault::Length)?;
    Ok(Zeroizing::new(secret))
}

/// The bytes before the checksum, which matches; at least two bytes.
fn checked(decoded: &[u8]) -> Result<&[u8], SeedFault> {
    let Some((body, checksum)) = decoded
        .split_last_chunk::<2>()
        .filter(|(body, _)| body.len() >= 2)
    else {
        return Err(SeedFault::Short);
    };
    if crc16(body) != u16::from_le_bytes(*checksum) {
        return Err(SeedFault::Checksum);
    }
    Ok(body)
}

fn decode(seed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SeedFault> {
    let at = |position: usize| SeedFault::Character(position + 1);
    let strange = |b: &u8| !matches!(b, b'A'..=b'Z' | b'2'..=b'7');
    if let Some(position) = seed.iter().position(strange) {
        return Err(at(position));
    }
    let len = base32()
        .decode_len(seed.len())
        .map_err(|e| at(e.position))?;
    let mut decoded = Zeroizing::new(vec![0; len]);
    let bad = |e: DecodePartial| at(e.error.position);
    base32().decode_mut(seed, &mut decoded).map_err(bad)?;
    Ok(decoded)
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x1021
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seed with a right checksum around `body`.
    fn encoded(body: &[u8]) -> String {
        let checksum = crc16(body).to_le_bytes();
        BASE32_NOPAD.encode(&[body, &checksum].concat())
    }

    fn why(seed: &[u8]) -> String {
        let error = sign(seed, b"x").unwrap_err();
        assert_eq!(error.status(), Status::NATS_ERR);
        error.text().to_owned()
    }

    #[test]
    fn a_signature_verifies() {
        for pair in [
            KeyPair::new_user(),
            KeyPair::new_account(),
            KeyPair::new_server(),
        ] {
            let signature = sign(pair.seed().unwrap().as_bytes(), b"nonce").unwrap();
            pair.verify(b"nonce", &signature).unwrap();
            assert!(pair.verify(b"other", &signature).is_err());
            assert_eq!(pair.seed().unwrap().len(), SEED_LEN);
            assert!(check_seed(pair.seed().unwrap().as_bytes()).is_ok());
            assert!(check_seed(pair.public_key().as_bytes()).is_err());
        }
    }

    #[test]
    fn the_words_say_what_is_wrong_with_a_seed() {
        let good = KeyPair::new_user().seed().unwrap();
        assert_eq!(why(b"S1"), "base32: invalid data at location 2");
        assert_eq!(
            why(&good.to_lowercase().into_bytes()),
            "base32: invalid data at location 1"
        );
        assert_eq!(why(b"suamlk"), "base32: invalid data at location 1");
        assert_eq!(why(b"AAAA"), "invalid encoded key");
        let other = if good.ends_with('A') { "E" } else { "A" };
        let tampered = format!("{}{other}", &good[..good.len() - 1]);
        assert_eq!(why(tampered.as_bytes()), "invalid checksum");
        assert_eq!(why(encoded(&[0; 34]).as_bytes()), "invalid seed");
        let operator = KeyPair::new_operator().seed().unwrap();
        assert_eq!(why(operator.as_bytes()), "invalid prefix byte");
        // A user's prefix, and a secret that is too short.
        let short = [SEED | (20 << 3) >> 5, ((20 << 3) & 0x1f) << 3, 1, 2, 3];
        assert_eq!(why(encoded(&short).as_bytes()), "invalid seed");
    }

    #[test]
    fn a_seed_is_seen_in_whatever_text() {
        let kinds = [
            KeyPair::new_user(),
            KeyPair::new_account(),
            KeyPair::new_server(),
            KeyPair::new_operator(),
        ];
        for pair in kinds {
            let seed = pair.seed().unwrap();
            for text in [
                seed.clone(),
                seed.to_lowercase(),
                format!("Bearer {seed}, and more"),
                format!("SSSS{seed}2345"),
                format!("{}\r\n {}", &seed[..20], &seed[20..]),
                seed.chars().map(|c| format!("{c}\n")).collect(),
            ] {
                assert!(holds_seed(text.as_bytes()), "{}", text.len());
                let e = refuse_seed(text.as_bytes(), "the user").unwrap_err();
                assert_eq!(e.status(), Status::NATS_INVALID_ARG);
                assert!(!e.text().contains(&seed[..8]), "{e}");
                assert!(check_public_key(&text).is_err());
            }
            let other = if seed.ends_with('A') { "E" } else { "A" };
            let typo = format!("{}{other}", &seed[..SEED_LEN - 1]);
            for text in [&seed[1..], typo.as_str(), &pair.public_key(), "", "S"] {
                assert!(!holds_seed(text.as_bytes()));
            }
            assert!(check_public_key(&typo).is_err());
            check_public_key(&pair.public_key()).unwrap();
        }
    }

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }
}
