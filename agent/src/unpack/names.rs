//! Names on the drive and names here.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The folder in the destination that holds what is no data of the person's: parts of files, what is
/// home already, and what export drives have beside the blobs.
pub const SIDE: &str = ".argosy";
/// No file system that matters takes longer names.
const NAME_BYTES_MAX: usize = 255;

/// Returns whether a name on the drive can be a name here, and only that.
#[must_use]
pub(crate) fn is_safe_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', '\0'])
}

/// Returns where a blob goes below the destination, and whether its name had to be changed for
/// that: parts that are empty, `.` or `..`, that hold a NUL, that are too long or that are the side
/// folder's name get another one, always the same.
#[must_use]
pub(crate) fn place_of_blob(blob: &str) -> (PathBuf, bool) {
    let mut place = PathBuf::new();
    let mut is_changed = false;
    for (depth, part) in blob.split('/').enumerate() {
        let is_side = depth == 0 && part == SIDE;
        let is_whole = is_safe_part(part) && part.len() <= NAME_BYTES_MAX && !is_side;
        if is_whole {
            place.push(part);
        } else {
            place.push(safe_name(part));
            is_changed = true;
        }
    }
    (place, is_changed)
}

/// Returns a name of the drive as a file here can have it: NTFS counts letters, file systems here bytes. One that is too long
/// gets another, always the same.
#[must_use]
pub(crate) fn fitting(name: &str) -> Cow<'_, str> {
    if name.len() <= NAME_BYTES_MAX {
        return Cow::Borrowed(name);
    }
    let short = safe_name(name);
    // What it is stays visible: nothing opens a film without its ending.
    match Path::new(name).extension().and_then(OsStr::to_str) {
        Some(ending) if ending.len() <= 12 => Cow::Owned(format!("{short}.{ending}")),
        _ => Cow::Owned(short),
    }
}

fn is_safe_part(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.contains('\0')
}

/// Returns a name that a file can have, and that differs for each name that none can have.
fn safe_name(part: &str) -> String {
    let kept = part.replace('\0', "_");
    let kept = kept.trim_matches('.');
    let mut end = kept.len().min(NAME_BYTES_MAX.saturating_sub(48));
    while !kept.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    format!("{}~{}", kept.get(..end).unwrap_or(""), short_hash(part))
}

/// Returns the name of a folder whose own name a file or link has.
#[must_use]
pub(super) fn beside_folder(name: &OsStr) -> OsString {
    use std::os::unix::ffi::OsStrExt;
    let mut beside = cut(name, 64);
    beside.push(format!("~{}", hash_of(name.as_bytes())));
    beside
}

/// Returns the `number`th name, from 1, of a file whose own name another drive's file has:
/// `clip (WD-1234).mov`, `clip (WD-1234 2).mov`.
#[must_use]
pub(super) fn beside_file(place: &Path, label: &str, number: u32) -> PathBuf {
    let stem = cut(place.file_stem().unwrap_or_default(), 100);
    let mut name = stem;
    match number {
        0 | 1 => name.push(format!(" ({label})")),
        number => name.push(format!(" ({label} {number})")),
    }
    if let Some(extension) = place.extension() {
        name.push(".");
        name.push(cut(extension, 100));
    }
    place.with_file_name(name)
}

/// Returns a name short enough to have something behind it: a long one keeps its start, and a hash
/// of the whole.
fn cut(name: &OsStr, room: usize) -> OsString {
    use std::os::unix::ffi::OsStrExt;
    if name.len().saturating_add(room) <= NAME_BYTES_MAX {
        return name.to_owned();
    }
    let text = name.to_string_lossy();
    let mut end = text.len().min(60);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let start = text.get(..end).unwrap_or("");
    OsString::from(format!("{start}~{}", hash_of(name.as_bytes())))
}

/// Returns 32 hexadecimal digits that stand for a text.
#[must_use]
pub(super) fn short_hash(text: &str) -> String {
    hash_of(text.as_bytes())
}

fn hash_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut hex = String::new();
    for byte in digest.iter().take(16) {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::path::Component;

    #[test]
    fn names_that_lead_elsewhere_are_not_safe() {
        for name in ["", ".", "..", "a/b", "a\\b", "a\0"] {
            assert!(!is_safe_name(name), "{name:?}");
        }
        assert!(is_safe_name("..a"));
    }

    #[test]
    fn blobs_keep_their_names_where_a_file_can_have_them() {
        for blob in ["film/a/b.mov", "$root/logo.bmp", "c/ x \\ ?*|.", "c/..a"] {
            assert_eq!(place_of_blob(blob), (PathBuf::from(blob), false));
        }
    }

    #[test]
    fn others_get_names_of_their_own() {
        let long = format!("c/{}", "x".repeat(256));
        let twin = format!("c/{}y", "x".repeat(255));
        let odd = [
            "c/..",
            "c/.",
            "c/",
            "c//",
            "c/a\0b",
            "c/a_b\0",
            "../c",
            ".argosy/x",
            &long,
            &twin,
        ];
        let places: HashSet<PathBuf> = odd
            .iter()
            .map(|blob| {
                let (place, is_changed) = place_of_blob(blob);
                assert!(is_changed, "{blob:?}");
                assert_eq!(place_of_blob(blob).0, place);
                place
            })
            .collect();
        assert_eq!(places.len(), odd.len());
    }

    #[test]
    fn a_name_of_more_bytes_than_a_file_here_can_have_gets_its_own_short_one() {
        let names = ["撮".repeat(200), format!("{}影", "撮".repeat(199))];
        let short = names.each_ref().map(|name| fitting(name));
        assert_ne!(short[0], short[1]);
        let film = format!("{}.mov", "撮".repeat(200));
        assert!(fitting(&film).ends_with(".mov"));
        for name in short.iter().chain([&fitting(&film)]) {
            assert!(name.len() <= 255, "{name}");
        }
        assert_eq!(fitting(&"é".repeat(127)), "é".repeat(127));
    }

    #[test]
    fn a_file_beside_another_keeps_its_extension() {
        let place = Path::new("c/clip.tar.gz");
        assert_eq!(
            beside_file(place, "WD 1", 1),
            Path::new("c/clip.tar (WD 1).gz")
        );
        assert_eq!(
            beside_file(place, "WD 1", 2),
            Path::new("c/clip.tar (WD 1 2).gz")
        );
        let long = PathBuf::from("x".repeat(255));
        assert!(beside_file(&long, "WD", 1).as_os_str().len() <= 255);
    }

    proptest! {
        #[test]
        fn no_blob_leads_out_of_the_destination(blob in "[./\\\\~a\\x00-]{0,40}|\\PC{0,300}") {
            let (place, _) = place_of_blob(&blob);
            for part in place.components() {
                let Component::Normal(part) = part else {
                    return Err(TestCaseError::fail(format!("{place:?}")));
                };
                prop_assert!(part.len() <= 255 && !part.is_empty());
            }
            prop_assert!(!place.starts_with(SIDE));
        }
    }
}
