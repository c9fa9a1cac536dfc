//! What became of one blob, for state, logs and report.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use shared::copy_log::{
    AttachedStatus, BlobStatus, Category, DispositionStatus, LoggedAttached, LoggedBlob,
    LoggedPart, PartStatus,
};
use shared::manifest::{Attached, BlobKind, ManifestFile};

use super::drive_files::DriveFailed;
use super::report::IngestFinding;
use super::state_record::Done;
use crate::blobs::{BlockId, StoreError};
use crate::shares::ShareError;

/// What became of one blob.
pub(super) struct Outcome {
    pub(super) logged: LoggedBlob,
    /// CRC-64 of what is in the store.
    pub(super) crc64: Option<u64>,
    pub(super) trouble: Option<Trouble>,
    /// Whether an earlier run had finished it.
    pub(super) was_before: bool,
}

/// What is wrong with a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) status: BlobStatus,
    pub(super) category: Category,
    /// The stable word of the finding, and the code of today's log.
    pub(super) code: String,
    pub(super) message: String,
    pub(super) offset: Option<u64>,
    /// Whether the next blob would most likely fail the same way.
    pub(super) is_general: bool,
}

/// Every part of a blob, and what became of each.
#[derive(Clone, Debug)]
pub(super) struct Parts(pub(super) Vec<PartStatus>);

impl Trouble {
    pub(super) fn new(
        status: BlobStatus,
        category: Category,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            category,
            code: code.into(),
            message: message.into(),
            offset: None,
            is_general: false,
        }
    }

    /// Names up to this number were tried, and all of them are taken.
    pub(super) fn no_free_name(most: u64) -> Self {
        let what = format!("the name is taken, and so are those up to ({most})");
        let status = BlobStatus::RenameFailed;
        Self::new(status, Category::CloudHttp, "RenameFailed", what)
    }

    /// Returns what a request that failed means for its blob.
    pub(super) fn of_store(error: &StoreError) -> Self {
        if error.is_stopped() {
            return Self::stopped();
        }
        let status = if error.is_leased() {
            BlobStatus::LeasePresent
        } else if error.is_forbidden() {
            BlobStatus::BlobRequestForbidden
        } else if error.is_conflict() {
            BlobStatus::BlobUnexpectedChange
        } else {
            BlobStatus::BlobRequestFailed
        };
        let code = error
            .status()
            .map_or_else(|| status.to_string(), |status| status.to_string());
        let message = format!("{error}. {}", error.next());
        Self {
            is_general: error.is_general(),
            ..Self::new(status, Category::CloudHttp, code, message)
        }
    }

    /// Returns what a request to a file share that failed means for its file.
    pub(super) fn of_share(error: &ShareError) -> Self {
        if error.is_stopped() {
            return Self::stopped();
        }
        let message = format!("{error}. {}", error.next());
        let status = BlobStatus::BlobRequestFailed;
        Self {
            is_general: error.is_general(),
            ..Self::new(
                status,
                Category::CloudHttp,
                error.code(),
                message.trim_end(),
            )
        }
    }

    /// Returns what a file that cannot be read means for its blob.
    pub(super) fn of_drive(error: &DriveFailed) -> Self {
        let message = format!("the file cannot be read from the drive: {}", error.0);
        Self::new(BlobStatus::IOFailed, Category::Win32, "IOFailed", message)
    }

    /// Returns the end of what the person stopped.
    pub(super) fn stopped() -> Self {
        Self {
            is_general: true,
            ..Self::new(
                BlobStatus::Failed,
                Category::UnknownType,
                "Cancelled",
                "stopped by the person",
            )
        }
    }

    /// Returns the end of what was on its way when all of it was given up.
    pub(super) fn given_up() -> Self {
        let what = "it was on its way when all of it was given up";
        Self {
            message: what.to_owned(),
            ..Self::stopped()
        }
    }

    /// Returns whether it is nothing but a drive's that is gone.
    pub(super) fn goes_with_the_drive(&self) -> bool {
        matches!(self.code.as_str(), "IOFailed" | "Cancelled")
    }

    pub(super) fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }
}

impl Parts {
    pub(super) fn all(file: &ManifestFile, status: PartStatus) -> Self {
        Self(vec![status; file.hashes.len()])
    }

    pub(super) fn set(&mut self, number: usize, status: PartStatus) {
        if let Some(part) = self.0.get_mut(number) {
            *part = status;
        }
    }

