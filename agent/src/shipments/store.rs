//! Shipments in an embedded database: an entry a row, added in one transaction that is durable when it ends.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use redb::backends::FileBackend;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use shared::ledger::{Entry, LedgerError, Merged, Refused, Shipment, merge};
use thiserror::Error;

use crate::job_error::JobError;

const FILE_NAME: &str = "ledger.redb";
/// Shipment and number of the entry, from 0, to the entry as JSON.
const ENTRIES: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("entries_1");
/// How long another command may have the ledger.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// The ledger, open. One process at a time has it; commands have it for moments.
pub struct Shipments {
    database: Database,
    path: PathBuf,
}

/// What became of a shipment that another site told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was not known here.
    New,
    /// So many entries were new.
    Newer(usize),
    /// What is here says as much, or more.
    Known,
}

/// Why the ledger could not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ShipmentsError {
    /// Another process has had it for too long.
    #[error("another argosy has the ledger open")]
    Busy,
    /// The file system or the database failed.
    #[error("the ledger cannot be used: {0}")]
    Failed(String),
    /// What is in it cannot be believed.
    #[error("the ledger is damaged: {0}")]
    Damaged(LedgerError),
    /// There is no such shipment.
    #[error("there is no shipment {0:?}")]
    Unknown(String),
    /// There is one of this name.
    #[error("there is a shipment {0:?} already")]
    Exists(String),
    /// The fact cannot follow those before it.
    #[error("shipment {name}: {why}")]
    Refused {
        /// The shipment.
        name: String,
        /// Why.
        why: Refused,
    },
    /// Two sites wrote different things down.
    #[error(
        "shipment {name}: from entry {number} on, the file and this ledger tell different stories"
    )]
    Diverged {
        /// The shipment.
        name: String,
        /// The entry, from 1.
        number: usize,
    },
}

impl ShipmentsError {
    /// Returns it in the four parts that a person needs; `path` is where the ledger is.
    #[must_use]
    pub fn in_words(&self, path: &Path) -> JobError {
        let (message, place) = (self.to_string(), path.display().to_string());
        let next = match self {
            Self::Refused { .. } | Self::Unknown(_) | Self::Exists(_) => {
                let mut refused = JobError::usage(message, "");
                refused.error.safe = "Nothing was written down.".to_owned();
                return refused;
            }
            Self::Diverged { .. } => {
                return JobError::refused(
                    message,
                    place,
                    "Agree on one of the two with the other site: look at both with `argosy jobs show`, and let one begin \
                 a shipment under another name.",
                );
            }
            Self::Busy => "Try again in a moment.",
            _ => {
                "The file of an earlier `argosy jobs export` can be taken over into a new --state-dir."
            }
        };
        let mut failed = JobError::io(
            message,
            place,
            "Drives and journals were not touched. Nothing was written down.",
        );
        failed.error.next = next.to_owned();
        failed
    }
}

/// Everything that a database can say is one failure to a person.
fn failed(error: impl Into<redb::Error>) -> ShipmentsError {
    ShipmentsError::Failed(error.into().to_string())
}

