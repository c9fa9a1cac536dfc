//! $LogFile: empty, or with a restart page that fits it.

use super::FindingKind as Kind;
use super::checker::Checker;
use super::place::RecordPlace;
use super::reader::Sequential;
use crate::attribute::kind;
use crate::fixup;
use crate::read::stored::{place, u16_at, u32_at, u64_at};
use crate::record::number;

/// Checks that Windows would take the log: all of it 0xff, which is how a new one looks, or begun with a restart page.
pub(super) fn check(checker: &mut Checker<'_>) {
    let Some(file) = checker.system_file(number::LOG_FILE) else {
        return;
    };
    let Some(data) = checker.stream(&file, kind::DATA, "") else {
        return;
    };
    let mut log = Sequential::new(checker.disk, &data);
    let at = || RecordPlace::named(number::LOG_FILE, kind::DATA, "");
    let outcome = judge(&mut log);
    match outcome {
        Ok(Log::Empty | Log::Clean) => {}
        Ok(Log::Pending) => {
            checker.reporter.note(
                Kind::LogPending,
                at(),
                "a log that was closed",
                "one that was not",
            );
        }
        Ok(Log::Wrong(expected, found)) => {
            checker
                .reporter
                .violation(Kind::LogFile, at(), expected, found);
        }
        Err(error) => checker
            .reporter
            .violation(Kind::Unreadable, at(), "the log", error),
    }
}

enum Log {
    Empty,
    Clean,
    Pending,
    Wrong(String, String),
}

fn judge(log: &mut Sequential<'_>) -> Result<Log, disk::ReadError> {
    let bytes = log.stream.bytes;
    let magic = log.get(0, 4)?.to_vec();
    if magic == [0xff; 4] {
        return Ok(match first_other(log)? {
            None => Log::Empty,
            Some(at) => Log::Wrong(
                "nothing but 0xff".to_owned(),
                format!("another byte at {at:#x}"),
            ),
        });
    }
    let restart = "a restart page".to_owned();
    if magic != *b"RSTR" && magic != *b"CHKD" {
        return Ok(Log::Wrong(restart, format!("{magic:02x?}")));
    }
    let page_bytes = log.get(0, 32)?;
    let page_bytes = u64::from(u32_at(page_bytes, 16).unwrap_or(0));
    if !page_bytes.is_power_of_two() || !(512..=65_536).contains(&page_bytes) || page_bytes > bytes
    {
        return Ok(Log::Wrong(restart, format!("one of {page_bytes} bytes")));
    }
    let mut page = log.get(0, place(page_bytes))?.to_vec();
    if let Err(problem) = fixup::undo(&mut page) {
        return Ok(Log::Wrong(restart, problem.to_string()));
    }
    let area_at = usize::from(u16_at(&page, 24).unwrap_or(0));
    let field = |offset: usize| area_at.saturating_add(offset);
    let (Some(in_use), Some(flags), Some(stored)) = (
        u16_at(&page, field(12)),
        u16_at(&page, field(14)),
        u64_at(&page, field(24)),
    ) else {
        return Ok(Log::Wrong(
            restart,
            format!("a restart area at {area_at:#x}"),
        ));
    };
    if stored != bytes {
        return Ok(Log::Wrong(
            format!("a log of {bytes} bytes"),
            format!("one of {stored}"),
        ));
    }
    let is_closed = in_use == NO_CLIENT || flags & CLEANLY_CLOSED != 0;
    Ok(if is_closed { Log::Clean } else { Log::Pending })
}

/// Returns where the first byte is that is not 0xff.
fn first_other(log: &mut Sequential<'_>) -> Result<Option<u64>, disk::ReadError> {
    let bytes = log.stream.bytes.min(LOG_BYTES_MAX);
    let mut at = 0;
    while at < bytes {
        let length = bytes.saturating_sub(at).min(PIECE_BYTES);
        let piece = log.get(at, place(length))?;
        // Whole pieces at once: a log has up to 64 MiB.
        let other = if EMPTY.starts_with(piece) {
            None
        } else {
            piece.iter().position(|byte| *byte != 0xff)
        };
        if let Some(other) = other {
            return Ok(Some(
                at.saturating_add(crate::read::stored::bytes_of(other)),
            ));
        }
        at = at.saturating_add(length);
    }
    Ok(None)
}

const NO_CLIENT: u16 = 0xffff;
const CLEANLY_CLOSED: u16 = 2;
const PIECE_BYTES: u64 = 4096;
const EMPTY: [u8; 4096] = [0xff; 4096];
/// Windows makes none above 4 GiB; a crafted one may claim to be endless.
const LOG_BYTES_MAX: u64 = 4 << 30;
