//! From what the person named to one listing, whichever way it is named: folders are scanned here.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ntfs_image::FileTime;
use shared::api::UnreadableCounts;
use shared::blob_name::{Destination, ROOT_CONTAINER, SessionId};
use shared::job::{LeftOut, LeftOutReason};
use shared::manifest::{BLOCK_BYTES, BLOCKS_MAX, BlobKind, Disposition};
use shared::mhl;
use shared::plan::export::Export;
use shared::plan::{FolderId, Goal, Kind, Listing, ListingError, Mapping, Plan, Target};

use super::gather_listing::listing;
use super::gather_rows::{Attached, data_set, one_row};
use super::gather_store::from_store;
use super::request::{JobRequest, Origin};
use crate::export::{GaveUp, Reach, StoreSource, Sums};
use crate::job_error::JobError;
use crate::pipeline::{Cancel, SourceFiles, SourceTarget, Sources};
use crate::scan::{
    self, Entries, Entry, ScanError, ScanOptions, ScanReport, Skipped, SkippedReason, SourceRoot,
};

/// Everything that is to travel, before anything is planned.
#[derive(Debug)]
pub struct Gathered {
    /// Files and folders, in writing order.
    pub listing: Listing,
    /// How they are called on the drive and in Blob storage.
    pub mapping: Mapping,
    /// The source folders, in the order of the mapping's targets.
    pub roots: Vec<PathBuf>,
    /// Content of each target's metadata and properties file.
    pub attached: Vec<Attached>,
    /// What was seen and cannot go.
    pub skipped: Vec<LeftOut>,
    /// How much of that is there and cannot be read.
    pub unreadable: UnreadableCounts,
    /// Bytes when a file with several names is counted once; none where nothing was scanned.
    pub unique_bytes: Option<u64>,
    /// Things to be said once.
    pub notes: Vec<String>,
    /// What the page and the journal call the source and the destination.
    pub words: (String, String),
    /// The store of an export, once somebody can open it.
    pub reach: Option<Reach>,
    /// Gets the checksums of an export's blobs, where somebody wants them.
    pub sums: Option<Arc<Sums>>,
}

/// The sources of a job, open.
pub struct Opened<'a> {
    /// The files.
    pub files: Box<dyn SourceFiles + 'a>,
    /// Says later whether a store stopped the job.
    pub gave_up: Option<GaveUp>,
}

/// The longest file that the published grammar's blocks can hold (azure-import-export.md, 2.5).
const BLOCKS_OF_4_MIB_BYTES: u64 = BLOCKS_MAX.saturating_mul(BLOCK_BYTES);
/// Lists the sources of a request.
///
/// # Errors
/// [`JobError`] when a source cannot be read at all or the data set is wrong; what lies below and
/// cannot go is in [`Gathered::skipped`].
pub fn gather(request: &JobRequest) -> Result<Gathered, JobError> {
    let mut gathered = sources(request)?;
    if !request.renames.is_empty() {
        gathered.note_new_names();
    }
    Ok(gathered)
}

fn sources(request: &JobRequest) -> Result<Gathered, JobError> {
    match &request.origin {
        Origin::Folder { path, destination } => folder(request, path, destination),
        Origin::DataSet { path, map } => data_set(request, path, map),
        Origin::Row { row, map } => one_row(request, row, map),
        Origin::Listing { path, destination } => listing(request, path, destination),
        Origin::Store => match &request.export {
            Some(export) => from_store(request, export),
            None => Err(JobError::usage("no store is given", "--store")),
        },
        Origin::Plan { path } => planned(request, path),
    }
}

fn planned(request: &JobRequest, path: &Path) -> Result<Gathered, JobError> {
    let mut gathered = super::plan_file::read_for(path, &request.session)?.gathered;
    gathered.take_hashes(request)?;
    Ok(gathered)
}

