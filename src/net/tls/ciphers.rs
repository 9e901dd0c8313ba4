//! OpenSSL's names for cipher suites, and its lists of them.

use rustls::SupportedCipherSuite;
use rustls::crypto::ring::cipher_suite as suite;

use super::text::ssl_error;
use crate::error::Result;

/// A cipher suite of TLS 1.2 and its names in OpenSSL's lists: its own name, then its groups.
struct Cipher {
    suite: SupportedCipherSuite,
    name: &'static str,
    groups: &'static [&'static str],
}

const fn cipher(
    suite: SupportedCipherSuite,
    name: &'static str,
    groups: &'static [&'static str],
) -> Cipher {
    Cipher {
        suite,
        name,
        groups,
    }
}

/// The suites for TLS 1.2, best first.
static TLS12: [Cipher; 6] = [
    cipher(
        suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        &["ECDSA", "aECDSA", "AES", "AESGCM", "AES256", "SHA384"],
    ),
    cipher(
        suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        &["ECDSA", "aECDSA", "AES", "AESGCM", "AES128", "SHA256"],
    ),
    cipher(
        suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        &["ECDSA", "aECDSA", "CHACHA20"],
    ),
    cipher(
        suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        "ECDHE-RSA-AES256-GCM-SHA384",
        &["RSA", "aRSA", "AES", "AESGCM", "AES256", "SHA384"],
    ),
    cipher(
        suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        "ECDHE-RSA-AES128-GCM-SHA256",
        &["RSA", "aRSA", "AES", "AESGCM", "AES128", "SHA256"],
    ),
    cipher(
        suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        "ECDHE-RSA-CHACHA20-POLY1305",
        &["RSA", "aRSA", "CHACHA20"],
    ),
];

/// Groups that contain all of them.
const EVERY: &[&str] = &[
    "ALL", "DEFAULT", "HIGH", "ECDHE", "EECDH", "kECDHE", "kEECDH", "TLSv1.2", "AEAD", "FIPS",
];

/// Groups that contain none of them: excluding these makes sense, requesting them does not.
const NONE: &[&str] = &[
    "aNULL",
    "eNULL",
    "NULL",
    "ADH",
    "AECDH",
    "MD5",
    "RC2",
    "RC4",
    "DES",
    "3DES",
    "IDEA",
    "SEED",
    "CAMELLIA",
    "CAMELLIA128",
    "CAMELLIA256",
    "ARIA",
    "EXP",
    "EXPORT",
    "EXPORT40",
    "EXPORT56",
    "LOW",
    "MEDIUM",
    "PSK",
    "kPSK",
    "aPSK",
    "SRP",
    "kSRP",
    "aSRP",
    "DSS",
    "aDSS",
    "DH",
    "DHE",
    "EDH",
    "kDHE",
    "kEDH",
    "kRSA",
    "kDH",
    "aDH",
    "ECDH",
    "kECDH",
    "aECDH",
    "GOST",
    "GOST94",
    "GOST89MAC",
    "SHA",
    "SHA1",
    "SSLv2",
    "SSLv3",
    "TLSv1",
    "TLSv1.0",
    "AESCCM",
    "AESCCM8",
    "COMPLEMENTOFALL",
    "COMPLEMENTOFDEFAULT",
];

/// The suites of TLS 1.2 that an OpenSSL cipher list selects, in its order.
///
/// Supported are names and groups joined by `+`, separated by colons, commas or blanks, with `!`
/// and `-` to exclude and `+` to move to the end, and `@STRENGTH`. Unknown names, and names of
/// ciphers that this library does not have, are `NATS_SSL_ERROR`, and so is a list that selects
/// nothing.
pub fn tls12(list: &str) -> Result<Vec<SupportedCipherSuite>> {
    let refuse = |why: String| ssl_error(format!("Error setting ciphers '{list}': {why}"));
    let mut chosen: Vec<usize> = Vec::new();
    let mut banned = [false; TLS12.len()];
    for item in list.split([':', ',', ' ']).filter(|s| !s.is_empty()) {
        if item == "@STRENGTH" {
            // The strongest first: 256 bits, ChaCha20 included.
            chosen.sort_by_key(|&i| TLS12[i].groups.contains(&"AES128"));
            continue;
        }
        let (action, name) = match item.as_bytes()[0] {
            action @ (b'!' | b'-' | b'+') => (action, &item[1..]),
            _ => (0, item),
        };
        let found = find(name).ok_or_else(|| refuse(format!("unknown cipher '{name}'")))?;
        let selected = |i: &usize| found.contains(i);
        match action {
            b'!' => found.iter().for_each(|&i| banned[i] = true),
            b'-' => chosen.retain(|i| !found.contains(i)),
            b'+' => {
                let (moved, rest): (Vec<_>, Vec<_>) = chosen.iter().partition(|i| selected(i));
                chosen = [rest, moved].concat();
            }
            _ if found.is_empty() => {
                return Err(refuse(format!("this library does not have '{name}'")));
            }
            _ => {
                let new = found.iter().filter(|i| !chosen.contains(i)).copied();
                chosen.extend(new.collect::<Vec<_>>());
            }
        }
    }
    let suites: Vec<_> = chosen.into_iter().filter(|&i| !banned[i]).collect();
    if suites.is_empty() {
        return Err(refuse("it selects no cipher".to_owned()));
    }
    Ok(suites.into_iter().map(|i| TLS12[i].suite).collect())
}

