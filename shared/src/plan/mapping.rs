//! How an entry of the listing is called on the drive and in Blob storage.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::export::{Export, METADATA_SUFFIX, PROPERTIES_SUFFIX};
use super::listed_path::WholePath;
use super::share_names::check_share_path;
use super::tree::MANIFEST_NAME;
use super::{ListedPath, Listing, Rule};
use crate::blob_name::{self, Destination, SessionId};
use crate::job::Moment;
use crate::manifest::{self, BlobKind, Disposition, PlannedFile};
use crate::mhl;

/// What turns listing paths into drive paths and blob names, for one session.
///
/// ```text
/// --source DIR   "a/b"   ->  \<session>\a\b      CONTAINER/PREFIX/a/b
/// --dataset CSV  "2/a/b" ->  \<session>\2\a\b    destination of row 2, then a/b (a row that is a file: its blob)
/// export         "c/a/b" ->  \c\a\b              the blob that comes out of the store
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The session id: the folder in the drive's root that holds everything.
    pub session: SessionId,
    /// Where the files go. One target, or one per row of the data set.
    pub targets: Vec<Target>,
    /// True for a data set: the first part of each path is the number of its target, from 1.
    pub numbered: bool,
    /// True when each blob gets a Content-MD5: a properties file of fixed length per file is
    /// planned.
    pub content_md5: bool,
    /// Who makes an ASC MHL of each drive, where one is wanted: each blob gets a Content-MD5 then, for
    /// that is where the hash of a whole file is kept. Not those of an export, which are as the store has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mhl: Option<mhl::Creator>,
    /// Accepted new names: path in the listing (file or folder) to its new last part.
    pub renames: BTreeMap<String, String>,
    /// The blobs, when they come out of a store: listing paths are places on the drive then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<Export>,
}

/// Length of the properties file that each blob with a Content-MD5 has on the drive. Longer than
/// anything an MFT record can hold, so that it lies behind its file's data and can be written when
/// that has been hashed.
pub const PROPERTIES_BYTES: u64 = 4096;

/// How the names of files end that an export puts beside its blobs, or into the root for itself.
const BESIDE_BLOBS: [&str; 3] = [PROPERTIES_SUFFIX, METADATA_SUFFIX, ".manifest"];

/// Where the files of one source go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// A folder of blobs, or one blob.
    pub goal: Goal,
    /// Block blobs, page blobs or files of a share; `None` is blobs, of a kind by the file's name and length.
    pub kind: Option<BlobKind>,
    /// What the service does when a blob exists.
    pub disposition: Disposition,
    /// Length of the row's metadata file, which goes onto the drive with it.
    pub metadata_bytes: Option<u64>,
    /// Length of the row's properties file, which goes onto the drive with it unless each blob has
    /// its own.
    pub properties_bytes: Option<u64>,
}

/// What a target's files become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// Blobs named after the files, below container and prefix.
    Folder(Destination),
    /// This blob, container included: the target is one file.
    Blob(String),
}

/// What an entry's file is called everywhere: all that its lines in the manifest depend on beside
/// its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// On the drive: `\session\a\b`.
    pub path: String,
    /// In Blob storage, container included; or in Azure Files, share included.
    pub blob: String,
    /// Block or page blob, or a file of a share.
    pub kind: BlobKind,
    /// What the service does when the blob exists; `None` when it comes out of a store.
    pub disposition: Option<Disposition>,
    /// The snapshot that it is, when it comes out of a store and is one.
    pub snapshot: Option<String>,
    /// Its metadata file on the drive.
    pub metadata: Option<String>,
    /// Its properties file on the drive.
    pub properties: Option<String>,
}

impl Naming {
    /// Returns what the manifest's length depends on, for a file of `bytes`.
    #[must_use]
    pub fn planned(&self, bytes: u64) -> PlannedFile<'_> {
        PlannedFile {
            path: &self.path,
            blob: &self.blob,
            bytes,
            kind: self.kind,
            disposition: self.disposition,
            snapshot: self.snapshot.as_deref(),
            metadata: self.metadata.as_deref(),
            properties: self.properties.as_deref(),
        }
    }
}

