//! What is on the volume beside what the manifest names.

use disk::ReadAt;
use ntfs_image::read::{Entry, Volume};

use super::finding::{Finding, FindingCode, Findings};
use super::seen::Seen;
use crate::mhl::is_hash_list;

/// Folders that hold BitLocker's control files.
const SYSTEM_FOLDER: &str = "\\System Volume Information\\";
/// What their names begin with.
const CONTROL_FILE: &str = "FVE2.{";

/// Walks the whole volume and tells every file that is neither the manifest, nor named by it, nor in
/// the fixed list.
pub(super) fn find<R: ReadAt>(
    volume: &Volume<R>,
    seen: &Seen,
    (manifest, in_place): (&str, bool),
    findings: &mut Findings,
    go_on: &mut dyn FnMut(&Findings) -> bool,
) -> bool {
    for (number, found) in (1_u32..).zip(volume.walk()) {
        match found {
            Ok((path, _)) if in_place && is_windows_own(&path) => {}
            Ok((path, entry)) => findings_of(&path, &entry, (manifest, seen), findings),
            Err(error) => findings.push(Finding::of_drive(FindingCode::FileSystem, error)),
        }
        if number.is_multiple_of(ENTRIES_A_LOOK) && !go_on(findings) {
            return false;
        }
    }
    true
}

/// How often the person is asked whether to go on.
const ENTRIES_A_LOOK: u32 = 4096;

fn findings_of(
    path: &str,
    entry: &Entry,
    (manifest, seen): (&str, &Seen),
    findings: &mut Findings,
) {
    let unexpected = |what: &str| Finding::of_file(FindingCode::UnexpectedFile, path, None, what);
    if let Some(tag) = entry.reparse {
        findings.push(unexpected(&format!(
            "a {} that the manifest does not name",
            tag.words()
        )));
    } else if !entry.is_folder && !seen.contains(entry.id) && !is_fixed(path, manifest) {
        findings.push(unexpected("a file that the manifest does not name"));
    }
}

/// Returns whether `path` is, or lies in, one of the folders that Windows makes for itself on every
/// drive that it mounts. Nothing in them is a file of the person's that would travel.
#[must_use]
pub fn is_windows_own(path: &str) -> bool {
    let top = path
        .strip_prefix('\\')
        .and_then(|path| path.split('\\').next());
    top.is_some_and(|top| WINDOWS_OWN.iter().any(|own| top.eq_ignore_ascii_case(own)))
}

/// What Windows makes for itself in the root.
const WINDOWS_OWN: [&str; 2] = ["System Volume Information", "$RECYCLE.BIN"];

fn is_fixed(path: &str, manifest: &str) -> bool {
    let in_root = path.strip_prefix('\\') == Some(manifest);
    in_root
        || is_hash_list(path)
        || path
            .strip_prefix(SYSTEM_FOLDER)
            .is_some_and(|name| name.starts_with(CONTROL_FILE))
}