/// The ciphers of a name, or of groups joined by `+`; `None` for an unknown name.
fn find(name: &str) -> Option<Vec<usize>> {
    if let Some(i) = TLS12.iter().position(|c| c.name == name) {
        return Some(vec![i]);
    }
    let mut found: Vec<usize> = (0..TLS12.len()).collect();
    for group in name.split('+') {
        let known = TLS12.iter().any(|c| c.groups.contains(&group));
        if known {
            found.retain(|&i| TLS12[i].groups.contains(&group));
        } else if NONE.contains(&group) {
            found.clear();
        } else if !EVERY.contains(&group) {
            return None;
        }
    }
    Some(found)
}

/// The suites of TLS 1.3 that a colon-separated list names, in its order. An unknown one is
/// `NATS_SSL_ERROR`, and so is an empty list.
pub fn tls13(list: &str) -> Result<Vec<SupportedCipherSuite>> {
    let refuse = |why: String| ssl_error(format!("Error setting ciphers '{list}': {why}"));
    let mut suites: Vec<SupportedCipherSuite> = Vec::new();
    for name in list.split(':').filter(|s| !s.is_empty()) {
        let suite = match name {
            "TLS_AES_256_GCM_SHA384" => suite::TLS13_AES_256_GCM_SHA384,
            "TLS_AES_128_GCM_SHA256" => suite::TLS13_AES_128_GCM_SHA256,
            "TLS_CHACHA20_POLY1305_SHA256" => suite::TLS13_CHACHA20_POLY1305_SHA256,
            _ => return Err(refuse(format!("unknown cipher suite '{name}'"))),
        };
        if !suites.contains(&suite) {
            suites.push(suite);
        }
    }
    if suites.is_empty() {
        return Err(refuse("it selects no cipher suite".to_owned()));
    }
    Ok(suites)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> Vec<&'static str> {
        let suites = tls12(list).unwrap();
        let name = |s: &SupportedCipherSuite| TLS12.iter().find(|c| c.suite == *s).unwrap().name;
        suites.iter().map(name).collect()
    }

    fn refused(result: Result<Vec<SupportedCipherSuite>>, part: &str) {
        let e = result.unwrap_err();
        assert_eq!(e.status(), crate::error::Status::NATS_SSL_ERROR);
        assert!(e.text().starts_with("Error setting ciphers '"), "{e}");
        assert!(e.text().contains(part), "{e}");
    }

    #[test]
    fn names_keep_their_order() {
        let list = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
        assert_eq!(names(list), list.split(':').collect::<Vec<_>>());
        assert_eq!(names(&format!("{list}:{list}")).len(), 2);
    }

    #[test]
    fn groups_and_exclusions() {
        assert_eq!(names("DEFAULT").len(), 6);
        assert_eq!(names("-ALL:HIGH").len(), 6);
        assert_eq!(names("HIGH:!aNULL:!kRSA:!PSK:!SRP:!MD5:!RC4").len(), 6);
        assert_eq!(names("HIGH:!CHACHA20").len(), 4);
        assert_eq!(names("ECDHE+AESGCM").len(), 4);
        assert_eq!(
            names("ECDSA+CHACHA20 , aRSA+AES128"),
            [
                "ECDHE-ECDSA-CHACHA20-POLY1305",
                "ECDHE-RSA-AES128-GCM-SHA256"
            ]
        );
        assert_eq!(names("AES:+ECDSA")[0], "ECDHE-RSA-AES256-GCM-SHA384");
        let sorted = names("ALL:@STRENGTH");
        assert!(sorted[4].contains("AES128") && sorted[5].contains("AES128"));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        refused(tls12("HIGH:NO-SUCH-CIPHER"), "'NO-SUCH-CIPHER'");
        refused(tls12("AES256-SHA"), "'AES256-SHA'");
        refused(tls12("RC4"), "does not have 'RC4'");
        refused(tls12("ALL:!ALL"), "selects no cipher");
        refused(tls12(":"), "selects no cipher");
        refused(tls13("TLS_AES_128_CCM_SHA256"), "'TLS_AES_128_CCM_SHA256'");
        refused(tls13("ECDHE-RSA-AES128-GCM-SHA256"), "unknown");
        refused(tls13(""), "selects no");
    }

    #[test]
    fn suites_of_1_3() {
        let suites = tls13("TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256").unwrap();
        assert_eq!(suites[0], suite::TLS13_CHACHA20_POLY1305_SHA256);
        assert_eq!(suites.len(), 2);
    }
}
