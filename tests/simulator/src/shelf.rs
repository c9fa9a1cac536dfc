//! A journal's disk in memory, which forgets what was not synced when the power goes.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agent::shelf::{Growing, Shelf, Taken};

use crate::mutation::Mutation;
use crate::rng::Rng;
use crate::schedule::FaultKind;
use crate::world::{Act, World};

/// A folder in memory.
#[derive(Clone, Debug)]
pub(crate) struct MemShelf {
    path: PathBuf,
    files: Arc<Mutex<BTreeMap<String, File>>>,
    world: World,
    mutation: Mutation,
}

#[derive(Clone, Debug, Default)]
struct File {
    now: Vec<u8>,
    /// A sync that the mutation puts off until there is more to sync.
    owed_sync: bool,
    /// As many of its bytes survive a power cut.
    synced: usize,
}

impl MemShelf {
    pub(crate) fn new(name: &str, world: &World, mutation: Mutation) -> Self {
        Self {
            path: PathBuf::from(name),
            files: Arc::default(),
            world: world.clone(),
            mutation,
        }
    }

    /// The power went: of what was not synced some beginning is there, or sectors of zeros.
    pub(crate) fn crash(&self, rng: &mut Rng) {
        for file in self.lock().values_mut() {
            let tail = file.now.len().saturating_sub(file.synced);
            let kept =
                usize::try_from(rng.below(u64::try_from(tail).unwrap_or(0).saturating_add(1)));
            let kept = file.synced.saturating_add(kept.unwrap_or(0));
            if kept < file.now.len() && rng.once_in(4) {
                // File systems that grow a file before its bytes arrive leave zeros.
                let border = kept.next_multiple_of(512).min(file.now.len());
                file.now.truncate(border.max(file.synced));
                let from = kept.min(file.now.len());
                let from = if from % 512 == 0 {
                    from
                } else {
                    file.now.len()
                };
                file.now[from..].fill(0);
            } else {
                file.now.truncate(kept);
            }
            file.synced = file.now.len();
            file.owed_sync = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, File>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn growing(&self, name: &str) -> Box<dyn Growing> {
        Box::new(Open {
            shelf: self.clone(),
            name: name.to_owned(),
        })
    }

    fn act(&self, act: Act) -> io::Result<()> {
        match self.world.act(act) {
            Some(FaultKind::Crash) => Err(dark()),
            Some(FaultKind::DiskFull) => Err(io::ErrorKind::StorageFull.into()),
            Some(FaultKind::SyncFails) => Err(io::Error::other("input/output error")),
            _ => Ok(()),
        }
    }
}

/// Returns whether a record of changes is in some text.
fn is_redo(text: &[u8]) -> bool {
    text.windows(REDO.len()).any(|part| part == REDO)
}

/// What the record of changes is called in a journal.
const REDO: &[u8] = b"ArgosyRedo";

fn dark() -> io::Error {
    io::Error::other("the power is gone")
}

impl Shelf for MemShelf {
    fn path(&self) -> &Path {
        &self.path
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Growing>> {
        self.act(Act::Append)?;
        let mut files = self.lock();
        if files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        files.insert(name.to_owned(), File::default());
        drop(files);
        Ok(self.growing(name))
    }

    fn reopen(&self, name: &str, bytes: u64) -> io::Result<Box<dyn Growing>> {
        self.act(Act::Append)?;
        let mut files = self.lock();
        let file = files.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        if file.now.len() < bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.now.truncate(bytes);
        file.synced = bytes;
        drop(files);
        Ok(self.growing(name))
    }

    fn read_at(&self, name: &str, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let files = self.lock();
        let file = files.get(name).ok_or(io::ErrorKind::NotFound)?;
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let rest = file.now.get(at..).unwrap_or(&[]);
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let files = self.lock();
        let file = files.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(file.now.clone())
    }

    fn take(&self, _name: &str) -> io::Result<Option<Box<dyn Taken>>> {
        Ok(None)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.act(Act::Append)?;
        self.lock().remove(name);
        Ok(())
    }
}

#[derive(Debug)]
struct Open {
    shelf: MemShelf,
    name: String,
}

impl Growing for Open {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fault = self.shelf.act(Act::Append);
        let mut files = self.shelf.lock();
        let file = files.get_mut(&self.name).ok_or(io::ErrorKind::NotFound)?;
        // Not any more once the power is gone.
        if fault.is_ok() && std::mem::take(&mut file.owed_sync) {
            file.synced = file.now.len();
        }
        let taken = match fault {
            Ok(()) => bytes.len(),
            Err(_) => {
                let world = &self.shelf.world;
                let length = u64::try_from(bytes.len()).unwrap_or(0);
                usize::try_from(world.draw(|rng| rng.below(length))).unwrap_or(0)
            }
        };
        file.now.extend_from_slice(&bytes[..taken]);
        if is_redo(bytes) {
            self.shelf.world.changes();
        }
        fault
    }

    fn sync(&mut self) -> io::Result<()> {
        self.shelf.act(Act::Sync)?;
        if let Some(file) = self.shelf.lock().get_mut(&self.name) {
            if self.shelf.mutation == Mutation::RedoBeforeRecord
                && !file.owed_sync
                && is_redo(&file.now[file.synced..])
            {
                file.owed_sync = true;
                return Ok(());
            }
            file.synced = file.now.len();
        }
        Ok(())
    }
}
