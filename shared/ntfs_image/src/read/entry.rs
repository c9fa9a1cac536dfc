//! What a folder says about a child.

use zerocopy::FromBytes;

use super::FileId;
use super::stored::text;
use crate::FileTime;
use crate::attribute::{FileName, NAMESPACE_DOS, file_flags};
use crate::record::Reference;

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
    /// Attributes: [`file_flags`], without DIRECTORY and VIEW_INDEX.
    pub attributes: u32,
    /// What kind of reparse point (symbolic link, junction, deduplicated file) it is, if it is one.
    pub reparse: Option<ReparseTag>,
}

impl Entry {
    pub(crate) fn new(reference: u64, key: &FileNameKey<'_>) -> Self {
        let (name, lossless) = text(key.name);
        let attributes = key.stored.flags.get();
        let is_folder = attributes & file_flags::DIRECTORY != 0;
        let is_reparse = attributes & file_flags::REPARSE_POINT != 0;
        Self {
            id: FileId::from(Reference(reference)),
            name,
            lossless,
            is_folder,
            bytes: if is_folder { 0 } else { key.stored.data.get() },
            modified: FileTime(key.stored.modified.get()),
            attributes: attributes & !(file_flags::DIRECTORY | file_flags::VIEW_INDEX),
            reparse: is_reparse.then(|| ReparseTag(key.stored.reparse.get())),
        }
    }
}

/// A $FILE_NAME whose name is known to lie inside it: an attribute's value, or the key of a folder's entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileNameKey<'a> {
    pub(crate) stored: &'a FileName,
    /// UTF-16, little-endian.
    pub(crate) name: &'a [u8],
}

impl<'a> FileNameKey<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (stored, rest) = FileName::ref_from_prefix(bytes).ok()?;
        let name = rest.get(..usize::from(stored.name_length).saturating_mul(2))?;
        Some(Self { stored, name })
    }

    pub(crate) const fn is_dos(&self) -> bool {
        self.stored.namespace == NAMESPACE_DOS
    }
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
