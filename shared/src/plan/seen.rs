//! What is seen of a path when it joins a listing, so that later looks at millions of names need not read them again.

use ntfs_image::name;

use super::share_names::is_reserved;
use crate::manifest;

/// Four bytes.
///
/// ```text
/// bits  0..17  length of the path in bytes
///      17..25  length of its name, where that is plain; else 0
///         25   whether it follows the entry before, in the same folder's index
///         31   whether it is a folder
/// ```
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen(u32);

/// Longer than any path of any operating system (Linux 4,096 bytes, Windows 32,767 units).
pub(super) const PATH_BYTES_MAX: u32 = 98_304;

const PATH_MASK: u32 = (1 << 17) - 1;
const PLAIN_SHIFT: u32 = 17;
const FOLLOWS: u32 = 1 << 25;
const FOLDER: u32 = 1 << 31;

const _: () = assert!(PATH_BYTES_MAX <= PATH_MASK);

impl Seen {
    /// Looks at a file's name; `before` is that of the entry before, where it is a file of the same folder.
    pub(super) fn file(path_bytes: u32, name: &str, before: Option<&str>) -> Self {
        let follows = before.is_some_and(|before| name::compare_folded(before, name).is_lt());
        let follows = if follows { FOLLOWS } else { 0 };
        Self(path_bytes | u32::from(plain_bytes(name)) << PLAIN_SHIFT | follows)
    }

    /// Takes a folder's path. There are few enough of them to be looked at when it matters.
    pub(super) const fn folder(path_bytes: u32) -> Self {
        Self(path_bytes | FOLDER)
    }

    pub(super) const fn path_bytes(self) -> u32 {
        self.0 & PATH_MASK
    }

    pub(super) const fn is_folder(self) -> bool {
        self.0 & FOLDER != 0
    }

    /// Returns the length of a file's name that is plain: it breaks no rule of drives, blobs and shares, takes as many
    /// UTF-16 units, and bytes of a manifest, as it has bytes, and asks for no kind of blob. `None` for names that have to be
    /// looked at.
    pub(super) fn plain_bytes(self) -> Option<u8> {
        let found = self.0 >> PLAIN_SHIFT & 0xff;
        u8::try_from(found).ok().filter(|bytes| *bytes > 0)
    }

    /// Returns whether the entry before is a file of the same folder whose name comes before this one, and is no twin of it.
    pub(super) const fn follows(self) -> bool {
        self.0 & FOLLOWS != 0
    }
}

/// Returns the length of a plain name, 0 for others.
fn plain_bytes(name: &str) -> u8 {
    let is_plain = name::is_plain(name)
        && !name.contains('&')
        && !manifest::is_disk_image(name)
        && !is_reserved(name);
    u8::try_from(name.len())
        .ok()
        .filter(|_| is_plain)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::{BlobKind, choose_kind, escaped_bytes};
    use crate::plan::Rule;
    use crate::plan::share_names::check_share_path;

    proptest! {
        #[test]
        fn a_plain_name_is_as_plain_as_it_says(name in "[a-zA-Z0-9 .&<é$]{0,8}(\\.(vhd|VHDX|mov))?|(con|NUL|lpt1|clock\\$)(\\.x)?|x{250,260}") {
            let seen = Seen::file(98_304, &name, None);
            prop_assert!((seen.path_bytes(), seen.is_folder(), seen.follows()) == (98_304, false, false));
            let Some(bytes) = seen.plain_bytes() else { return Ok(()) };
            prop_assert_eq!(Rule::of_name(&name), None);
            prop_assert_eq!(check_share_path(&format!("share/{name}")), Ok(()));
            prop_assert_eq!(usize::from(bytes), name.encode_utf16().count());
            prop_assert_eq!(u64::from(bytes), escaped_bytes(&name));
            let kind = choose_kind(&name, 512, None).expect("nothing was asked for").kind;
            prop_assert_eq!(kind, BlobKind::Block);
        }
    }

    #[test]
    fn what_millions_of_files_are_called_is_plain() {
        for name in ["A00000001.dpx", "clip 7 (final).mov", "$x", "console.log"] {
            let bytes = Seen::file(1, name, None).plain_bytes().map(usize::from);
            assert_eq!(
                bytes,
                Some(name.len()).filter(|_| !name.starts_with("con")),
                "{name}"
            );
        }
    }

    #[test]
    fn a_name_follows_what_is_before_it_in_the_index() {
        let follows = |before, name| Seen::file(1, name, Some(before)).follows();
        assert!(follows("a", "B") && follows("A1", "a10"));
        assert!(!follows("b", "A") && !follows("a", "A") && !follows("é", "É"));
        assert!(!Seen::file(1, "a", None).follows());
        let folder = Seen::folder(3);
        assert!(folder.is_folder() && folder.path_bytes() == 3 && folder.plain_bytes().is_none());
    }
}
