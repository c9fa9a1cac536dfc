//! Every finding of the last comparison with a storage account, for a page that wants more than the first of them.
//!
//! A million findings are some 200 MB, and most people never ask for them: so they go into a file that has no name, in the
//! state folder, and from there to the page a piece at a time. The next comparison takes its place; it is gone when the
//! agent ends, however that happens.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{Stream, stream};
use shared::api::StorageReport;

use super::token::hex;
use crate::random;

/// Bytes of a piece.
const PIECE: u64 = 256 << 10;

/// The last report, where there is one.
#[derive(Debug)]
pub(super) struct LastReport {
    folder: PathBuf,
    kept: Mutex<Option<Kept>>,
}

/// A report. Cloning gives another handle to the same.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    id: String,
    file: Arc<File>,
    /// Its length.
    pub(super) bytes: u64,
}

impl LastReport {
    /// Returns none yet; the next ones are in this folder.
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            kept: Mutex::new(None),
        }
    }

    /// Makes the file of the next one. The last one stays until it is kept.
    ///
    /// # Errors
    /// When there is no room for it.
    pub(super) fn begin(&self) -> io::Result<File> {
        tempfile::tempfile_in(&self.folder)
    }

    /// Keeps a report in place of the last one.
    ///
    /// # Errors
    /// When its length cannot be had, or no name be made for it.
    pub(super) fn keep(&self, file: File) -> io::Result<StorageReport> {
        let bytes = file.metadata()?.len();
        let mut id = [0; 16];
        random::fill(&mut id).map_err(io::Error::other)?;
        let id = hex(&id).to_string();
        *self.lock() = Some(Kept {
            id: id.clone(),
            file: Arc::new(file),
            bytes,
        });
        Ok(StorageReport::Kept { id, bytes })
    }

    /// Returns the report of this name, unless another one took its place.
    pub(super) fn get(&self, id: &str) -> Option<Kept> {
        self.lock().clone().filter(|kept| kept.id == id)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Returns a report of this name in a file.
    ///
    /// # Errors
    /// When its length cannot be had.
    pub(super) fn of(id: &str, file: Arc<File>) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        let id = id.to_owned();
        Ok(Self { id, file, bytes })
    }

    /// Returns its bytes, read while they are sent. It is whole also when another one takes its place meanwhile.
    pub(super) fn pieces(self) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + Sync {
        stream::try_unfold((self, 0), |(report, at)| async move {
            if at >= report.bytes {
                return Ok(None);
            }
            let file = Arc::clone(&report.file);
            let bytes = report.bytes.saturating_sub(at).min(PIECE);
            let read = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
                file.read_exact_at(&mut piece, at)?;
                Ok::<_, io::Error>(piece)
            });
            let piece = read.await.map_err(io::Error::other)??;
            Ok(Some((piece, (report, at.saturating_add(bytes)))))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use futures::TryStreamExt as _;

    use super::*;

    fn kept(reports: &LastReport, content: &[u8]) -> String {
        let mut file = reports.begin().expect("room");
        file.write_all(content).expect("room");
        let StorageReport::Kept { id, bytes } = reports.keep(file).expect("kept") else {
            panic!("lost")
        };
        assert_eq!(usize::try_from(bytes), Ok(content.len()));
        id
    }

    #[tokio::test]
    async fn a_report_is_whole_in_pieces_and_gone_when_the_next_one_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let reports = LastReport::new(folder.path().to_owned());
        let content: Vec<u8> = (0..600_001_u32).map(|at| at.to_le_bytes()[0]).collect();
        let first = kept(&reports, &content);
        let names = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(names, 0, "nobody else finds it");
        let report = reports.get(&first).expect("the last one");
        let second = kept(&reports, b"other");
        assert!(reports.get(&first).is_none() && reports.get(&second).is_some());
        let pieces: Vec<Vec<u8>> = report.pieces().try_collect().await.expect("read");
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.concat(), content);
    }
}