impl Mapping {
    /// Returns the mapping of one source folder: `DIR/a/b` becomes `container/prefix/a/b`.
    #[must_use]
    pub fn of_source(session: SessionId, destination: Destination) -> Self {
        let target = Target {
            goal: Goal::Folder(destination),
            kind: None,
            disposition: Disposition::default(),
            metadata_bytes: None,
            properties_bytes: None,
        };
        Self {
            session,
            targets: vec![target],
            numbered: false,
            content_md5: false,
            mhl: None,
            renames: BTreeMap::new(),
            export: None,
        }
    }

    /// Returns what entry `number`, a file, is called on the drive and in Blob storage, new names
    /// applied.
    ///
    /// # Errors
    /// [`Rule`] when Blob storage cannot hold it; [`super::problems()`] has then left it out.
    pub fn naming(&self, listing: &Listing, number: u32) -> Result<Naming, Rule> {
        if let Some(export) = &self.export {
            return exported(export, listing, number);
        }
        let entry = listing.entry(number);
        let listed = entry.path.to_string();
        let path = self.renamed(&listed);
        let (target_number, rest) = self.target_of(entry.path, &path)?;
        let target = self.target(target_number)?;
        let blob = match &target.goal {
            Goal::Folder(destination) => destination.blob(rest).map_err(Rule::Blob)?,
            Goal::Blob(blob) => {
                blob_name::check_blob_path(blob).map_err(Rule::Blob)?;
                blob.clone()
            }
        };
        if target.kind == Some(BlobKind::File) {
            let checked = check_share_path(&blob);
            checked.map_err(|(part, why)| Rule::Share { part, why })?;
        }
        let name = path.rsplit('/').next().unwrap_or(&path);
        let choice =
            manifest::choose_kind(name, entry.bytes, target.kind).map_err(Rule::PageBlob)?;
        let (metadata, properties) = self.attached_to(target_number);
        let properties = if self.content_md5 {
            Some(self.properties_path(number))
        } else {
            properties
        };
        Ok(Naming {
            path: blob_name::drive_path(&self.session, &path),
            blob,
            kind: choice.kind,
            disposition: Some(target.disposition),
            snapshot: None,
            metadata,
            properties,
        })
    }

