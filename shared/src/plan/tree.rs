//! The files of one drive as an NTFS tree.

use ntfs_image::{FileTime, Node, Tree, TreeError};
use thiserror::Error;

use super::Rule;
use super::export::{METADATA_SUFFIX, PROPERTIES_SUFFIX};
use super::listing::{FolderId, Listing, index};
use super::mapping::{self, Mapping, PROPERTIES_BYTES};
use crate::job::Moment;
use crate::{manifest, mhl};

/// Where the content of a node comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeSource {
    /// A file or folder of the listing.
    Entry(u32),
    /// A folder that the listing does not name.
    Implied,
    /// The properties file of an entry's blob: [`PROPERTIES_BYTES`] long, known once the entry's
    /// file is hashed.
    Properties(u32),
    /// The properties file of an exported blob, which is known beforehand.
    BlobProperties(u32),
    /// The metadata file of an exported blob, which is known beforehand.
    BlobMetadata(u32),
    /// The metadata file of target `n` of the mapping (from 0).
    TargetMetadata(u32),
    /// The properties file of target `n` of the mapping (from 0).
    TargetProperties(u32),
    /// The ASC MHL of the drive, known once everything is hashed.
    HashList,
    /// Its chain.
    HashListChain,
    /// `\DriveManifest.xml`, known once everything else is.
    Manifest,
}

/// Name of the manifest, in the root, but for an export ([`Mapping::manifest_name`]).
pub const MANIFEST_NAME: &str = "DriveManifest.xml";

/// A manifest is planned at least this long: what fits into an MFT record would have to be known
/// when the records are written, long before the last hash.
pub(super) const MANIFEST_BYTES_MIN: u64 = 4096;

/// A tree, and which node is what.
#[derive(Clone, Debug)]
pub struct DriveTree {
    /// What the layout is made from.
    pub tree: Tree,
    /// Which node is what.
    pub nodes: NodeMap,
}

/// Which node of a tree is what. Four bytes a node and eight an entry.
#[derive(Clone, Debug)]
pub struct NodeMap {
    /// `\DriveManifest.xml`, or `\<serial>.manifest` of an export: the last node.
    pub manifest: Node,
    /// Its planned length.
    pub manifest_bytes: u64,
    /// The ASC MHL and its chain, where one is wanted.
    pub hash_list: Option<HashListNodes>,
    /// Files that become blobs.
    pub files: u32,
    /// By node: the entry, or a mark of the top bits.
    codes: Vec<u32>,
    /// Entries on the drive, ascending, and the node of each.
    entries: Vec<(u32, Node)>,
}

/// Where the ASC MHL of a drive is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashListNodes {
    /// The list.
    pub list: Node,
    /// Its name.
    pub name: String,
    /// The chain that names it.
    pub chain: Node,
}

/// Files that cannot be one tree.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DriveTreeError {
    /// A name that a plan would have left out.
    #[error("{path}: {cause}")]
    Name {
        /// The path in the listing.
        path: String,
        /// What is wrong.
        cause: Rule,
    },
    /// A node that NTFS cannot hold.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// More entries than the node map can number.
    #[error("entry {entry} is beyond the {most} that one job can have")]
    TooMany {
        /// The entry.
        entry: u32,
        /// The most.
        most: u32,
    },
}

/// The top bits of a code say what of an entry the node is.
const OF_ENTRY: u32 = 3 << 30;
const PROPERTIES: u32 = 2 << 30;
const BLOB_PROPERTIES: u32 = 1 << 30;
const BLOB_METADATA: u32 = 3 << 30;
/// Entries from here on cannot be told from marks.
const ENTRIES_MAX: u32 = BLOB_PROPERTIES - (1 << 20);
const IMPLIED: u32 = ENTRIES_MAX;
const MANIFEST: u32 = ENTRIES_MAX + 1;
const TARGET_METADATA: u32 = ENTRIES_MAX + 2;
const TARGET_PROPERTIES: u32 = ENTRIES_MAX + (1 << 19);
const TARGETS_MAX: u32 = 1 << 18;
/// The last two marks before those of the top bits.
const HASH_LIST: u32 = BLOB_PROPERTIES - 2;
const HASH_LIST_CHAIN: u32 = BLOB_PROPERTIES - 1;
const NO_NODE: u32 = u32::MAX;

