//! The value of `NATS_RS_LOG`: `level[,target=level]...`.

use super::{Level, Target};
use crate::words::shown;

/// For each target the highest level that is written; 0 for none.
type Levels = [u8; Target::ALL.len()];

/// Parses a filter. What cannot be understood is left out, with a text that says so.
pub(super) fn parse(text: &str) -> (Levels, Vec<String>) {
    let mut levels = [0; Target::ALL.len()];
    let mut faults = Vec::new();
    let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
    // The level for all comes first, wherever it stands.
    let (general, special): (Vec<_>, Vec<_>) = parts.partition(|part| !part.contains('='));
    for part in general {
        match level(part) {
            Some(level) => levels = [level; Target::ALL.len()],
            None => faults.push(unknown("level", part)),
        }
    }
    for part in special {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let is_it = |target: &Target| target.name().to_bytes() == name.trim().as_bytes();
        match (Target::ALL.into_iter().find(is_it), level(value.trim())) {
            (None, _) => faults.push(unknown("target", name)),
            (_, None) => faults.push(unknown("level", value)),
            (Some(target), Some(level)) => levels[target as usize] = level,
        }
    }
    (levels, faults)
}

fn level(name: &str) -> Option<u8> {
    let same = |level: &Level| level.name().eq_ignore_ascii_case(name);
    match name.eq_ignore_ascii_case("off") {
        true => Some(0),
        false => Level::ALL.into_iter().find(same).map(|level| level as u8),
    }
}

fn unknown(what: &str, name: &str) -> String {
    let known = match what {
        "level" => "off, error, warn, info, debug, trace".to_owned(),
        _ => {
            let names = Target::ALL.map(|target| target.name().to_string_lossy());
            names.join(", ")
        }
    };
    format!("no {what} '{}': there are {known}", shown(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, target: Target) -> u8 {
        let (levels, faults) = parse(text);
        assert!(faults.is_empty(), "{faults:?}");
        levels[target as usize]
    }

    #[test]
    fn one_level_and_exceptions() {
        assert_eq!(of("", Target::Connect), 0);
        assert_eq!(of("off", Target::Connect), 0);
        assert_eq!(of("warn", Target::Connect), Level::Warn as u8);
        assert_eq!(of(" Debug ", Target::Micro), Level::Debug as u8);
        let both = "protocol=trace, info,jetstream=off";
        assert_eq!(of(both, Target::Protocol), Level::Trace as u8);
        assert_eq!(of(both, Target::Kv), Level::Info as u8);
        assert_eq!(of(both, Target::JetStream), 0);
        assert_eq!(of("tls=debug", Target::Tls), Level::Debug as u8);
        assert_eq!(of("tls=debug", Target::Session), 0);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let (levels, faults) = parse("info,net=debug,tls=loud,\x1b");
        assert_eq!(levels, [Level::Info as u8; Target::ALL.len()]);
        assert_eq!(faults.len(), 3);
        assert!(faults[0].starts_with("no level '\\x1b': there are off, error"));
        assert!(faults[1].starts_with("no target 'net': there are library, connect"));
        assert!(faults[2].starts_with("no level 'loud'"));
    }
}