    /// Returns `path` of the listing with the accepted new names in it.
    #[must_use]
    pub fn renamed<'a>(&self, path: &'a str) -> Cow<'a, str> {
        if self.renames.is_empty() {
            return Cow::Borrowed(path);
        }
        let mut changed = String::with_capacity(path.len());
        let mut from = 0;
        let cuts = path
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([path.len()]);
        for cut in cuts {
            if from > 0 {
                changed.push('/');
            }
            let whole = path.get(..cut).unwrap_or(path);
            let own = path.get(from..cut).unwrap_or("");
            changed.push_str(self.renames.get(whole).map_or(own, String::as_str));
            from = cut.saturating_add(1);
        }
        Cow::Owned(changed)
    }

    /// Returns the length of a file's name on the drive where it is plain; see [`Seen::plain_bytes`](super::seen::Seen).
    pub(super) fn plain_bytes(&self, listing: &Listing, number: u32) -> Option<u8> {
        let is_renamed = || self.new_name(listing.entry(number).path).is_some();
        let plain = listing.plain_bytes(number)?;
        (self.renames.is_empty() || !is_renamed()).then_some(plain)
    }

    /// Returns the name that a file or folder of the listing has on the drive.
    #[must_use]
    pub fn name<'a>(&'a self, path: ListedPath<'a>) -> &'a str {
        self.new_name(path).unwrap_or(path.name)
    }

    /// Returns the accepted new name of a file or folder of the listing.
    fn new_name(&self, path: ListedPath<'_>) -> Option<&str> {
        let path: &dyn WholePath = &path;
        self.renames.get(path).map(String::as_str)
    }

    /// Returns the number of the target (from 0) that an entry's file belongs to.
    ///
    /// # Errors
    /// [`Rule::NoTarget`] when the first part of a data set's path is no row.
    pub fn target_number(&self, listing: &Listing, number: u32) -> Result<u32, Rule> {
        if !self.numbered {
            return Ok(0);
        }
        let path = listing.entry(number).path;
        self.target_of(path, "").map(|(target, _)| target)
    }

    /// Returns the folder in the root that holds everything; `None` for an export, whose containers
    /// lie in the root.
    #[must_use]
    pub fn top_folder(&self) -> Option<&str> {
        self.export.is_none().then(|| self.session.as_str())
    }

    /// Returns what the manifest of the drive `serial` is called, in the root.
    #[must_use]
    pub fn manifest_name(&self, serial: &str) -> Cow<'static, str> {
        match self.export {
            None => Cow::Borrowed(MANIFEST_NAME),
            Some(_) => Cow::Owned(blob_name::export_manifest_name(serial)),
        }
    }

    /// Returns the folder in the root that holds properties and metadata files:
    /// `<session>.properties`, which no session id can be.
    #[must_use]
    pub fn attached_folder(&self) -> String {
        format!("{}.properties", self.session)
    }

    /// Returns where the properties file of an entry's blob is on the drive.
    #[must_use]
    pub fn properties_path(&self, number: u32) -> String {
        self.attached_path(&properties_name(number))
    }

    /// Returns where the metadata and properties files of a target (from 0) are on the drive.
    pub(super) fn attached_to(&self, target: u32) -> (Option<String>, Option<String>) {
        let Some(found) = self.targets.get(super::listing::index(target)) else {
            return (None, None);
        };
        let path = |name: String| self.attached_path(&name);
        let metadata = found.metadata_bytes.map(|_| target_metadata_name(target));
        let properties = found
            .properties_bytes
            .map(|_| target_properties_name(target));
        (metadata.map(path), properties.map(path))
    }

    fn attached_path(&self, name: &str) -> String {
        format!("\\{}\\{name}", self.attached_folder())
    }

    fn target(&self, number: u32) -> Result<&Target, Rule> {
        self.targets
            .get(super::listing::index(number))
            .ok_or(Rule::NoTarget)
    }

    /// Returns what the hash list of a drive begins with that was begun at `started`; `None` where no list is wanted.
    #[must_use]
    pub fn hash_list_head(&self, started: Moment) -> Option<String> {
        let creator = self.mhl.as_ref()?;
        let apart = match self.export {
            None => vec![format!("{}/", self.attached_folder())],
            Some(_) => BESIDE_BLOBS.map(|end| format!("*{end}")).to_vec(),
        };
        Some(mhl::head(creator, started, &apart))
    }

    /// Returns whether the hash list names the file that is at `path` on the drive: not where its readers ignore it, or the
    /// folder that it lies in.
    #[must_use]
    pub fn is_in_hash_list(&self, path: &str) -> bool {
        let is_apart = |folder: &str| BESIDE_BLOBS.iter().any(|end| folder.ends_with(end));
        let mut folders = path.rsplit('\\').skip(1);
        mhl::is_listed(path) && (self.export.is_none() || !folders.any(is_apart))
    }

    /// Returns the line behind that head which keeps a file in the list whose name ends as those beside blobs do; `path` is its
    /// place on the drive.
    #[must_use]
    pub fn kept_in_hash_list(&self, path: &str) -> Option<String> {
        let is_taken = self.export.is_some() && BESIDE_BLOBS.iter().any(|end| path.ends_with(end));
        (is_taken && self.is_in_hash_list(path)).then(|| mhl::kept_line(path))
    }

    /// Returns the bytes of a file's lines in the hash list: none where no list is wanted or it does not name the file, which
    /// is at `path` on the drive.
    pub(super) fn listed_bytes(&self, path: &str, bytes: u64) -> u64 {
        if self.mhl.is_none() || !self.is_in_hash_list(path) {
            return 0;
        }
        let mut lines = mhl::hash_lines(path, bytes, &[0; 16]);
        lines.extend(self.kept_in_hash_list(path));
        u64::try_from(lines.len()).unwrap_or(u64::MAX)
    }

    /// Returns the target of a path, and what of `renamed` lies below the target.
    pub(super) fn target_of<'a>(
        &self,
        path: ListedPath<'_>,
        renamed: &'a str,
    ) -> Result<(u32, &'a str), Rule> {
        if !self.numbered {
            return Ok((0, renamed));
        }
        let row: u32 = path
            .parts()
            .next()
            .and_then(|row| row.parse().ok())
            .ok_or(Rule::NoTarget)?;
        let number = row.checked_sub(1).ok_or(Rule::NoTarget)?;
        self.target(number)?;
        let rest = renamed.split_once('/').map_or("", |(_, rest)| rest);
        Ok((number, rest))
    }
}

