//! The whole tree.

use disk::ReadAt;

use super::bit_set::BitSet;
use super::index_tree::Cursor;
use super::stored::bytes_of;
use super::{Entry, Volume, VolumeError};

/// Iterator of [`Volume::walk`]. Memory: one index node for each level of each folder on the path, and a bit for each
/// folder that it went through.
#[derive(Debug)]
pub struct Walk<'a, R> {
    volume: &'a Volume<R>,
    /// From the root to where the walk is.
    folders: Vec<Open>,
    /// `\a\b`, of the innermost folder.
    path: String,
    /// Records of the folders gone through: none may come twice, or a crafted tree would never end.
    seen: BitSet,
    /// Index blocks that honest folders may still have.
    blocks_left: u64,
    state: State,
}

/// A folder that the walk is in.
#[derive(Debug)]
struct Open {
    cursor: Cursor,
    /// Bytes of the path without this folder's name.
    path_before: usize,
    /// Bytes of memory that the folders further out hold.
    held_before: usize,
    /// Index blocks that were counted.
    counted: u64,
}

#[derive(Debug, PartialEq)]
enum State {
    New,
    /// The folder that was returned last and is to be gone into.
    Enter(Entry),
    Inside,
}

impl<'a, R: ReadAt> Walk<'a, R> {
    pub(super) fn new(volume: &'a Volume<R>) -> Self {
        Self {
            volume,
            folders: Vec::new(),
            path: String::new(),
            seen: BitSet::default(),
            blocks_left: volume.disk().bytes() / INDEX_BLOCK_BYTES_MIN,
            state: State::New,
        }
    }

    fn enter_root(&mut self) -> Result<(), VolumeError> {
        let root = self.volume.root()?;
        self.seen.insert(root.record);
        let cursor = self.volume.cursor(root)?;
        self.folders.push(Open {
            cursor,
            path_before: 0,
            held_before: 0,
            counted: 0,
        });
        Ok(())
    }

    fn enter(&mut self, folder: &Entry) -> Result<(), VolumeError> {
        let id = folder.id;
        let path = format!("{}\\{}", self.path, folder.name);
        if !self.seen.insert(id.record) {
            return Err(VolumeError::FolderTwice { path, id });
        }
        let held_before = self.folders.last().map_or(0, |outer| {
            outer.held_before.saturating_add(outer.cursor.held_bytes())
        });
        if bytes_of(path.len()) > PATH_BYTES_MAX || held_before > HELD_BYTES_MAX {
            return Err(VolumeError::TooDeep { id });
        }
        let cursor = self.volume.cursor(id)?;
        let path_before = std::mem::replace(&mut self.path, path).len();
        self.folders.push(Open {
            cursor,
            path_before,
            held_before,
            counted: 0,
        });
        Ok(())
    }

    fn leave(&mut self) {
        if let Some(folder) = self.folders.pop() {
            self.path.truncate(folder.path_before);
        }
    }

    fn step(&mut self) -> Option<Result<(String, Entry), VolumeError>> {
        loop {
            let folder = self.folders.last_mut()?;
            let next = self.volume.next_entry(&mut folder.cursor);
            let blocks = folder.cursor.blocks_read();
            let new_blocks = blocks.saturating_sub(std::mem::replace(&mut folder.counted, blocks));
            if new_blocks > self.blocks_left {
                self.folders.clear();
                return Some(Err(VolumeError::TooManyBlocks));
            }
            self.blocks_left = self.blocks_left.saturating_sub(new_blocks);
            match next {
                Ok(Some(entry)) if entry.id.is_system() => {}
                Ok(Some(entry)) => {
                    let path = format!("{}\\{}", self.path, entry.name);
                    if entry.is_folder && entry.reparse.is_none() {
                        self.state = State::Enter(entry.clone());
                    }
                    return Some(Ok((path, entry)));
                }
                Ok(None) => self.leave(),
                Err(error) => {
                    self.leave();
                    return Some(Err(error));
                }
            }
        }
    }
}

impl<R: ReadAt> Iterator for Walk<'_, R> {
    type Item = Result<(String, Entry), VolumeError>;
    fn next(&mut self) -> Option<Self::Item> {
        let entered = match std::mem::replace(&mut self.state, State::Inside) {
            State::New => self.enter_root(),
            State::Enter(folder) => self.enter(&folder),
            State::Inside => Ok(()),
        };
        match entered {
            Ok(()) => self.step(),
            Err(error) => Some(Err(error)),
        }
    }
}

/// Windows' longest path has 32,767 UTF-16 units, which are at most three bytes each here. It also bounds how many
/// folders are open at once.
const PATH_BYTES_MAX: u64 = 3 * 32_767;
/// Blocks of an index are not smaller: a disk holds so many, and a walk that reads more goes in circles.
const INDEX_BLOCK_BYTES_MIN: u64 = 512;
/// An honest path needs a few kilobytes for each folder on it, and the longest has 16,383 folders.
const HELD_BYTES_MAX: usize = 256 << 20;