fn folder(request: &JobRequest, path: &Path, destination: &str) -> Result<Gathered, JobError> {
    if !path.is_dir() {
        return Err(JobError::usage(
            "the source is not a folder that can be read",
            path.display().to_string(),
        ));
    }
    let mut gathered = below(request, destination)?;
    gathered.words = (path.display().to_string(), destination.to_owned());
    gathered.add(scan_one(request, path)?, None)?;
    gathered.attached.push(Attached::default());
    Ok(gathered)
}

/// Returns nothing yet, all of it going to one destination: blobs below `container/`, or files below `//share/`.
pub(super) fn below(request: &JobRequest, destination: &str) -> Result<Gathered, JobError> {
    let (written, kind) = match destination.strip_prefix("//") {
        Some(share) => (share, Some(BlobKind::File)),
        None => (destination, None),
    };
    let parsed: Destination =
        written
            .parse()
            .map_err(|error: shared::blob_name::DestinationError| {
                JobError::usage(error.to_string(), destination)
            })?;
    if kind.is_some() && parsed.container() == ROOT_CONTAINER {
        return Err(JobError::usage(
            "a share cannot be called $root",
            destination,
        ));
    }
    let target = Target {
        goal: Goal::Folder(parsed),
        kind,
        disposition: Disposition::default(),
        metadata_bytes: None,
        properties_bytes: None,
    };
    Gathered::new(request, vec![target], false)
}

/// Lists what is below a folder, or a file.
///
/// # Errors
/// [`JobError`] when it cannot be read at all, or somebody stopped it.
pub(super) fn scan_one(request: &JobRequest, path: &Path) -> Result<ScanReport, JobError> {
    let how = ScanOptions {
        other_file_systems: request.other_file_systems,
        watch: request.watch.clone(),
        ..ScanOptions::default()
    };
    scan::scan(path, &how).map_err(|error| match error {
        ScanError::Cancelled => JobError::stopped(error.to_string(), path.display().to_string()),
        error => JobError::usage(error.to_string(), path.display().to_string()),
    })
}

impl Gathered {
    pub(super) fn new(
        request: &JobRequest,
        targets: Vec<Target>,
        numbered: bool,
    ) -> Result<Self, JobError> {
        let session: Result<SessionId, _> = request.session.parse();
        let session = session
            .map_err(|error| JobError::usage(error.to_string(), request.session.as_str()))?;
        let renames = request
            .renames
            .iter()
            .map(|rename| (rename.path.clone(), rename.name.clone()));
        let mapping = Mapping {
            session,
            targets,
            numbered,
            content_md5: request.content_md5,
            mhl: None,
            renames: renames.collect(),
            export: None,
        };
        let mut gathered = Self {
            listing: Listing::new(),
            mapping,
            roots: Vec::new(),
            attached: Vec::new(),
            skipped: Vec::new(),
            unreadable: UnreadableCounts::default(),
            unique_bytes: None,
            notes: Vec::new(),
            words: (String::new(), String::new()),
            reach: None,
            sums: None,
        };
        gathered.take_hashes(request)?;
        Ok(gathered)
    }