/// Returns what a blob that comes out of a store is called.
fn exported(export: &Export, listing: &Listing, number: u32) -> Result<Naming, Rule> {
    let entry = listing.entry(number);
    let blob = export.blob(number).ok_or(Rule::NoTarget)?;
    let listed = entry.path.to_string();
    let path = blob_name::root_path(&listed);
    let metadata = (!blob.metadata.is_empty()).then(|| format!("{path}{METADATA_SUFFIX}"));
    Ok(Naming {
        blob: blob.path.as_deref().map_or(listed, str::to_owned),
        kind: blob.kind.in_manifest(),
        disposition: None,
        snapshot: blob.snapshot.as_deref().map(str::to_owned),
        metadata,
        properties: Some(format!("{path}{PROPERTIES_SUFFIX}")),
        path,
    })
}

/// Name of the properties file of an entry's blob.
pub(crate) fn properties_name(entry: u32) -> String {
    format!("{entry:08}.xml")
}

/// Name of the metadata file of a target (from 0).
pub(crate) fn target_metadata_name(target: u32) -> String {
    format!("row-{}-metadata.xml", u64::from(target).saturating_add(1))
}

/// Name of the properties file of a target (from 0).
pub(crate) fn target_properties_name(target: u32) -> String {
    format!("row-{}-properties.xml", u64::from(target).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use ntfs_image::FileTime;

    use super::*;
    use crate::plan::Kind;

    fn one(path: &str, bytes: u64) -> Listing {
        let mut listing = Listing::new();
        listing
            .push(path, bytes, FileTime(0), Kind::File)
            .expect("one entry");
        listing
    }

    fn source() -> Mapping {
        Mapping::of_source(
            "reels-1".parse().expect("a session"),
            "film/raw/".parse().expect("a destination"),
        )
    }

    #[test]
    fn a_source_file_is_below_the_session_and_below_the_prefix() {
        let naming = source().naming(&one("a/b.mov", 5), 0).expect("goes");
        assert_eq!(naming.path, "\\reels-1\\a\\b.mov");
        assert_eq!(naming.blob, "film/raw/a/b.mov");
        assert_eq!(
            (naming.kind, naming.metadata, naming.properties),
            (BlobKind::Block, None, None)
        );
    }

    #[test]
    fn new_names_of_folders_and_files_are_applied_on_both_sides() {
        let mut mapping = source();
        mapping.renames.insert("a?".to_owned(), "a_".to_owned());
        mapping.renames.insert("a?/x:".to_owned(), "x_".to_owned());
        let naming = mapping.naming(&one("a?/x:", 5), 0).expect("goes");
        assert_eq!(
            (naming.path.as_str(), naming.blob.as_str()),
            ("\\reels-1\\a_\\x_", "film/raw/a_/x_")
        );
    }

    #[test]
    fn a_row_of_a_data_set_keeps_its_number_on_the_drive_only() {
        let mut mapping = source();
        mapping.numbered = true;
        let mut row = mapping.targets[0].clone();
        row.goal = Goal::Blob("vhds/one.vhdx".to_owned());
        row.metadata_bytes = Some(10);
        row.properties_bytes = Some(10);
        mapping.targets.push(row);
        let folder = mapping.naming(&one("1/a/b", 5), 0).expect("goes");
        assert_eq!(
            (folder.path.as_str(), folder.blob.as_str()),
            ("\\reels-1\\1\\a\\b", "film/raw/a/b")
        );
        let file = mapping.naming(&one("2/disk.vhdx", 1024), 0).expect("goes");
        assert_eq!(
            (file.path.as_str(), file.blob.as_str()),
            ("\\reels-1\\2\\disk.vhdx", "vhds/one.vhdx")
        );
        assert_eq!(file.kind, BlobKind::Page);
        assert_eq!(
            file.metadata.as_deref(),
            Some("\\reels-1.properties\\row-2-metadata.xml")
        );
        assert_eq!(
            file.properties.as_deref(),
            Some("\\reels-1.properties\\row-2-properties.xml")
        );
        mapping.content_md5 = true;
        let own = mapping.naming(&one("2/disk.vhdx", 1024), 0).expect("goes");
        assert_eq!(
            own.properties.as_deref(),
            Some("\\reels-1.properties\\00000000.xml")
        );
    }

    #[test]
    fn a_page_blob_asked_for_by_name_needs_whole_pages() {
        let mut mapping = source();
        mapping.targets[0].kind = Some(BlobKind::Page);
        assert!(mapping.naming(&one("a", 512), 0).is_ok());
        assert!(matches!(
            mapping.naming(&one("a", 513), 0),
            Err(Rule::PageBlob(_))
        ));
    }
}
