//! What a file's record says that its folder should say of it.

use zerocopy::FromBytes;

use super::record_table::{Balance, Hash};
use crate::attribute::{
    ATTRIBUTE_COMPRESSED, ATTRIBUTE_SPARSE, StandardInformation, file_flags, kind,
};
use crate::read::entry::FileNameKey;
use crate::read::file_record::{Attribute, Form};
use crate::read::gather::Gathered;
use crate::read::stored::bytes_of;
use crate::record::{RECORD_DIRECTORY, Reference};

/// The part of an index entry that follows from the file rather than from its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) is_folder: bool,
    pub(super) times: Times,
    pub(super) sizes: Sizes,
}

/// Times that an index entry has a copy of; when a file was read last is not kept up to date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) created: u64,
    pub(super) modified: u64,
    pub(super) changed: u64,
}

/// Sizes that an index entry has a copy of; zeros for a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) allocated: u64,
    pub(super) data: u64,
}

impl Facts {
    /// Returns what follows from the records of a file.
    pub(super) fn of(gathered: &Gathered) -> Self {
        let is_folder = gathered.base().header.flags.get() & RECORD_DIRECTORY != 0;
        let mut facts = Self {
            is_folder,
            ..Self::default()
        };
        for (_, attribute) in gathered.attributes().flatten() {
            match attribute.kind() {
                kind::STANDARD_INFORMATION => {
                    if let Some(times) = Times::of(&attribute) {
                        facts.times = times;
                    }
                }
                kind::DATA if attribute.name.is_empty() && attribute.lowest_vcn() == 0 => {
                    facts.sizes = Sizes::of(&attribute);
                }
                _ => {}
            }
        }
        facts
    }

    /// Returns what an index entry says.
    pub(super) fn said(key: &FileNameKey<'_>) -> Self {
        let is_folder = key.stored.flags.get() & file_flags::DIRECTORY != 0;
        let sizes = Sizes {
            allocated: key.stored.allocated.get(),
            data: key.stored.data.get(),
        };
        Self {
            is_folder,
            times: Times {
                created: key.stored.created.get(),
                modified: key.stored.modified.get(),
                changed: key.stored.changed.get(),
            },
            sizes: if is_folder { Sizes::default() } else { sizes },
        }
    }
}

impl Times {
    fn of(attribute: &Attribute<'_>) -> Option<Self> {
        // Both forms, of 48 and of 72 bytes, begin alike.
        let mut whole = [0; size_of::<StandardInformation>()];
        let value = attribute.resident()?;
        for (place, byte) in whole.iter_mut().zip(value) {
            *place = *byte;
        }
        let stored = StandardInformation::read_from_bytes(&whole).ok()?;
        Some(Self {
            created: stored.created.get(),
            modified: stored.modified.get(),
            changed: stored.changed.get(),
        })
    }
}

impl Sizes {
    fn of(data: &Attribute<'_>) -> Self {
        match data.form {
            Form::Resident { value, .. } => Self {
                allocated: bytes_of(value.len()).next_multiple_of(8),
                data: bytes_of(value.len()),
            },
            Form::NonResident {
                header, on_disk, ..
            } => {
                let is_thin =
                    data.header.flags.get() & (ATTRIBUTE_COMPRESSED | ATTRIBUTE_SPARSE) != 0;
                let allocated = header.allocated.get();
                Self {
                    allocated: on_disk.filter(|_| is_thin).unwrap_or(allocated),
                    data: header.data.get(),
                }
            }
        }
    }
}

/// Hashes one name of the file that `target` refers to, with what an index entry says beside it.
///
/// Of NTFS's own files only the name counts: Windows does not keep the rest up to date.
pub(super) fn hash(target: Reference, key: &FileNameKey<'_>, facts: &Facts) -> Balance {
    let name = Hash::new(target.0)
        .word(key.stored.parent.get())
        .word(u64::from(key.stored.namespace))
        .bytes(key.name);
    if target.number() < FIRST_USER_RECORD {
        return Balance {
            strict: name.finish(),
            loose: 0,
        };
    }
    let Facts {
        is_folder,
        times,
        sizes,
    } = facts;
    let sizes = if *is_folder { Sizes::default() } else { *sizes };
    let strict = name
        .word(u64::from(*is_folder))
        .word(times.created)
        .word(sizes.data);
    let loose = Hash::new(times.modified)
        .word(times.changed)
        .word(sizes.allocated);
    Balance {
        strict: strict.finish(),
        loose: loose.finish(),
    }
}

/// Records below are NTFS's own.
pub(super) const FIRST_USER_RECORD: u64 = 24;
