//! Signing with an NKey: the Ed25519 seeds, written in base32, that stand for users, accounts and
//! servers (ADR-14 and the `nkeys` projects have the format).

use data_encoding::{BASE32_NOPAD, DecodePartial, Encoding};
use nkeys::{KeyPair, KeyPairType};
use once_cell::race::OnceBox;
use zeroize::Zeroizing;

use crate::error::{Error, Result, Status};

/// Length of a signature.
pub const SIGNATURE_LEN: usize = 64;
/// Length of the secret in a seed.
const SECRET_LEN: usize = 32;
/// What the first five bits of a decoded seed say.
const SEED: u8 = 18 << 3;
/// Whose seed it can be, as its next eight bits say: a user's, server's, cluster's, account's.
const KINDS: [u8; 4] = [20 << 3, 13 << 3, 2 << 3, 0];

/// Base32 that, like other clients, pays no attention to bits left over behind the last byte.
fn base32() -> &'static Encoding {
    static BASE32: OnceBox<Encoding> = OnceBox::new();
    BASE32.get_or_init(|| {
        let mut spec = BASE32_NOPAD.specification();
        spec.check_trailing_bits = false;
        Box::new(spec.encoding().unwrap_or(BASE32_NOPAD))
    })
}

/// Signs `input` with an encoded seed (`S...`). What is wrong with the seed is in the error's
/// words; the seed itself is not, and its copies are wiped.
pub fn sign(seed: &[u8], input: &[u8]) -> Result<[u8; SIGNATURE_LEN]> {
    let secret = secret(seed)?;
    let wrong = |_| Error::new(Status::NATS_ERR, "invalid seed");
    let pair = KeyPair::new_from_raw(KeyPairType::User, *secret).map_err(wrong)?;
    let signature = pair.sign(input).map_err(wrong)?;
    signature.try_into().map_err(|_| Status::NATS_ERR.into())
}

/// Whether this text is a seed, of any of the kinds that [`sign`] takes.
pub fn is_seed(text: &[u8]) -> bool {
    secret(text).is_ok()
}

fn secret(seed: &[u8]) -> Result<Zeroizing<[u8; SECRET_LEN]>> {
    let wrong = |text: &'static str| Err(Error::new(Status::NATS_ERR, text));
    let decoded = decode(seed)?;
    let Some((body, checksum)) = decoded
        .split_last_chunk::<2>()
        .filter(|_| decoded.len() >= 4)
    else {
        return wrong("invalid encoded key");
    };
    if crc16(body) != u16::from_le_bytes(*checksum) {
        return wrong("invalid checksum");
    }
    if body[0] & 0xf8 != SEED {
        return wrong("invalid seed");
    }
    if !KINDS.contains(&(body[0] << 5 | body[1] >> 3)) {
        return wrong("invalid prefix byte");
    }
    match body[2..].try_into() {
        Ok(secret) => Ok(Zeroizing::new(secret)),
        Err(_) => wrong("invalid seed"),
    }
}

fn decode(seed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let at = |position: usize| {
        let text = format!("base32: invalid data at location {}", position + 1);
        Error::new(Status::NATS_ERR, text)
    };
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
            assert!(is_seed(pair.seed().unwrap().as_bytes()));
            assert!(!is_seed(pair.public_key().as_bytes()));
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
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }
}
