//! What goes onto the volume, before any of it has a place.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "indices and lengths of our own arrays; their bounds are checked where nodes are added"
)]

use thiserror::Error;

use crate::FileTime;
use crate::name::{self, NameProblem};

/// A folder or file of a [`Tree`]: 0 is the root folder, the others count up in the order they were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(pub u32);

/// Folders and files by name, size and time, in the order in which their data will lie on the volume.
///
/// Kept in a few long arrays: 24 bytes a node and 2 a UTF-16 unit of its name, nothing on the heap of its own.
#[derive(Clone, Debug)]
pub struct Tree {
    /// All names, one after the other.
    units: Vec<u16>,
    /// Where each node's name ends in `units`; it starts where the one before ends.
    name_ends: Vec<u32>,
    parents: Vec<u32>,
    /// A file's bytes, or [`FOLDER`] and the folder's ordinal.
    sizes: Vec<u64>,
    modified: Vec<FileTime>,
    folders: u32,
}

/// A node that cannot be added.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeError {
    /// Windows could not use the name.
    #[error("{name:?}: {problem}")]
    Name {
        /// The name.
        name: String,
        /// The rule that it breaks.
        problem: NameProblem,
    },
    /// The root folder has such a file on every volume.
    #[error("{name:?} is a system file's name in the root folder")]
    SystemName {
        /// The name.
        name: String,
    },
    /// The parent is a file or was never added.
    #[error("node {parent}, the parent of {name:?}, is not a folder")]
    NotAFolder {
        /// The parent's number.
        parent: u32,
        /// The name.
        name: String,
    },
    /// More than 2^63 - 1 bytes.
    #[error("{name:?} has {bytes} bytes; no file is that long")]
    TooLong {
        /// The name.
        name: String,
        /// The size.
        bytes: u64,
    },
    /// More nodes, or more characters in names, than a volume can have.
    #[error("more than {nodes} files and folders on one volume")]
    TooMany {
        /// Nodes that the tree holds.
        nodes: u32,
    },
}

impl Tree {
    /// The root folder.
    pub const ROOT: Node = Node(0);

    /// Returns a tree of nothing but its root folder.
    #[must_use]
    pub fn new() -> Self {
        Self {
            units: Vec::new(),
            name_ends: vec![0],
            parents: vec![0],
            sizes: vec![FOLDER],
            modified: vec![FileTime(0)],
            folders: 1,
        }
    }

    /// Adds a folder.
    ///
    /// # Errors
    /// [`TreeError`]; the tree is then unchanged.
    pub fn add_folder(
        &mut self,
        parent: Node,
        name: &str,
        modified: FileTime,
    ) -> Result<Node, TreeError> {
        let size = FOLDER | u64::from(self.folders);
        let node = self.add(parent, name, size, modified)?;
        self.folders += 1;
        Ok(node)
    }

    /// Adds a file of `bytes` bytes.
    ///
    /// # Errors
    /// [`TreeError`]; the tree is then unchanged.
    pub fn add_file(
        &mut self,
        parent: Node,
        name: &str,
        bytes: u64,
        modified: FileTime,
    ) -> Result<Node, TreeError> {
        if bytes >= FOLDER {
            let name = name.to_owned();
            return Err(TreeError::TooLong { name, bytes });
        }
        self.add(parent, name, bytes, modified)
    }

    fn add(
        &mut self,
        parent: Node,
        name: &str,
        size: u64,
        modified: FileTime,
    ) -> Result<Node, TreeError> {
        let named = || name.to_owned();
        name::check(name).map_err(|problem| TreeError::Name {
            name: named(),
            problem,
        })?;
        if parent == Self::ROOT && name::is_system(name) {
            return Err(TreeError::SystemName { name: named() });
        }
        if parent.0 >= self.node_count() || !self.is_folder(parent) {
            let parent = parent.0;
            return Err(TreeError::NotAFolder {
                parent,
                name: named(),
            });
        }
        let node = self.node_count();
        let before = self.units.len();
        let ends = u32::try_from(before + name.encode_utf16().count());
        let (Ok(ends), true) = (ends, node < NODES_MAX) else {
            return Err(TreeError::TooMany { nodes: node });
        };
        self.units.extend(name.encode_utf16());
        self.name_ends.push(ends);
        self.parents.push(parent.0);
        self.sizes.push(size);
        self.modified.push(modified);
        Ok(Node(node))
    }

    /// Returns how many nodes there are, the root included.
    #[must_use]
    pub fn node_count(&self) -> u32 {
        u32::try_from(self.parents.len()).expect("no more than NODES_MAX are ever added")
    }

    /// Returns whether the node is a folder.
    #[must_use]
    pub fn is_folder(&self, node: Node) -> bool {
        self.sizes[at(node)] & FOLDER != 0
    }