impl DriveTree {
    /// Builds the tree of `entries` (ascending) of `listing`: `\<session>\...` in listing order,
    /// the manifest last. `serial` is the manifest's drive id; what no source dates gets the time
    /// `started`. `manifest_before` is the length of a manifest of earlier sessions that this one
    /// repeats.
    ///
    /// # Errors
    /// [`DriveTreeError`] for names that [`super::problems()`] leaves out.
    pub fn new(
        listing: &Listing,
        entries: &[u32],
        mapping: &Mapping,
        serial: &str,
        started: FileTime,
        manifest_before: u64,
    ) -> Result<Self, DriveTreeError> {
        let mut builder = Builder::new(listing, mapping, started, entries.len())?;
        let frame = manifest::planned_frame_bytes(serial, mapping.session.as_str());
        let mut manifest_bytes = manifest_before.saturating_add(frame);
        for number in entries.iter().copied() {
            if number >= ENTRIES_MAX {
                let most = ENTRIES_MAX;
                return Err(DriveTreeError::TooMany {
                    entry: number,
                    most,
                });
            }
            manifest_bytes = manifest_bytes.saturating_add(builder.add(number)?);
        }
        let day = Moment::of_file_time(started).unwrap_or(Moment(0));
        if let Some(head) = mapping.hash_list_head(day) {
            builder.add_hash_list(&head, mhl::list_name(serial, day))?;
        }
        let name = mapping.manifest_name(serial);
        builder.finish(&name, manifest_bytes.max(MANIFEST_BYTES_MIN))
    }
}

impl NodeMap {
    /// Returns where a node's content comes from.
    #[must_use]
    pub fn source_of(&self, node: Node) -> NodeSource {
        match self.codes.get(index(node.0)).copied().unwrap_or(IMPLIED) {
            IMPLIED => NodeSource::Implied,
            MANIFEST => NodeSource::Manifest,
            HASH_LIST => NodeSource::HashList,
            HASH_LIST_CHAIN => NodeSource::HashListChain,
            code if code & OF_ENTRY == PROPERTIES => NodeSource::Properties(code & !OF_ENTRY),
            code if code & OF_ENTRY == BLOB_PROPERTIES => {
                NodeSource::BlobProperties(code & !OF_ENTRY)
            }
            code if code & OF_ENTRY == BLOB_METADATA => NodeSource::BlobMetadata(code & !OF_ENTRY),
            code if code >= TARGET_PROPERTIES => {
                NodeSource::TargetProperties(code.saturating_sub(TARGET_PROPERTIES))
            }
            code if code >= TARGET_METADATA => {
                NodeSource::TargetMetadata(code.saturating_sub(TARGET_METADATA))
            }
            code => NodeSource::Entry(code),
        }
    }

