//! The text of a hash list and of its chain.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::hash::lower_hex;
use crate::job::Moment;

/// The folder in the root that holds list and chain.
pub const FOLDER: &str = "ascmhl";
/// Name of the chain.
pub const CHAIN_NAME: &str = "ascmhl_chain.xml";
/// Length of a chain, blanks behind its end: longer than what a file record holds, so that it can be written last.
pub const CHAIN_BYTES: u64 = 4096;
/// What stands between what a list ignores and what it names.
pub const MIDDLE: &str = "    </ignore>\n  </processinfo>\n  <hashes>\n";
/// What a list ends with.
pub const TAIL: &str = "  </hashes>\n</hashlist>\n";

/// Folders that are in no list, beside that of the properties files: what tools make for themselves.
const FOLDERS_APART: [&str; 3] = [FOLDER, "System Volume Information", "$RECYCLE.BIN"];
const FILES_APART: [&str; 2] = [".DS_Store", crate::plan::MANIFEST_NAME];

/// Who made a list: frozen with the plan, so that a drive which another version goes on with stays the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creator {
    /// Name of the computer, which the schema asks for.
    pub host: String,
    /// Version of Argosy.
    pub version: String,
}

/// Returns whether NTFS takes a folder of this name for the lists' own.
#[must_use]
pub fn is_own_folder(name: &str) -> bool {
    name.eq_ignore_ascii_case(FOLDER)
}

/// Returns the name of the list of drive `serial`, begun at `started`.
#[must_use]
pub fn list_name(serial: &str, started: Moment) -> String {
    let (day, time) = day_and_time(started);
    let serial = crate::blob_name::file_name(serial);
    format!("0001_{serial}_{day}_{}Z.mhl", time.replace(':', ""))
}

/// Returns whether `path` (`\a\b`) is a list or a chain of the drive itself.
#[must_use]
pub fn is_hash_list(path: &str) -> bool {
    let name = path
        .strip_prefix('\\')
        .and_then(|path| path.strip_prefix(FOLDER))
        .and_then(|path| path.strip_prefix('\\'));
    name.is_some_and(|name| !name.contains('\\') && (name == CHAIN_NAME || name.ends_with(".mhl")))
}

/// Returns whether a list names the file at `path` (`\a\b`): not what the tools that read it ignore.
#[must_use]
pub fn is_listed(path: &str) -> bool {
    let mut parts = path.split('\\');
    let name = parts.next_back().unwrap_or_default();
    let is_apart = FILES_APART.contains(&name)
        || name.ends_with(&format!(".{}", crate::plan::MANIFEST_NAME))
        || name == FOLDER;
    !is_apart && !parts.any(|part| FOLDERS_APART.contains(&part))
}

/// Returns what a list begins with, through what every reader ignores. `apart` are patterns of what else is there and not
/// the owner's: properties files, which are the store's business.
#[must_use]
pub fn head(creator: &Creator, started: Moment, apart: &[String]) -> String {
    let (day, time) = day_and_time(started);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <hashlist version=\"2.0\" xmlns=\"urn:ASC:MHL:v2.0\">\n\
         \x20 <creatorinfo>\n\
         \x20   <creationdate>{day}T{time}+00:00</creationdate>\n\
         \x20   <hostname>{}</hostname>\n\
         \x20   <tool version=\"{}\">Argosy</tool>\n\
         \x20 </creatorinfo>\n\
         \x20 <processinfo>\n\
         \x20   <process>transfer</process>\n\
         \x20   <ignore>\n",
        escaped(&creator.host),
        escaped(&creator.version),
    );
    let files = FILES_APART.map(str::to_owned);
    let kept = [format!("*.{}", crate::plan::MANIFEST_NAME)];
    // Readers compare with the list of their own, which has both forms of it.
    let folders = [FOLDER.to_owned()];
    let below = FOLDERS_APART.iter().map(|folder| format!("{folder}/"));
    let all = files.into_iter().chain(kept).chain(folders).chain(below);
    for pattern in all.chain(apart.iter().cloned()) {
        text.push_str(&pattern_line(&pattern));
    }
    text
}

