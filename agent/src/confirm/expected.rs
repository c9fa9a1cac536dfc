//! What must be in the store: every prepared file, short enough that millions of them fit into memory.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use lanes::Md5State;
use shared::manifest::{BlobKind, Disposition, ManifestFile};

use super::evidence::{Evidence, Key, key};
use super::{Code, Finding};
use crate::blobs::{ListedBlob, StoredKind, md5_of};
use crate::job_error::JobError;
use crate::jobs::KeptManifest;
use crate::pipeline::content_md5_file;

/// Every prepared file, by its blob.
pub(super) struct Expected {
    slots: HashMap<Key, Slot>,
    /// Containers, and how all names that are expected in each begin.
    pub(super) containers: BTreeMap<String, String>,
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// One of them. 64 bytes with its key.
struct Slot {
    bytes: u64,
    proof: Proof,
    state: State,
    disposition: Disposition,
}

/// What of a file's content is known here, and can be compared with a list.
enum Proof {
    /// Its MD5.
    Md5([u8; 16]),
    /// The MD5 of the properties file that has its MD5.
    Properties([u8; 16]),
    /// The MD5s of its blocks only.
    Blocks,
}

/// What is known of its blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was not seen.
    Missing,
    /// It is there, and as long as the file.
    There,
    /// The MD5 that the store has of it is the file's.
    SameMd5,
    /// It is another.
    Other,
}

impl Expected {
    /// Reads what all drives have.
    ///
    /// # Errors
    /// [`JobError`] when a manifest cannot be read.
    pub(super) fn of(
        drives: &[KeptManifest],
        evidence: &Evidence,
        find: &mut dyn FnMut(Finding),
    ) -> Result<Self, JobError> {
        let mut all = Self {
            slots: HashMap::new(),
            containers: BTreeMap::new(),
            files: 0,
            bytes: 0,
        };
        for drive in drives {
            let mut reader = drive.reader()?;
            while let Some(file) = reader.next_file().map_err(|error| {
                let safe = "Nothing was changed anywhere.";
                JobError::io(error.to_string(), drive.serial.as_str(), safe)
            })? {
                let blob = evidence.renamed(&drive.serial, &file.path);
                let blob = blob.unwrap_or(&file.blob).to_owned();
                all.add(&drive.serial, &file, &blob, find);
            }
        }
        Ok(all)
    }

    fn add(&mut self, drive: &str, file: &ManifestFile, blob: &str, find: &mut dyn FnMut(Finding)) {
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(file.bytes);
        if file.kind == BlobKind::File {
            let what = "it is for Azure Files, and only Blob storage was looked at";
            return find(Finding {
                file: Some(file.path.clone()),
                drive: Some(drive.to_owned()),
                ..Finding::new(Code::Elsewhere, blob, file.bytes, what)
            });
        }
        let (container, name) = blob.split_once('/').unwrap_or((blob, ""));
        match self.containers.get_mut(container) {
            Some(prefix) => shorten(prefix, name),
            None => {
                self.containers
                    .insert(container.to_owned(), name.to_owned());
            }
        }
        let slot = Slot {
            bytes: file.bytes,
            proof: proof(file),
            state: State::Missing,
            disposition: file.rule(),
        };
        match self.slots.entry(key(blob)) {
            Entry::Vacant(free) => {
                free.insert(slot);
            }
            Entry::Occupied(_) => find(Finding {
                file: Some(file.path.clone()),
                drive: Some(drive.to_owned()),
                ..Finding::new(
                    Code::Twice,
                    blob,
                    file.bytes,
                    "two prepared files become this blob, and only one of them can be in it",
                )
            }),
        }
    }

    /// Returns what is known of a blob; `None` when none is expected there.
    pub(super) fn state(&self, blob: &str) -> Option<State> {
        self.slots.get(&key(blob)).map(|slot| slot.state)
    }

    /// Compares a blob that is in the store with the file that is expected there; says what differs.
    pub(super) fn compare(&mut self, blob: &str, listed: &ListedBlob) -> Option<Finding> {
        let slot = self.slots.get_mut(&key(blob))?;
        let facts = &listed.facts;
        if facts.bytes != slot.bytes {
            slot.state = State::Other;
            let what = format!(
                "the blob has {} bytes; the file that was prepared has {}",
                facts.bytes, slot.bytes
            );
            return Some(Finding::new(Code::Size, blob, slot.bytes, what));
        }
        match slot.proof.agrees(facts.headers.content_md5) {
            Some(true) => slot.state = State::SameMd5,
            // A log of appended blocks is nothing that an import makes.
            _ if facts.kind == StoredKind::Append => {
                slot.state = State::Other;
                let what = "an append blob has its place, which no import makes";
                return Some(Finding::new(Code::Md5, blob, slot.bytes, what));
            }
            Some(false) => {
                slot.state = State::Other;
                let what =
                    "the MD5 that the store has of it is not that of the file that was prepared";
                return Some(Finding::new(Code::Md5, blob, slot.bytes, what));
            }
            None => slot.state = State::There,
        }
        None
    }

