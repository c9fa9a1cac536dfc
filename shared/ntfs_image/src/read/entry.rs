//! What a folder says about a child.

use super::FileId;
use crate::FileTime;

/// One name in a folder.
///
/// Size, time and attributes are the folder's copy. NTFS keeps that copy equal to the file's own record, save for
/// files with several hard links, where only the link that was used last is brought up to date: what counts is
/// [`File`](super::File).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file or folder.
    pub id: FileId,
    /// The long name. Half surrogates, which NTFS allows, are replaced by U+FFFD; `lossless` is then false.
    pub name: String,
    /// Whether `name` is the whole truth.
    pub lossless: bool,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Bytes of the unnamed data stream; 0 for a folder.
    pub bytes: u64,
    /// Last change of the data.
    pub modified: FileTime,
    /// Attributes: [`file_flags`](crate::attribute::file_flags).
    pub attributes: u32,
    /// What kind of reparse point (symbolic link, junction, deduplicated file) it is, if it is one.
    pub reparse: Option<ReparseTag>,
}

/// The kind of a reparse point. Source: MS-FSCC 2.1.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReparseTag(pub u32);

impl ReparseTag {
    /// Returns the kind in words, for the person at the drive.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self.0 {
            0xA000_0003 => "junction or mount point",
            0xA000_000C => "symbolic link",
            0xA000_001D => "WSL symbolic link",
            0x8000_0013 => "deduplicated file",
            0x8000_0017 => "file compressed by WOF",
            0x8000_0023 => "WSL socket",
            0x8000_0024 => "WSL pipe",
            0x8000_0025 => "WSL character device",
            0x8000_0026 => "WSL block device",
            tag if tag & 0xFFFF_0FFF == 0x9000_001A => "cloud file",
            _ => "reparse point of an unknown kind",
        }
    }
}
