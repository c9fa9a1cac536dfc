//! The wire between the page and the agent: every path and every type, once.
//!
//! All bodies are JSON. Every request but the first carries the session in
//! [`paths::SESSION_HEADER`]; an answer other than 2xx is an [`ApiError`]. Byte counts and times
//! are plain numbers (`u64`, milliseconds since 1970 UTC).
//!
//! ```text
//! POST /api/session                   SessionRequest -> SessionReply      launch token for a session
//! GET  /api/drives                                   -> DrivesReply
//! POST /api/folders                   FoldersRequest -> FoldersReply      the source chooser
//! POST /api/scan                      ScanRequest    -> ScanReply         and the listing to plan from, as columns of bytes (scan_file)
//! GET  /api/jobs                                     -> JobsReply
//! POST /api/jobs                      StartRequest   -> StartReply        planned again; nothing is touched yet
//! GET  /api/jobs/ID                                  -> JobSnapshot
//! POST /api/jobs/ID/question         QuestionRequest -> QuestionReply     asked anew before each erasing
//! POST /api/jobs/ID/confirm           ConfirmRequest -> JobSnapshot       each serial typed; now it runs
//! POST /api/jobs/ID/cancel | resume                  -> JobSnapshot
//! GET  /api/jobs/ID/journal/SERIAL                   -> the journal's bytes
//! POST /api/jobs/ID/key/SERIAL                       -> KeyReply          shown on purpose
//! GET  /api/ledger                                   -> LedgerReply
//! POST /api/ledger                  LedgerRequest -> LedgerReply         facts about one shipment, all or none
//! POST /api/ledger/import            LedgerImport -> LedgerReply         another site's file
//! POST /api/storage                StorageRequest -> StorageReply        what was prepared, compared with an account
//! GET  /api/storage/report/ID                        -> CSV              every finding of the last comparison
//! POST /api/receive                ReceiveRequest -> Receiving           drives that came back, copied home; goes on without the page
//! GET  /api/receive                                  -> Receiving
//! POST /api/receive/cancel                           -> Receiving           stops it: what is home stays
//! GET  /api/receive/report/ID                        -> CSV                 every file and finding of the last one
//! GET  /api/events                                   -> server-sent events, each one Event as JSON
//! ```

mod drives;
mod error;
mod events;
mod jobs;
mod ledger;
mod pace;
pub mod paths;
mod receive;
mod scan;
mod scan_file;
mod session;
mod start;
mod storage;

pub use crate::job::{Finding, FreeSpace, SerialSource};
pub use drives::{Content, Drive, DrivesReply, Lock};
pub use error::{ApiError, code};
pub use events::{Event, News};
pub use jobs::{DriveSnapshot, JobSnapshot, JobState, JobsReply, KeyReply, Progress};
pub use ledger::{LedgerImport, LedgerReply, LedgerRequest};
pub use pace::{Limit, Pace};
pub use receive::{
    ReceiveDrive, ReceiveEnd, ReceiveFinding, ReceiveKey, ReceiveNames, ReceiveOrder,
    ReceiveRequest, ReceiveRun, ReceiveVerdict, ReceivedDrive, Receiving, ReceivingDrive,
};
pub use scan::{
    FolderEntry, FoldersReply, FoldersRequest, NameProblem, ScanCounts, ScanReply, ScanRequest,
    UnreadableCounts,
};
pub use scan_file::{SCAN_MAGIC, ScanFileError, read_scan_file, scan_head};
pub use session::{SessionReply, SessionRequest};
pub use start::{
    ConfirmRequest, Confirmation, Difference, ExpectedDrive, PickedDrive, PlanShare,
    PlannedDriveSummary, QuestionReply, QuestionRequest, Rename, ReplaceRequest, StartOptions,
    StartReply, StartRequest, SurfaceCheck, WaitingDrive,
};
pub use storage::{
    Secret, StorageCode, StorageFinding, StorageLog, StorageQuestion, StorageReply, StorageReport,
    StorageRequest, StorageVerdict,
};