    /// Returns what stands in the way of a shipment: a blob that is where one of its files goes.
    pub(super) fn taken(&mut self, blob: &str, listed: &ListedBlob) -> Option<Finding> {
        let slot = self.slots.get(&key(blob))?;
        let facts = &listed.facts;
        let same =
            facts.bytes == slot.bytes && slot.proof.agrees(facts.headers.content_md5) == Some(true);
        let rule = match slot.disposition {
            Disposition::Rename => {
                "the manifest says rename, which today's service does not do: it overwrites"
            }
            Disposition::NoOverwrite => {
                "the manifest says no-overwrite, which today's service does not do: it overwrites"
            }
            Disposition::Overwrite => "the manifest says overwrite",
        };
        let likeness = if same {
            "its length and MD5 are those of the file"
        } else if facts.bytes == slot.bytes {
            "it is as long as the file"
        } else {
            "it is another"
        };
        let modified = facts.modified.map(crate::blobs::http_date);
        let what = format!(
            "it is there already: {} bytes of {}; {likeness}; {rule}",
            facts.bytes,
            modified.as_deref().unwrap_or("an unknown time"),
        );
        Some(Finding {
            modified,
            ..Finding::new(Code::Exists, blob, facts.bytes, what)
        })
    }
}

impl Proof {
    /// Returns whether the MD5 that a store has of a blob is the file's; `None` where that cannot be said.
    fn agrees(&self, md5: Option<[u8; 16]>) -> Option<bool> {
        let md5 = md5?;
        match self {
            Self::Md5(own) => Some(*own == md5),
            Self::Properties(hash) => Some(md5_of(&content_md5_file(&md5)) == *hash),
            Self::Blocks => None,
        }
    }
}

/// Returns what of a file can be compared with an MD5 of the whole: a file of one block has its block's, one without any the
/// MD5 of nothing.
fn proof(file: &ManifestFile) -> Proof {
    let mut parts = file.parts();
    match (parts.next(), parts.next()) {
        (None, _) if file.bytes == 0 => Proof::Md5(Md5State::new().finish()),
        (Some(only), None) if only.at == 0 && only.bytes == file.bytes => Proof::Md5(only.hash),
        _ => match &file.properties {
            // Only ours are known by the MD5 that is in them; of others nothing is said.
            Some(attached) if is_own(&attached.path) => Proof::Properties(attached.hash),
            _ => Proof::Blocks,
        },
    }
}

/// Returns whether a properties file on a drive is one that Argosy made for a single blob's MD5: `\<session>.properties\7.xml`.
fn is_own(properties: &str) -> bool {
    let mut parts = properties.rsplit('\\');
    let name = parts.next().and_then(|name| name.strip_suffix(".xml"));
    let is_number = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let is_below = parts
        .next()
        .is_some_and(|folder| folder.ends_with(".properties"));
    name.is_some_and(is_number) && is_below
}

/// Shortens `prefix` to what `name` begins with too.
fn shorten(prefix: &mut String, name: &str) {
    let alike = prefix
        .char_indices()
        .zip(name.chars())
        .take_while(|((_, one), other)| one == other);
    let bytes = alike
        .last()
        .map_or(0, |((at, one), _)| at.saturating_add(one.len_utf8()));
    prefix.truncate(bytes);
}

#[cfg(test)]
mod tests {
    use shared::manifest::{Attached, BlobKind};

    use super::*;

    #[test]
    fn a_prefix_ends_between_characters_and_every_name_begins_with_it() {
        for (one, other, wanted) in [
            ("a/b/c", "a/b/d", "a/b/"),
            ("aü", "aö", "a"),
            ("a", "ab", "a"),
            ("ab", "a", "a"),
            ("x", "y", ""),
        ] {
            let mut prefix = one.to_owned();
            shorten(&mut prefix, other);
            assert_eq!(prefix, wanted);
        }
    }

    #[test]
    fn an_md5_proves_only_the_file_that_it_is_of() {
        let file = |bytes, hashes: Vec<[u8; 16]>| {
            ManifestFile::new(
                r"\s\a".to_owned(),
                "c/a".to_owned(),
                bytes,
                BlobKind::Block,
                hashes,
            )
        };
        let short = proof(&file(10, vec![[7; 16]]));
        assert_eq!(short.agrees(Some([7; 16])), Some(true));
        assert_eq!(short.agrees(Some([8; 16])), Some(false));
        assert_eq!(short.agrees(None), None);
        let mut long = file(5 << 20, vec![[7; 16], [8; 16]]);
        assert_eq!(proof(&long).agrees(Some([7; 16])), None);
        long.properties = Some(Attached {
            path: r"\s.properties\7.xml".to_owned(),
            hash: md5_of(&content_md5_file(&[9; 16])),
        });
        assert_eq!(proof(&long).agrees(Some([9; 16])), Some(true));
        assert_eq!(proof(&long).agrees(Some([7; 16])), Some(false));
        let empty = proof(&file(0, Vec::new()));
        assert_eq!(empty.agrees(Some(md5_of(b""))), Some(true));
    }
}
