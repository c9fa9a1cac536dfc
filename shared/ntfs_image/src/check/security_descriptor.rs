//! Self-relative security descriptors. Source: MS-DTYP 2.4.6.

use thiserror::Error;

use crate::read::stored::{place, u16_at, u32_at};

/// What is wrong with a security descriptor.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    #[error("revision {0}")]
    Revision(u8),
    #[error("control {0:#06x}, not self-relative")]
    Control(u16),
    #[error("it is cut off in its header")]
    Cut,
    #[error("the security identifier at {0:#x} is not one")]
    Sid(u32),
    #[error("the access control list at {0:#x} is not one")]
    Acl(u32),
    #[error("the access control entry at {0:#x} is not one")]
    Ace(usize),
}

/// Checks that all parts lie inside the descriptor and are what they claim to be.
pub(super) fn check(bytes: &[u8]) -> Result<(), Problem> {
    let revision = bytes.first().copied().ok_or(Problem::Cut)?;
    if revision != 1 {
        return Err(Problem::Revision(revision));
    }
    let control = u16_at(bytes, 2).ok_or(Problem::Cut)?;
    if control & SELF_RELATIVE == 0 {
        return Err(Problem::Control(control));
    }
    let offset = |at| u32_at(bytes, at).ok_or(Problem::Cut);
    for at in [4, 8] {
        let sid = offset(at)?;
        if sid != 0 {
            let rest = bytes.get(place(u64::from(sid))..).unwrap_or_default();
            check_sid(rest).ok_or(Problem::Sid(sid))?;
        }
    }
    for (at, present) in [(12, SYSTEM_LIST), (16, ACCESS_LIST)] {
        let acl = offset(at)?;
        if control & present != 0 && acl != 0 {
            check_acl(bytes, acl)?;
        }
    }
    Ok(())
}

/// Returns the bytes of the security identifier that `bytes` begin with.
fn check_sid(bytes: &[u8]) -> Option<usize> {
    let &[revision, count, ..] = bytes else {
        return None;
    };
    let length = usize::from(count).saturating_mul(4).saturating_add(8);
    (revision == 1 && count <= 15 && bytes.len() >= length).then_some(length)
}

fn check_acl(bytes: &[u8], at: u32) -> Result<(), Problem> {
    let wrong = Problem::Acl(at);
    let start = place(u64::from(at));
    let rest = bytes.get(start..).ok_or(wrong)?;
    let revision = rest.first().copied().ok_or(wrong)?;
    let length = usize::from(u16_at(rest, 2).ok_or(wrong)?);
    let count = u16_at(rest, 4).ok_or(wrong)?;
    let list = rest.get(..length).ok_or(wrong)?;
    if !(2..=4).contains(&revision) || length < 8 {
        return Err(wrong);
    }
    let mut entry_at = 8_usize;
    for _ in 0..count {
        let wrong = Problem::Ace(start.saturating_add(entry_at));
        let entry = list.get(entry_at..).ok_or(wrong)?;
        let length = usize::from(u16_at(entry, 2).ok_or(wrong)?);
        let entry = entry.get(..length).ok_or(wrong)?;
        let kind = entry.first().copied().ok_or(wrong)?;
        if length < 8 {
            return Err(wrong);
        }
        // Kinds 0 to 3 are a mask and an identifier; others have more.
        if kind <= 3 {
            check_sid(entry.get(8..).unwrap_or_default()).ok_or(wrong)?;
        }
        entry_at = entry_at.saturating_add(length);
    }
    Ok(())
}

const SELF_RELATIVE: u16 = 0x8000;
const ACCESS_LIST: u16 = 0x0004;
const SYSTEM_LIST: u16 = 0x0010;

#[cfg(test)]
mod tests {
    use super::*;

    /// Everyone, everything: one entry.
    fn good() -> Vec<u8> {
        let mut bytes = vec![1, 0, 4, 0x80];
        bytes.extend([0_u32, 0, 0, 20].iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend([2, 0, 28, 0, 1, 0, 0, 0]);
        bytes.extend([0, 3, 20, 0, 0xff, 1, 0x1f, 0]);
        bytes.extend([1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
        bytes
    }

    #[test]
    fn one_changed_byte_is_named() {
        assert_eq!(check(&good()), Ok(()));
        for (at, byte, problem) in [
            (0, 2, Problem::Revision(2)),
            (3, 0, Problem::Control(4)),
            (4, 60, Problem::Sid(60)),
            (20, 9, Problem::Acl(20)),
            (22, 99, Problem::Acl(20)),
            (24, 2, Problem::Ace(48)),
            (30, 0, Problem::Ace(28)),
            (36, 2, Problem::Ace(28)),
            (37, 3, Problem::Ace(28)),
        ] {
            let mut bytes = good();
            bytes[at] = byte;
            assert_eq!(check(&bytes), Err(problem), "byte {at}");
        }
        assert_eq!(check(&good()[..10]), Err(Problem::Cut));
    }
}