    /// Takes from a request what each drive or blob gets of hashes.
    ///
    /// # Errors
    /// [`JobError`] when the session's folder would be that of the ASC MHL.
    pub(super) fn take_hashes(&mut self, request: &JobRequest) -> Result<(), JobError> {
        let session = self.mapping.session.as_str();
        // The containers of an export lie in the root, and its blobs are as the store has them.
        let is_import = request.origin != Origin::Store;
        if request.mhl && is_import && mhl::is_own_folder(session) {
            let what = format!(
                "\\{} is the folder of the ASC MHL; name the session otherwise",
                mhl::FOLDER
            );
            return Err(JobError::usage(what, session));
        }
        self.mapping.content_md5 = request.content_md5 || (request.mhl && is_import);
        self.mapping.mhl = request.mhl.then(|| mhl::Creator {
            host: crate::machine::name(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        });
        Ok(())
    }

    /// Adds what a scan found, below the number of its row.
    pub(super) fn add(&mut self, report: ScanReport, row: Option<u32>) -> Result<(), JobError> {
        let row = row.map_or_else(String::new, |row| format!("{row}/"));
        let (entries, bytes) = report.entries.extent();
        // Where there is no such room, there is none for what is added below.
        drop(self.listing.reserve(entries, bytes));
        let (all, longer) = self.add_entries(&report.entries, &row).map_err(|error| {
            JobError::plan(error.to_string(), "Split the source into several sessions.")
        })?;
        let unique = self.unique_bytes.unwrap_or(0);
        self.unique_bytes = Some(unique.saturating_add(report.unique_bytes));
        match longer {
            0 => {}
            many => self.notes.push(format!(
                "{many} files are longer than 50,000 blocks of 4 MiB: they get longer blocks, which the published \
                 manifest's grammar does not have; nobody has proven yet that the service takes them"
            )),
        }
        for skipped in &report.skipped {
            self.unreadable = counted(self.unreadable, skipped);
            self.skipped.push(LeftOut {
                path: format!("{row}{}", skipped.path),
                reason: reason(&skipped.reason),
            });
        }
        if report.hard_linked > 0 {
            self.notes.push(format!(
                "{} names are of files with several names; each name is copied in full: {all} bytes, where {} would do",
                report.hard_linked, report.unique_bytes
            ));
        }
        if report.sparse > 0 {
            self.notes.push(format!(
                "{} files have holes; they count with their full length",
                report.sparse
            ));
        }
        for folder in &report.crossed {
            self.notes
                .push(format!("{folder} is another file system; it is copied too"));
        }
        self.roots.push(report.root);
        Ok(())
    }

    /// Adds files and folders below a row; returns the bytes of all files, and how many are longer than 50,000 blocks of 4 MiB.
    fn add_entries(&mut self, found: &Entries, row: &str) -> Result<(u64, u64), ListingError> {
        let time = |entry: &Entry<'_>| {
            FileTime::from_unix(entry.modified_seconds, entry.modified_nanoseconds)
        };
        let whole = |entry: &Entry<'_>| {
            let mut path = row.to_owned();
            entry.push_path(&mut path);
            path
        };
        for folder in found.folders() {
            let path = whole(&folder);
            self.listing.push(&path, 0, time(&folder), Kind::Folder)?;
        }
        let (mut all, mut longer) = (0_u64, 0_u64);
        // By the scan's number: the folder of the first file in it is that of all.
        let mut folders: Vec<Option<FolderId>> = vec![None; found.folder_count()];
        for (folder, file) in found.files() {
            let (bytes, modified) = (file.bytes, time(&file));
            all = all.saturating_add(bytes);
            longer = longer.saturating_add(u64::from(bytes > BLOCKS_OF_4_MIB_BYTES));
            if let Some(id) = folders[folder] {
                self.listing.push_in(id, file.name, bytes, modified)?;
            } else {
                let number = self
                    .listing
                    .push(&whole(&file), bytes, modified, Kind::File)?;
                folders[folder] = Some(self.listing.facts(number).folder);
            }
        }
        Ok((all, longer))
    }

    /// Says how many new names are taken, and which of them name nothing that is there.
    fn note_new_names(&mut self) {
        let mut idle: std::collections::BTreeSet<&str> =
            self.mapping.renames.keys().map(String::as_str).collect();
        let all = idle.len();
        for (_, entry) in self.listing.iter() {
            idle.remove(entry.path.to_string().as_str());
        }
        for id in 1..self.listing.folder_count() {
            idle.remove(self.listing.folder(FolderId(id)).path);
        }
        let taken = all.saturating_sub(idle.len());
        let mut notes = vec![format!(
            "{taken} names are changed on the drive and in the store"
        )];
        if let Some(first) = idle.first() {
            notes.push(format!(
                "{} new names are for paths that are not there, as {first}",
                idle.len()
            ));
        }
        self.notes.append(&mut notes);
    }

    /// Returns everything that is known not to travel by `plan`, each with its length.
    #[must_use]
    pub fn left_out(&self, plan: &Plan) -> Vec<(LeftOut, u64)> {
        let skipped = self.skipped.iter().map(|skipped| (skipped.clone(), 0));
        // Only the paths that are left out: the listing may have millions.
        let mut lengths: HashMap<&str, u64> = plan
            .left_out
            .iter()
            .map(|left_out| (left_out.path.as_str(), 0))
            .collect();
        if !lengths.is_empty() {
            for (_, entry) in self.listing.iter() {
                if let Some(length) = lengths.get_mut(entry.path.to_string().as_str()) {
                    *length = entry.bytes;
                }
            }
        }
        let planned = plan.left_out.iter().map(|left_out| {
            let length = lengths.get(left_out.path.as_str()).copied();
            (left_out.clone(), length.unwrap_or(0))
        });
        skipped.chain(planned).collect()
    }

    /// Opens every source folder and keeps it open; or makes ready to read blobs, for which `cancel` stops the job
    /// when their store cannot be reached any more.
    ///
    /// # Errors
    /// [`JobError`] when one of them cannot be opened any more, or nothing opens the store.
    pub fn open(&self, cancel: &Cancel) -> Result<Opened<'_>, JobError> {
        let Some(export) = &self.mapping.export else {
            let files: Box<dyn SourceFiles> = Box::new(self.open_folders()?);
            let gave_up = None;
            return Ok(Opened { files, gave_up });
        };
        let reach = self.reach_of(export)?;
        let what = (&self.listing, export);
        let sums = self.sums.clone();
        let source = StoreSource::new(what, reach.clone(), sums, cancel.clone());
        let gave_up = Some(source.gave_up());
        let files = Box::new(source);
        Ok(Opened { files, gave_up })
    }

    /// Returns the store of an export.
    ///
    /// # Errors
    /// [`JobError`] when none is given, or another.
    pub fn reach_of(&self, export: &Export) -> Result<&Reach, JobError> {
        let store = export.store.as_str();
        let next = format!(
            "Say where the blobs are and what opens the account: --store {store} --sas-file FILE."
        );
        let reach = self.reach.as_ref().ok_or_else(|| {
            let what = "this session exports blobs, and nothing that opens their store is ever written down";
            JobError::refused(what, store, next.as_str())
        })?;
        if reach.address() == store {
            return Ok(reach);
        }
        let what = format!("the blobs of this session are not in {}", reach.address());
        Err(JobError::refused(what, store, next))
    }

    fn open_folders(&self) -> Result<Sources, JobError> {
        let mut targets = Vec::with_capacity(self.roots.len());
        for (root, attached) in self.roots.iter().zip(&self.attached) {
            let opened = SourceRoot::open(root)
                .map_err(|error| JobError::usage(error.to_string(), root.display().to_string()))?;
            targets.push(SourceTarget {
                root: opened,
                metadata: attached.metadata.clone(),
                properties: attached.properties.clone(),
            });
        }
        Ok(Sources {
            targets,
            numbered: self.mapping.numbered,
        })
    }
}

/// Returns the counts with one more, if it is one.
fn counted(counts: UnreadableCounts, skipped: &Skipped) -> UnreadableCounts {
    match skipped.bytes {
        _ if !skipped.reason.is_forbidden() => counts,
        Some(bytes) => UnreadableCounts {
            files: counts.files.saturating_add(1),
            bytes: counts.bytes.saturating_add(bytes),
            ..counts
        },
        None => UnreadableCounts {
            folders: counts.folders.saturating_add(1),
            ..counts
        },
    }
}

fn reason(skipped: &SkippedReason) -> LeftOutReason {
    match skipped {
        SkippedReason::SymbolicLink => LeftOutReason::Symlink,
        SkippedReason::Socket => LeftOutReason::Socket,
        SkippedReason::Fifo => LeftOutReason::Pipe,
        SkippedReason::DeviceNode => LeftOutReason::Device,
        SkippedReason::NameNotUtf8 => LeftOutReason::NameNotUnicode,
        SkippedReason::OtherFileSystem => LeftOutReason::OtherFileSystem,
        SkippedReason::Unreadable(_) => LeftOutReason::Unreadable,
    }
}
