//! What is seen of a name when it joins a listing, so that later looks at millions of them need not read them again.

use ntfs_image::name;

use super::share_names::is_reserved;
use crate::manifest;

/// Four bytes.
///
/// ```text
/// bits  0..17  length of the name in bytes
///         29   whether it is plain
///         30   whether it follows the entry before, in the same folder's index
///         31   whether it is a folder's
/// ```
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen(u32);

/// Longer than any path of any operating system (Linux 4,096 bytes, Windows 32,767 units).
pub(super) const PATH_BYTES_MAX: u32 = 98_304;

const BYTES_MASK: u32 = (1 << 17) - 1;
const PLAIN: u32 = 1 << 29;
const FOLLOWS: u32 = 1 << 30;
const FOLDER: u32 = 1 << 31;

const _: () = assert!(PATH_BYTES_MAX <= BYTES_MASK);

impl Seen {
    /// Looks at a file's name, which is no longer than any path; `before` is that of the entry before, where it is a file of
    /// the same folder.
    pub(super) fn file(name: &str, before: Option<&str>) -> Self {
        let follows = before.is_some_and(|before| name::compare_folded(before, name).is_lt());
        let follows = if follows { FOLLOWS } else { 0 };
        let plain = if is_plain(name) { PLAIN } else { 0 };
        Self(bytes_of(name) | plain | follows)
    }

    /// Takes a folder's name. There are few enough of them to be looked at when it matters.
    pub(super) fn folder(name: &str) -> Self {
        Self(bytes_of(name) | FOLDER)
    }

    /// Returns the length of the name in bytes.
    pub(super) const fn name_bytes(self) -> u32 {
        self.0 & BYTES_MASK
    }

    pub(super) const fn is_folder(self) -> bool {
        self.0 & FOLDER != 0
    }

    /// Returns the length of a file's name that is plain: it breaks no rule of drives, blobs and shares, takes as many
    /// UTF-16 units, and bytes of a manifest, as it has bytes, and asks for no kind of blob. `None` for names that have to be
    /// looked at.
    pub(super) fn plain_bytes(self) -> Option<u8> {
        let bytes = (self.0 & PLAIN != 0).then_some(self.name_bytes())?;
        u8::try_from(bytes).ok()
    }

    /// Returns whether the entry before is a file of the same folder whose name comes before this one, and is no twin of it.
    pub(super) const fn follows(self) -> bool {
        self.0 & FOLLOWS != 0
    }
}

fn bytes_of(name: &str) -> u32 {
    u32::try_from(name.len()).map_or(PATH_BYTES_MAX, |bytes| bytes.min(PATH_BYTES_MAX))
}

fn is_plain(name: &str) -> bool {
    name::is_plain(name)
        && !name.contains('&')
        && !manifest::is_disk_image(name)
        && !is_reserved(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::{BlobKind, choose_kind, escaped_bytes};
    use crate::plan::Rule;
    use crate::plan::listing::index;
    use crate::plan::share_names::check_share_path;

    proptest! {
        #[test]
        fn a_plain_name_is_as_plain_as_it_says(name in "[a-zA-Z0-9 .&<é$]{0,8}(\\.(vhd|VHDX|mov))?|(con|NUL|lpt1|clock\\$)(\\.x)?|x{250,260}") {
            let seen = Seen::file(&name, None);
            prop_assert!((index(seen.name_bytes()), seen.is_folder(), seen.follows()) == (name.len(), false, false));
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
            let bytes = Seen::file(name, None).plain_bytes().map(usize::from);
            assert_eq!(
                bytes,
                Some(name.len()).filter(|_| !name.starts_with("con")),
                "{name}"
            );
        }
    }

    #[test]
    fn a_name_follows_what_is_before_it_in_the_index() {
        let follows = |before, name| Seen::file(name, Some(before)).follows();
        assert!(follows("a", "B") && follows("A1", "a10"));
        assert!(!follows("b", "A") && !follows("a", "A") && !follows("é", "É"));
        assert!(!Seen::file("a", None).follows());
        let folder = Seen::folder("abc");
        assert!(folder.is_folder() && folder.name_bytes() == 3 && folder.plain_bytes().is_none());
    }
}