    /// Returns a file's bytes; 0 for a folder.
    #[must_use]
    pub fn bytes(&self, node: Node) -> u64 {
        let size = self.sizes[at(node)];
        if size & FOLDER == 0 { size } else { 0 }
    }

    /// Returns the folder that holds the node; the root for the root.
    #[must_use]
    pub fn parent(&self, node: Node) -> Node {
        Node(self.parents[at(node)])
    }

    /// Returns the node's name; empty for the root.
    #[must_use]
    pub fn name(&self, node: Node) -> String {
        String::from_utf16(self.units(node)).expect("every name was a str")
    }

    /// Returns the node's time; 0 for the root.
    #[must_use]
    pub fn modified(&self, node: Node) -> FileTime {
        self.modified[at(node)]
    }

    /// Returns the node's name as UTF-16 units.
    pub(crate) fn units(&self, node: Node) -> &[u16] {
        let node = at(node);
        let start = match node.checked_sub(1) {
            Some(before) => self.name_ends[before],
            None => 0,
        };
        &self.units[position(start)..position(self.name_ends[node])]
    }

    /// Returns how many folders there are, the root included.
    pub(crate) const fn folder_count(&self) -> u32 {
        self.folders
    }

    /// Returns which folder the node is, counted in the order of adding (0 is the root); `None` for a file.
    pub(crate) fn folder_ordinal(&self, node: Node) -> Option<u32> {
        let size = self.sizes[at(node)];
        (size & FOLDER != 0)
            .then(|| u32::try_from(size & !FOLDER).expect("an ordinal is a u32 under the mark"))
    }

    /// Gives back memory that was kept for nodes to come.
    pub(crate) fn shrink(&mut self) {
        self.units.shrink_to_fit();
        self.name_ends.shrink_to_fit();
        self.parents.shrink_to_fit();
        self.sizes.shrink_to_fit();
        self.modified.shrink_to_fit();
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

/// Marks the size of a node that is a folder.
const FOLDER: u64 = 1 << 63;
/// Record numbers have 32 bits in a FILE record, and the system's records need some.
const NODES_MAX: u32 = u32::MAX - 4096;

fn at(node: Node) -> usize {
    position(node.0)
}

fn position(number: u32) -> usize {
    usize::try_from(number).expect("a u32 indexes memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: FileTime = FileTime(0);

    #[test]
    fn a_tree_tells_what_was_added() {
        let mut tree = Tree::new();
        let folder = tree.add_folder(Tree::ROOT, "photos", FileTime(7)).unwrap();
        let file = tree.add_file(folder, "\u{1f980}", 5, FileTime(8)).unwrap();
        assert_eq!((folder, file, tree.node_count()), (Node(1), Node(2), 3));
        assert!(tree.is_folder(folder) && !tree.is_folder(file));
        assert_eq!((tree.bytes(folder), tree.bytes(file)), (0, 5));
        assert_eq!(tree.parent(file), folder);
        assert_eq!(
            (tree.name(folder), tree.name(file)),
            ("photos".into(), "\u{1f980}".into())
        );
        assert_eq!(tree.modified(file), FileTime(8));
        assert_eq!(tree.folder_ordinal(folder), Some(1));
    }

    #[test]
    fn what_cannot_be_added_is_refused_and_changes_nothing() {
        let mut tree = Tree::new();
        let file = tree.add_file(Tree::ROOT, "a", 1, NEVER).unwrap();
        let system = tree.add_folder(Tree::ROOT, "system volume INFORMATION", NEVER);
        assert!(matches!(system, Err(TreeError::SystemName { .. })));
        let below_file = tree.add_file(file, "b", 1, NEVER);
        assert!(matches!(
            below_file,
            Err(TreeError::NotAFolder { parent: 1, .. })
        ));
        let below_nothing = tree.add_file(Node(9), "b", 1, NEVER);
        assert!(matches!(below_nothing, Err(TreeError::NotAFolder { .. })));
        assert!(matches!(
            tree.add_file(Tree::ROOT, "nul", 1, NEVER),
            Err(TreeError::Name { .. })
        ));
        assert!(matches!(
            tree.add_file(Tree::ROOT, "b", u64::MAX, NEVER),
            Err(TreeError::TooLong { .. })
        ));
        assert_eq!(tree.node_count(), 2);
    }

    #[test]
    fn system_names_are_free_below_the_root() {
        let mut tree = Tree::new();
        let folder = tree.add_folder(Tree::ROOT, "a", NEVER).unwrap();
        assert!(tree.add_file(folder, "$MFT", 1, NEVER).is_ok());
        assert!(tree.add_file(Tree::ROOT, "$mft", 1, NEVER).is_err());
    }
}