    fn logged(&self, file: &ManifestFile) -> Vec<LoggedPart> {
        let parts = (0_u64..).zip(file.parts()).zip(&self.0);
        let logged = parts.map(|((number, part), status)| LoggedPart {
            at: part.at,
            bytes: part.bytes,
            id: (file.kind == BlobKind::Block)
                .then(|| BlockId::of(number).map(|id| STANDARD.encode(id.bytes())))
                .flatten(),
            hash: Some(part.hash),
            status: *status,
        });
        logged.collect()
    }
}

/// What became of the files that hang on a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hung {
    pub(super) metadata: AttachedStatus,
    pub(super) properties: AttachedStatus,
}

impl Hung {
    pub(super) const CANCELLED: Self = Self {
        metadata: AttachedStatus::Cancelled,
        properties: AttachedStatus::Cancelled,
    };
    pub(super) const COMPLETED: Self = Self {
        metadata: AttachedStatus::Completed,
        properties: AttachedStatus::Completed,
    };
}

impl Outcome {
    /// A blob that is in the store.
    pub(super) fn arrived(file: &ManifestFile, done: &Done, was_before: bool) -> Self {
        // Through SMB there is no place for them.
        let (part, hung) = match file.kind {
            BlobKind::File => (PartStatus::Completed, Hung::CANCELLED),
            BlobKind::Block | BlobKind::Page => (PartStatus::Committed, Hung::COMPLETED),
        };
        let parts = Parts::all(file, part);
        let logged = LoggedBlob {
            status: BlobStatus::Completed,
            blob: done.in_log().to_owned(),
            disposition: (file.rule(), done.disposition),
            ..entry(file, &parts, hung)
        };
        Self {
            logged,
            crc64: Some(done.crc64),
            trouble: None,
            was_before,
        }
    }

    /// A blob that is left out because its name is taken.
    pub(super) fn skipped(file: &ManifestFile) -> Self {
        let parts = Parts::all(file, PartStatus::Cancelled);
        let logged = LoggedBlob {
            status: BlobStatus::Completed,
            disposition: (file.rule(), DispositionStatus::Skipped),
            ..entry(file, &parts, Hung::CANCELLED)
        };
        Self {
            logged,
            crc64: None,
            trouble: None,
            was_before: false,
        }
    }

    /// A blob that is not in the store.
    pub(super) fn failed(file: &ManifestFile, trouble: Trouble, parts: &Parts, hung: Hung) -> Self {
        let logged = LoggedBlob {
            status: trouble.status,
            ..entry(file, parts, hung)
        };
        Self {
            logged,
            crc64: None,
            trouble: Some(trouble),
            was_before: false,
        }
    }

    /// Returns what a person has to know of it, if anything.
    pub(super) fn finding(&self) -> Option<IngestFinding> {
        let logged = &self.logged;
        let finding = |code: String, message: String, offset, is_error| IngestFinding {
            code,
            message,
            blob: Some(logged.blob.clone()),
            file: Some(logged.file.clone()),
            offset,
            is_error,
        };
        if let Some(trouble) = &self.trouble {
            let (code, message) = (trouble.status.to_string(), trouble.message.clone());
            return Some(finding(code, message, trouble.offset, true));
        }
        let message = match logged.disposition.1 {
            DispositionStatus::Renamed => "its name was taken, so it got this one",
            DispositionStatus::Skipped => "its name was taken, so it was left out",
            DispositionStatus::Overwritten if logged.kind == BlobKind::File => {
                "it took the place of an older file"
            }
            DispositionStatus::Overwritten => "it took the place of an older blob",
            DispositionStatus::Created | DispositionStatus::Cancelled => return None,
        };
        let code = logged.disposition.1.to_string();
        Some(finding(code, message.to_owned(), None, false))
    }
}

fn entry(file: &ManifestFile, parts: &Parts, hung: Hung) -> LoggedBlob {
    let attached = |attached: &Option<Attached>, status| {
        attached.as_ref().map(|attached| LoggedAttached {
            path: attached.path.clone(),
            hash: attached.hash,
            status,
        })
    };
    LoggedBlob {
        status: BlobStatus::Failed,
        blob: file.blob.clone(),
        file: file.path.clone(),
        bytes: file.bytes,
        disposition: (file.rule(), DispositionStatus::Cancelled),
        kind: file.kind,
        parts: parts.logged(file),
        metadata: attached(&file.metadata, hung.metadata),
        properties: attached(&file.properties, hung.properties),
    }
}