    /// Returns the node of a listing entry; `None` when the entry is not on this drive.
    #[must_use]
    pub fn node_of(&self, entry: u32) -> Option<Node> {
        let place = self
            .entries
            .binary_search_by_key(&entry, |(entry, _)| *entry)
            .ok()?;
        self.entries.get(place).map(|(_, node)| *node)
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

struct Builder<'a> {
    listing: &'a Listing,
    mapping: &'a Mapping,
    started: FileTime,
    tree: Tree,
    codes: Vec<u32>,
    entries: Vec<(u32, Node)>,
    files: u32,
    /// Bytes of the files' lines in the hash list.
    listed_bytes: u64,
    hash_list: Option<HashListNodes>,
    /// Node of every folder of the listing that is on this drive.
    folders: Vec<u32>,
    /// The folder of properties and metadata files, once there is one.
    attached: Option<Node>,
    /// Targets whose files are on this drive already.
    targets: Vec<bool>,
}

impl<'a> Builder<'a> {
    fn new(
        listing: &'a Listing,
        mapping: &'a Mapping,
        started: FileTime,
        entries: usize,
    ) -> Result<Self, DriveTreeError> {
        let mut builder = Self {
            listing,
            mapping,
            started,
            tree: Tree::new(),
            codes: vec![IMPLIED],
            entries: Vec::with_capacity(entries),
            files: 0,
            listed_bytes: 0,
            hash_list: None,
            folders: vec![NO_NODE; index(listing.folder_count())],
            attached: None,
            targets: vec![false; mapping.targets.len()],
        };
        let top = match mapping.top_folder() {
            Some(name) => builder.add_folder(Tree::ROOT, name, started, IMPLIED)?,
            None => Tree::ROOT,
        };
        builder.folders[0] = top.0;
        Ok(builder)
    }

    /// Adds an entry and returns the bytes of its lines in the manifest.
    fn add(&mut self, number: u32) -> Result<u64, DriveTreeError> {
        let entry = self.listing.entry(number);
        if let Some(folder) = self.listing.folder_of(number) {
            let node = self.folder(folder)?;
            self.entries.push((number, node));
            return Ok(0);
        }
        let wrong = |cause| DriveTreeError::Name {
            path: entry.path.to_string(),
            cause,
        };
        let naming = self.mapping.naming(self.listing, number).map_err(wrong)?;
        let target = self
            .mapping
            .target_number(self.listing, number)
            .map_err(wrong)?;
        if self.mapping.export.is_none() {
            self.add_target(target)?;
        }
        let parent = self.folder(entry.folder)?;
        let name = self.mapping.name(entry.path);
        let node = self.add_file(parent, name, entry.bytes, entry.modified, number)?;
        self.entries.push((number, node));
        self.files = self.files.saturating_add(1);
        if let Some(blob) = self
            .mapping
            .export
            .as_ref()
            .and_then(|all| all.blob(number))
        {
            let modified = entry.modified;
            let mut beside = |suffix: &str, content: &[u8], code: u32| {
                let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
                let name = format!("{name}{suffix}");
                self.add_file(parent, &name, bytes, modified, number | code)
            };
            let properties = blob.properties_file(entry.bytes);
            beside(PROPERTIES_SUFFIX, &properties, BLOB_PROPERTIES)?;
            if let Some(metadata) = blob.metadata_file() {
                beside(METADATA_SUFFIX, &metadata, BLOB_METADATA)?;
            }
        }
        if self.mapping.content_md5 {
            let folder = self.attached()?;
            let name = mapping::properties_name(number);
            self.add_file(
                folder,
                &name,
                PROPERTIES_BYTES,
                self.started,
                number | PROPERTIES,
            )?;
        }
        let listed = self.mapping.listed_bytes(&naming.path, entry.bytes);
        self.listed_bytes = self.listed_bytes.saturating_add(listed);
        Ok(manifest::planned_file_bytes(&naming.planned(entry.bytes)))
    }

    /// Adds the hash list and its chain, as long as they can get.
    fn add_hash_list(&mut self, head: &str, name: String) -> Result<(), DriveTreeError> {
        let frame = [head, mhl::MIDDLE, mhl::TAIL].into_iter().map(length);
        let bytes = frame
            .fold(self.listed_bytes, u64::saturating_add)
            .max(MANIFEST_BYTES_MIN);
        let folder = self.add_folder(Tree::ROOT, mhl::FOLDER, self.started, IMPLIED)?;
        let list = self.add_file(folder, &name, bytes, self.started, HASH_LIST)?;
        let chain = self.add_file(
            folder,
            mhl::CHAIN_NAME,
            mhl::CHAIN_BYTES,
            self.started,
            HASH_LIST_CHAIN,
        )?;
        self.hash_list = Some(HashListNodes { list, name, chain });
        Ok(())
    }