/// Returns the line behind the head by which no reader ignores the file at `path` (`\a\b`), whatever the patterns before
/// it say. Readers compare with the path from the root or with that of all their drives: it is right at either.
#[must_use]
pub fn kept_line(path: &str) -> String {
    // Of what a pattern is made of, names on NTFS can hold nothing else.
    let path = path.replace('\\', "/").replace('[', "\\[");
    pattern_line(&format!("!**{path}"))
}

fn pattern_line(pattern: &str) -> String {
    format!("      <pattern>{}</pattern>\n", escaped(pattern))
}

/// Returns the lines of a file: `path` as the drive has it (`\a\b`), its length, the MD5 of all of it. Their length does
/// not depend on the MD5.
#[must_use]
pub fn hash_lines(path: &str, bytes: u64, md5: &[u8; 16]) -> String {
    let path = escaped(&path.trim_start_matches('\\').replace('\\', "/"));
    let mut text = String::with_capacity(path.len().saturating_add(160));
    // A string takes all.
    let _ = write!(
        text,
        "    <hash>\n      <path size=\"{bytes}\">{path}</path>\n      <md5 action=\"original\">{}</md5>\n    </hash>\n",
        lower_hex(md5)
    );
    text
}

/// Returns the chain of one list, whose C4 is `c4`: [`CHAIN_BYTES`] long.
#[must_use]
pub fn chain(list: &str, c4: &str) -> String {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ascmhldirectory xmlns=\"urn:ASC:MHL:DIRECTORY:v2.0\">\n\
         \x20 <hashlist sequencenr=\"1\">\n\
         \x20   <path>{}</path>\n\
         \x20   <c4>{c4}</c4>\n\
         \x20 </hashlist>\n\
         </ascmhldirectory>\n",
        escaped(list)
    );
    let width = usize::try_from(CHAIN_BYTES).unwrap_or(0);
    format!("{text:width$}")
}

/// Returns `2026-11-28` and `16:13:00`.
fn day_and_time(moment: Moment) -> (String, String) {
    let text = moment.to_string().replace('/', "-");
    let (day, time) = text.split_once(' ').unwrap_or((&text, ""));
    let time = time.split_once('.').map_or(time, |(time, _)| time);
    (day.to_owned(), time.to_owned())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_readers_ignore_is_in_no_list() {
        for (path, expected) in [
            ("\\s-1\\a.mov", true),
            ("\\s-1\\ascmhl\\0001_a.mhl", false),
            ("\\s-1\\x\\.DS_Store", false),
            ("\\DriveManifest.xml", false),
            ("\\s-1\\WD.DriveManifest.xml", false),
            ("\\s-1\\ascmhl.mov", true),
        ] {
            assert_eq!(is_listed(path), expected, "{path}");
        }
        assert!(is_hash_list("\\ascmhl\\ascmhl_chain.xml"));
        assert!(!is_hash_list("\\ascmhl\\a\\0001.mhl"));
        assert!(!is_hash_list("\\ascmhl\\notes.txt"));
    }

    #[test]
    fn lines_are_as_long_whatever_the_hash_and_names_are_escaped() {
        let one = hash_lines("\\s\\a & <b>.mov", 7, &[0; 16]);
        assert!(one.contains("<path size=\"7\">s/a &amp; &lt;b&gt;.mov</path>"));
        assert_eq!(
            one.len(),
            hash_lines("\\s\\a & <b>.mov", 7, &[255; 16]).len()
        );
        assert_eq!(
            kept_line("\\c\\a [1].properties"),
            "      <pattern>!**/c/a \\[1].properties</pattern>\n"
        );
        let chain = chain("0001_a.mhl", &"c".repeat(90));
        assert_eq!(u64::try_from(chain.len()).ok(), Some(CHAIN_BYTES));
    }
}
