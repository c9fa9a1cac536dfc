//! What goes onto the volume, before any of it has a place.

use thiserror::Error;

use crate::FileTime;
use crate::name::{self, NameProblem};

/// A folder or file of a [`Tree`]: 0 is the root folder, the others count up in the order they were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(pub u32);

/// Folders and files by name, size and time.
#[derive(Clone, Debug)]
pub struct Tree {}

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
        #[source]
        problem: NameProblem,
    },
    /// The root folder has such a file on every volume.
    #[error("{name:?} is a system file's name in the root folder")]
    SystemName {
        /// The name.
        name: String,
    },
    /// The parent is a file or was never added.
    #[error("parent {parent} of {name:?} is not a folder")]
    NotAFolder {
        /// The parent's number.
        parent: u32,
        /// The name.
        name: String,
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
        todo!()
    }
    /// Adds a folder.
    ///
    /// # Errors
    /// [`TreeError`]; the tree is unchanged.
    pub fn add_folder(
        &mut self,
        parent: Node,
        name: &str,
        modified: FileTime,
    ) -> Result<Node, TreeError> {
        let _ = (parent, name::check(name), modified);
        todo!()
    }
    /// Adds a file of `bytes` bytes.
    ///
    /// # Errors
    /// [`TreeError`]; the tree is unchanged.
    pub fn add_file(
        &mut self,
        parent: Node,
        name: &str,
        bytes: u64,
        modified: FileTime,
    ) -> Result<Node, TreeError> {
        let _ = (parent, name, bytes, modified);
        todo!()
    }
    /// Returns how many nodes there are, the root included.
    #[must_use]
    pub fn node_count(&self) -> u32 {
        todo!()
    }
    /// Returns whether the node is a folder.
    #[must_use]
    pub fn is_folder(&self, _node: Node) -> bool {
        todo!()
    }
    /// Returns a file's bytes; 0 for a folder.
    #[must_use]
    pub fn bytes(&self, _node: Node) -> u64 {
        todo!()
    }
    /// Returns the folder that holds the node; the root for the root.
    #[must_use]
    pub fn parent(&self, _node: Node) -> Node {
        todo!()
    }
    /// Returns the node's name; empty for the root.
    #[must_use]
    pub fn name(&self, _node: Node) -> String {
        todo!()
    }
    /// Returns the node's time.
    #[must_use]
    pub fn modified(&self, _node: Node) -> FileTime {
        todo!()
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}
