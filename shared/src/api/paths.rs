//! Every path of the agent, and the headers that go with them.

/// Exchanges the launch token for a session.
pub const SESSION: &str = "/api/session";
/// Lists the drives.
pub const DRIVES: &str = "/api/drives";
/// Lists the folders in a folder.
pub const FOLDERS: &str = "/api/folders";
/// Scans a source folder.
pub const SCAN: &str = "/api/scan";
/// Lists the jobs, and starts one.
pub const JOBS: &str = "/api/jobs";
/// The ledger of shipments, and facts that are written into it.
pub const LEDGER: &str = "/api/ledger";
/// Takes another site's file over.
pub const LEDGER_IMPORT: &str = "/api/ledger/import";
/// Compares what was prepared with a storage account.
pub const STORAGE: &str = "/api/storage";
/// The report of the last comparison, by its name.
pub const STORAGE_REPORT: &str = "/api/storage/report";
/// Has drives that came back copied home, and tells how that stands.
pub const RECEIVE: &str = "/api/receive";
/// Stops it.
pub const RECEIVE_CANCEL: &str = "/api/receive/cancel";
/// The report of what was received last, by its name.
pub const RECEIVE_REPORT: &str = "/api/receive/report";
/// Server-sent events.
pub const EVENTS: &str = "/api/events";

/// The header that carries the session.
pub const SESSION_HEADER: &str = "x-argosy-session";
/// Events have a number; a reconnecting page sends the last one it saw in this header, as browsers
/// name it.
pub const LAST_EVENT_HEADER: &str = "last-event-id";
/// The part of the page's address behind `#` that holds the launch token: `#token=...`. A fragment
/// never leaves the browser.
pub const LAUNCH_FRAGMENT: &str = "token";

/// The last parts of `/api/jobs/ID/...`.
pub mod part {
    /// Asks the question that a confirmation answers.
    pub const QUESTION: &str = "question";
    /// Confirms the erasing.
    pub const CONFIRM: &str = "confirm";
    /// Stops the job.
    pub const CANCEL: &str = "cancel";
    /// Goes on with it.
    pub const RESUME: &str = "resume";
    /// Puts a spare in the place of one of its drives.
    pub const REPLACE: &str = "replace";
    /// Downloads a drive's journal.
    pub const JOURNAL: &str = "journal";
    /// Shows a drive's recovery password.
    pub const KEY: &str = "key";
}

/// Returns the path of a job.
#[must_use]
pub fn job(id: &str) -> String {
    format!("{JOBS}/{}", segment(id))
}

/// Returns the path that asks before a job's drives are erased.
#[must_use]
pub fn question(id: &str) -> String {
    format!("{}/{}", job(id), part::QUESTION)
}

/// Returns the path that confirms a job.
#[must_use]
pub fn confirm(id: &str) -> String {
    format!("{}/{}", job(id), part::CONFIRM)
}

/// Returns the path that cancels a job.
#[must_use]
pub fn cancel(id: &str) -> String {
    format!("{}/{}", job(id), part::CANCEL)
}

/// Returns the path that resumes a job.
#[must_use]
pub fn resume(id: &str) -> String {
    format!("{}/{}", job(id), part::RESUME)
}

/// Returns the path that puts a spare in the place of a drive of a job.
#[must_use]
pub fn replace(id: &str) -> String {
    format!("{}/{}", job(id), part::REPLACE)
}

/// Returns the path of the report of a comparison with a storage account.
#[must_use]
pub fn storage_report(id: &str) -> String {
    format!("{STORAGE_REPORT}/{}", segment(id))
}

/// Returns the path of the report of drives that were received.
#[must_use]
pub fn receive_report(id: &str) -> String {
    format!("{RECEIVE_REPORT}/{}", segment(id))
}

/// Returns the path of a drive's journal.
#[must_use]
pub fn journal(id: &str, serial: &str) -> String {
    format!("{}/{}/{}", job(id), part::JOURNAL, segment(serial))
}

/// Returns the path of a drive's recovery password.
#[must_use]
pub fn key(id: &str, serial: &str) -> String {
    format!("{}/{}/{}", job(id), part::KEY, segment(serial))
}

/// Returns `text` as one path segment: everything but letters, digits and `-._~` percent-encoded
/// (RFC 3986, 2.3), so that neither `/` nor `#` nor `..` in an id or serial can lead elsewhere.
#[must_use]
pub fn segment(text: &str) -> String {
    use std::fmt::Write as _;
    if text == "." || text == ".." {
        return text.replace('.', "%2E");
    }
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    encoded
}

/// Returns the text of a path segment; `None` when its percent signs or its UTF-8 are wrong.
#[must_use]
pub fn unsegment(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%' {
            let (digits, tail) = rest.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits)
                .ok()
                .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_with_a_hash_sign_or_slash_stays_one_segment() {
        assert_eq!(confirm("reel#1"), "/api/jobs/reel%231/confirm");
        assert_eq!(key("a", "WD/../x"), "/api/jobs/a/key/WD%2F..%2Fx");
        assert_eq!(job(".."), "/api/jobs/%2E%2E");
    }

    #[test]
    fn a_segment_gives_its_text_back() {
        for text in ["session#1", "é / %", "", "..", "plain-._~"] {
            assert_eq!(unsegment(&segment(text)).as_deref(), Some(text));
        }
        for bad in ["%", "%2", "%zz", "%ff", "%+1"] {
            assert_eq!(unsegment(bad), None, "{bad}");
        }
    }
}