    /// Adds the metadata and properties files of a target when its first file comes.
    fn add_target(&mut self, number: u32) -> Result<(), DriveTreeError> {
        let Some(seen) = self.targets.get_mut(index(number)) else {
            return Ok(());
        };
        if std::mem::replace(seen, true) {
            return Ok(());
        }
        if number >= TARGETS_MAX {
            let most = TARGETS_MAX;
            return Err(DriveTreeError::TooMany {
                entry: number,
                most,
            });
        }
        let mapping = self.mapping;
        let target = &mapping.targets[index(number)];
        if let Some(bytes) = target.metadata_bytes {
            let folder = self.attached()?;
            let name = mapping::target_metadata_name(number);
            self.add_file(
                folder,
                &name,
                bytes,
                self.started,
                TARGET_METADATA.saturating_add(number),
            )?;
        }
        if let Some(bytes) = target.properties_bytes.filter(|_| !mapping.content_md5) {
            let folder = self.attached()?;
            let name = mapping::target_properties_name(number);
            self.add_file(
                folder,
                &name,
                bytes,
                self.started,
                TARGET_PROPERTIES.saturating_add(number),
            )?;
        }
        Ok(())
    }

    fn attached(&mut self) -> Result<Node, DriveTreeError> {
        if let Some(node) = self.attached {
            return Ok(node);
        }
        let name = self.mapping.attached_folder();
        let node = self.add_folder(Tree::ROOT, &name, self.started, IMPLIED)?;
        self.attached = Some(node);
        Ok(node)
    }

    /// Returns the node of a folder, adding it and its parents when new.
    fn folder(&mut self, id: FolderId) -> Result<Node, DriveTreeError> {
        let mut missing = Vec::new();
        let mut id = id;
        while self.folders[index(id.0)] == NO_NODE {
            missing.push(id);
            id = self.listing.folder(id).parent.unwrap_or(FolderId::TOP);
        }
        let mut node = Node(self.folders[index(id.0)]);
        for id in missing.into_iter().rev() {
            let folder = self.listing.folder(id);
            let modified = folder
                .entry
                .map_or(self.started, |entry| self.listing.entry(entry).modified);
            let code = folder.entry.unwrap_or(IMPLIED);
            node = self.add_folder(node, self.mapping.name(folder.listed()), modified, code)?;
            self.folders[index(id.0)] = node.0;
        }
        Ok(node)
    }

    fn add_folder(
        &mut self,
        parent: Node,
        name: &str,
        modified: FileTime,
        code: u32,
    ) -> Result<Node, DriveTreeError> {
        let node = self.tree.add_folder(parent, name, modified)?;
        self.codes.push(code);
        Ok(node)
    }

    fn add_file(
        &mut self,
        parent: Node,
        name: &str,
        bytes: u64,
        modified: FileTime,
        code: u32,
    ) -> Result<Node, DriveTreeError> {
        let node = self.tree.add_file(parent, name, bytes, modified)?;
        self.codes.push(code);
        Ok(node)
    }

    fn finish(mut self, name: &str, manifest_bytes: u64) -> Result<DriveTree, DriveTreeError> {
        let manifest = self.add_file(Tree::ROOT, name, manifest_bytes, self.started, MANIFEST)?;
        assert_eq!(
            u64::from(self.tree.node_count()),
            u64::try_from(self.codes.len()).unwrap_or(u64::MAX),
            "every node has a source"
        );
        let nodes = NodeMap {
            manifest,
            manifest_bytes,
            hash_list: self.hash_list,
            files: self.files,
            codes: self.codes,
            entries: self.entries,
        };
        Ok(DriveTree {
            tree: self.tree,
            nodes,
        })
    }
}
