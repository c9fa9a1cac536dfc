//! Every fault of a damaged journal, not only the first.

use super::chain;
use super::check::damage_finding;
use super::replay::{Damage, Walk, check_place, holds_key, name, salt_of};
use super::{codec, framing};
use crate::job::Finding;

/// More than anyone reads.
const FINDINGS_MAX: usize = 50;

/// Goes over all records that can be found, whatever lies between them, and compares each with the
/// one before it as it claims to be: so one edited record is one finding, and one that is missing
/// another.
pub(super) fn survey(journal: &[u8]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut walk = Walk {
        journal,
        at: 0,
        line: 1,
    };
    let (mut before, mut number, mut salt, mut ended) = (chain::start(), 1_u64, None, false);
    while findings.len() < FINDINGS_MAX {
        let frame = match walk.next() {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            Err(damage) => {
                findings.push(damage_finding(&damage));
                let Some((at, line)) =
                    framing::next_begin(journal, walk.at.saturating_add(1), walk.line)
                else {
                    break;
                };
                (walk.at, walk.line) = (at, line);
                continue;
            }
        };
        if frame.number == 1 && !codec::is_new_file(&frame.body) {
            findings.push(damage_finding(&Damage::new(
                "wrong-record",
                frame.line,
                frame.at,
                "it does not begin as a journal does",
            )));
        }
        if ended {
            findings.push(damage_finding(&Damage::new(
                "behind-end",
                frame.line,
                frame.at,
                "a record behind the end",
            )));
        }
        if let Err(damage) = check_place(&frame, number, &before, salt.as_ref()) {
            findings.push(damage_finding(&damage));
        }
        if holds_key(&frame.body) {
            salt = salt_of(&frame.body).or(salt);
        }
        ended = ended || name(&frame.body) == "ArgosyClosed";
        (before, number) = (frame.chain, frame.number.saturating_add(1));
    }
    findings
}