impl Shipments {
    /// Opens the ledger of a state folder, making both where they are not there. Waits for another command.
    ///
    /// # Errors
    /// [`ShipmentsError::Busy`] after ten seconds, [`ShipmentsError::Failed`].
    pub fn open(state_dir: &Path) -> Result<Self, ShipmentsError> {
        let path = state_dir.join(FILE_NAME);
        crate::control::private_folder(state_dir)
            .map_err(|error| ShipmentsError::Failed(error.to_string()))?;
        let begun = Instant::now();
        loop {
            match database(&path) {
                Err(DatabaseError::DatabaseAlreadyOpen) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(PAUSE);
                }
                Err(DatabaseError::DatabaseAlreadyOpen) => return Err(ShipmentsError::Busy),
                Err(error) => return Err(failed(error)),
                Ok(database) => return Ok(Self { database, path }),
            }
        }
    }

    /// Returns where the ledger is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns every shipment, by name.
    ///
    /// # Errors
    /// [`ShipmentsError`].
    pub fn all(&self) -> Result<Vec<Shipment>, ShipmentsError> {
        let reading = self.database.begin_read().map_err(failed)?;
        let table = match reading.open_table(ENTRIES) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut told: Vec<(String, Vec<Entry>)> = Vec::new();
        for row in table.iter().map_err(failed)? {
            let (key, value) = row.map_err(failed)?;
            let name = key.value().0;
            let entry = read(value.value())?;
            match told.last_mut() {
                Some((last, entries)) if last == name => entries.push(entry),
                _ => told.push((name.to_owned(), vec![entry])),
            }
        }
        let fold = |(name, entries): (String, Vec<Entry>)| Shipment::replay(&name, entries);
        let shipments = told.into_iter().map(fold);
        shipments
            .collect::<Result<_, _>>()
            .map_err(ShipmentsError::Damaged)
    }

    /// Returns one shipment.
    ///
    /// # Errors
    /// [`ShipmentsError::Unknown`], and every other.
    pub fn get(&self, name: &str) -> Result<Shipment, ShipmentsError> {
        let reading = self.database.begin_read().map_err(failed)?;
        match reading.open_table(ENTRIES) {
            Ok(table) => one(&table, name),
            Err(redb::TableError::TableDoesNotExist(_)) => {
                Err(ShipmentsError::Unknown(name.to_owned()))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Opens a shipment and writes its first facts down, all or none.
    ///
    /// # Errors
    /// [`ShipmentsError::Exists`], [`ShipmentsError::Refused`], and every other.
    pub fn begin(&self, name: &str, entries: Vec<Entry>) -> Result<Shipment, ShipmentsError> {
        let writing = self.database.begin_write().map_err(failed)?;
        let shipment = Shipment::replay(name, entries).map_err(|error| {
            let (name, why) = (error.name, error.why);
            ShipmentsError::Refused { name, why }
        })?;
        {
            let mut table = writing.open_table(ENTRIES).map_err(failed)?;
            if table.get((name, 0)).map_err(failed)?.is_some() {
                return Err(ShipmentsError::Exists(name.to_owned()));
            }
            put(&mut table, name, 0, &shipment.entries)?;
        }
        writing.commit().map_err(failed)?;
        Ok(shipment)
    }

    /// Writes facts down, all or none, and returns the shipment as it is then.
    ///
    /// # Errors
    /// [`ShipmentsError::Unknown`], [`ShipmentsError::Refused`], and every other.
    pub fn add(&self, name: &str, entries: Vec<Entry>) -> Result<Shipment, ShipmentsError> {
        let writing = self.database.begin_write().map_err(failed)?;
        let shipment = {
            let mut table = writing.open_table(ENTRIES).map_err(failed)?;
            let mut shipment = one(&table, name)?;
            let before = shipment.entries.len();
            for entry in entries {
                let refused = |why| ShipmentsError::Refused {
                    name: name.to_owned(),
                    why,
                };
                shipment.apply(entry).map_err(refused)?;
            }
            let new = shipment.entries.get(before..).unwrap_or_default();
            put(&mut table, name, before, new)?;
            shipment
        };
        writing.commit().map_err(failed)?;
        Ok(shipment)
    }

    /// Takes over what another site told, all or nothing.
    ///
    /// # Errors
    /// [`ShipmentsError::Diverged`], and every other: then nothing was taken.
    pub fn take(&self, told: &[Shipment]) -> Result<Vec<Taken>, ShipmentsError> {
        let writing = self.database.begin_write().map_err(failed)?;
        let mut taken = Vec::with_capacity(told.len());
        {
            let mut table = writing.open_table(ENTRIES).map_err(failed)?;
            for theirs in told {
                taken.push(take_one(&mut table, theirs)?);
            }
        }
        writing.commit().map_err(failed)?;
        Ok(taken)
    }
}

type Table<'txn> = redb::Table<'txn, (&'static str, u64), &'static [u8]>;

fn take_one(table: &mut Table<'_>, theirs: &Shipment) -> Result<Taken, ShipmentsError> {
    let name = theirs.name.as_str();
    let ours = match one(table, name) {
        Ok(ours) => ours,
        Err(ShipmentsError::Unknown(_)) => {
            put(table, name, 0, &theirs.entries)?;
            return Ok(Taken::New);
        }
        Err(error) => return Err(error),
    };
    match merge(&ours, theirs) {
        Merged::Ours => Ok(Taken::Known),
        Merged::Newer(entries) => {
            put(table, name, ours.entries.len(), &entries)?;
            Ok(Taken::Newer(entries.len()))
        }
        Merged::Diverged { number } => Err(ShipmentsError::Diverged {
            name: name.to_owned(),
            number,
        }),
    }
}

/// Opens the database in a file that only its owner can read: addresses and telephone numbers are in it.
fn database(path: &Path) -> Result<Database, DatabaseError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    let file = options.open(path).map_err(redb::StorageError::Io)?;
    redb::Builder::new().create_with_backend(FileBackend::new(file)?)
}

fn one(
    table: &impl ReadableTable<(&'static str, u64), &'static [u8]>,
    name: &str,
) -> Result<Shipment, ShipmentsError> {
    let mut entries = Vec::new();
    for row in table.range((name, 0)..=(name, u64::MAX)).map_err(failed)? {
        let (_, value) = row.map_err(failed)?;
        entries.push(read(value.value())?);
    }
    if entries.is_empty() {
        return Err(ShipmentsError::Unknown(name.to_owned()));
    }
    Shipment::replay(name, entries).map_err(ShipmentsError::Damaged)
}

fn read(json: &[u8]) -> Result<Entry, ShipmentsError> {
    serde_json::from_slice(json)
        .map_err(|error| ShipmentsError::Failed(format!("an entry cannot be read: {error}")))
}

fn put(
    table: &mut Table<'_>,
    name: &str,
    first: usize,
    entries: &[Entry],
) -> Result<(), ShipmentsError> {
    let first = u64::try_from(first).unwrap_or(u64::MAX);
    for (number, entry) in (first..).zip(entries) {
        let json = serde_json::to_vec(entry).expect("plain data has a JSON form");
        table
            .insert((name, number), json.as_slice())
            .map_err(failed)?;
    }
    Ok(())
}
