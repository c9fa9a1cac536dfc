//! A job before anybody confirmed it: listed, planned, its drives looked at; nothing written.

use shared::api::{Difference, ExpectedDrive, FreeSpace, StartReply};
use shared::hash::lower_hex;
use shared::job::{LeftOut, LeftOutReason};
use shared::plan::{Plan, PlanOptions, fit};

use super::add;
use super::gather::{Gathered, gather};
use super::moved::none_moved;
use super::old_journals;
use super::plan_file;
use super::request::{JobRequest, Origin};
use super::room::as_much_as_fits;
use super::session_plans::{own_name, replacement_name};
use super::share::{self, Share};
use super::targets::{self, Target};
use crate::drives::Drives;
use crate::job_error::JobError;
use crate::pipeline::SurfaceCheck;

/// Left-out files that a reply names; the rest is counted.
const REPLY_NAMES_MAX: usize = 1000;

/// A job that waits to be confirmed.
#[derive(Debug)]
pub(super) struct Prepared {
    /// What was asked for.
    pub request: JobRequest,
    /// What travels.
    pub gathered: Gathered,
    /// What goes where.
    pub plan: Plan,
    /// The plan's SHA-256, in hex.
    pub plan_hash: String,
    /// The plan's drives, in its order.
    pub targets: Vec<Target>,
    /// Drives that were given and are not needed.
    pub unused: Vec<String>,
    /// The drive whose place a spare takes.
    pub replaces: Option<Replaced>,
    /// The share of a larger plan that this is.
    pub share: Option<Share>,
}

/// A drive whose files a spare gets.
#[derive(Debug)]
pub(super) struct Replaced {
    /// The drive.
    pub serial: String,
    /// What its plan left out and its journal counted.
    pub planned_out: Vec<(LeftOut, u64)>,
}

impl Prepared {
    /// Lists, plans and looks at the drives.
    ///
    /// # Errors
    /// [`JobError`]: the request is wrong, refused, or does not fit. Nothing was written.
    pub(super) fn new(drives: &Drives, request: JobRequest) -> Result<Self, JobError> {
        if request.journal_dirs.is_empty() {
            return Err(JobError::usage(
                "no journal folder is given",
                "--journal-dir",
            ));
        }
        targets::journal_dirs_differ(&request.journal_dirs)?;
        let all = targets::look(drives, &request)?;
        let serials: Vec<String> = all
            .iter()
            .map(|target| target.info.serial.clone())
            .collect();
        old_journals::none_unfinished(&request.journal_dirs, &request.session, &serials)?;
        let (gathered, ready) = match share_of(&request, &all)? {
            Some((gathered, plan, share)) => (gathered, Some((plan, share))),
            None => (gather(&request)?, None),
        };
        let mut gathered = gathered;
        if !request.leave_unreadable && !gathered.unreadable.is_none() {
            return Err(cannot_read(&gathered));
        }
        targets::apart_from_sources(&gathered.roots, &request.journal_dirs, &all)?;
        add::no_blob_twice(&gathered, &all)?;
        let (plan, share) = match ready {
            Some((plan, share)) => (plan, Some(share)),
            None if gathered.mapping.export.is_some() => {
                let sizes: Vec<_> = all.iter().map(Target::size).collect();
                (as_much_as_fits(&mut gathered, &sizes, false)?, None)
            }
            None => (make_plan(&gathered, &all)?, None),
        };
        if !request.accept_moved && matches!(request.origin, Origin::Plan { .. }) {
            none_moved(&gathered)?;
        }
        if !request.leave_out_problems
            && let Some(problem) = plan.problems.first()
        {
            let count = plan.problems.len();
            return Err(JobError::plan(
                format!(
                    "{count} names cannot go as they are; the first is {}: {}",
                    problem.path, problem.rule
                ),
                "Take the proposed names, or choose to leave these files out.",
            ));
        }
        if plan.drives.is_empty() {
            let count = gathered.skipped.len().saturating_add(plan.left_out.len());
            let what = match count {
                0 => "there is nothing in the source".to_owned(),
                _ => format!(
                    "nothing in the source can go onto a drive: all {count} entries are left out"
                ),
            };
            return Err(JobError::plan(
                what,
                "Choose a source that holds files, or larger drives.",
            ));
        }
        let (needed, unused) = pick(&plan, all);
        for target in &needed {
            target.free_space_is_decided()?;
            if target.free_space == FreeSpace::Keep && request.check == SurfaceCheck::Full {
                return Err(JobError::usage(
                    "a full check overwrites everything, so free space cannot be kept",
                    target.info.serial.as_str(),
                ));
            }
        }
        let plan_hash = lower_hex(&plan.hash(&gathered.listing));
        Ok(Self {
            request,
            gathered,
            plan,
            plan_hash,
            targets: needed,
            unused,
            replaces: None,
            share,
        })
    }

    /// Plans the files `gathered` of the drive `replaced` onto a spare.
    ///
    /// # Errors
    /// [`JobError`]: the spare is refused, or too small. Nothing was written.
    pub(super) fn replacement(
        drives: &Drives,
        request: JobRequest,
        gathered: Gathered,
        replaced: Replaced,
    ) -> Result<Self, JobError> {
        let all = targets::look(drives, &request)?;
        let serials: Vec<String> = all
            .iter()
            .map(|target| target.info.serial.clone())
            .collect();
        old_journals::none_unfinished(&request.journal_dirs, "", &serials)?;
        targets::apart_from_sources(&gathered.roots, &request.journal_dirs, &all)?;
        let plan = make_plan(&gathered, &all)?;
        let (targets, unused) = pick(&plan, all);
        for target in &targets {
            target.free_space_is_decided()?;
        }
        let plan_hash = lower_hex(&plan.hash(&gathered.listing));
        Ok(Self {
            request,
            gathered,
            plan,
            plan_hash,
            targets,
            unused,
            replaces: Some(replaced),
            share: None,
        })
    }

    /// Returns the name of the plan file.
    #[must_use]
    pub(super) fn plan_name(&self) -> String {
        let session = &self.request.session;
        if let Some(replaced) = &self.replaces {
            return replacement_name(session, &replaced.serial);
        }
        match &self.share {
            Some(share) => share.plan_name.clone(),
            None => own_name(session),
        }
    }

    /// Returns what the first drive's journal counts as left out by the plan.
    #[must_use]
    pub(super) fn planned_out(&self) -> Vec<(LeftOut, u64)> {
        match &self.replaces {
            Some(replaced) => replaced.planned_out.clone(),
            None => self.left_out(),
        }
    }

    /// Returns everything that is known not to travel, each with its length.
    #[must_use]
    pub(super) fn left_out(&self) -> Vec<(LeftOut, u64)> {
        if let Some(share) = &self.share {
            return share.planned_out.clone();
        }
        self.gathered.left_out(&self.plan)
    }

    /// Returns in what the plan differs from what the page computed.
    #[must_use]
    pub(super) fn differences(&self) -> Vec<Difference> {
        let expected = &self.request.expected;
        if expected.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for planned in &self.plan.drives {
            match expected.iter().find(|drive| drive.serial == planned.serial) {
                Some(drive) => compare(
                    drive,
                    u64::from(planned.files),
                    planned.used_bytes,
                    &mut found,
                ),
                None => found.push(difference(
                    "drive",
                    format!("drive {} is needed too", planned.serial),
                )),
            }
        }
        for drive in expected {
            if !self
                .plan
                .drives
                .iter()
                .any(|planned| planned.serial == drive.serial)
            {
                found.push(difference(
                    "drive",
                    format!("drive {} is not needed", drive.serial),
                ));
            }
        }
        found
    }

    /// Returns the answer to a start, with `job` when it waits for its confirmation.
    #[must_use]
    pub(super) fn reply(&self, job: Option<String>) -> StartReply {
        let left_out = self.left_out();
        let summaries = self
            .plan
            .drives
            .iter()
            .zip(&self.targets)
            .map(|(planned, target)| target.summary(planned));
        StartReply {
            job,
            plan_hash: self.plan_hash.clone(),
            drives: summaries.collect(),
            unused: self.unused.clone(),
            left_out_count: u64::try_from(left_out.len()).unwrap_or(u64::MAX),
            left_out: left_out
                .into_iter()
                .map(|(file, _)| file)
                .take(REPLY_NAMES_MAX)
                .collect(),
            differences: self.differences(),
            share: self.share.as_ref().map(Share::shown),
        }
    }
}

/// Returns what the drives at hand get of a plan that somebody made before; `None` where there is no
/// such plan, or one that knows no drives.
fn share_of(
    request: &JobRequest,
    targets: &[Target],
) -> Result<Option<(Gathered, Plan, Share)>, JobError> {
    let Origin::Plan { path } = &request.origin else {
        return Ok(None);
    };
    let mut plan = plan_file::read_for(path, &request.session)?;
    if plan.head.drives.is_empty() {
        return Ok(None);
    }
    share::lies_apart(request, path)?;
    plan.gathered.take_hashes(request)?;
    share::share(request, plan, targets).map(Some)
}

/// Names what cannot be read, before anything is planned or erased.
fn cannot_read(gathered: &Gathered) -> JobError {
    const NAMED: usize = 20;
    let unreadable = gathered
        .skipped
        .iter()
        .filter(|skipped| skipped.reason == LeftOutReason::Unreadable);
    let mut names: Vec<&str> = unreadable.map(|skipped| skipped.path.as_str()).collect();
    let all = names.len();
    names.truncate(NAMED);
    let more = match all.saturating_sub(names.len()) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let what = gathered.unreadable.words(|bytes| format!("{bytes} bytes"));
    JobError::refused(
        format!("{what} cannot be read by the person who runs this"),
        format!("{}{more}", names.join("; ")),
        "Call argosy with sudo and --read-as root to read everything, or leave them out: --leave-unreadable (on the \
         page, say so on Plan).",
    )
}

fn make_plan(gathered: &Gathered, targets: &[Target]) -> Result<Plan, JobError> {
    let options = PlanOptions {
        mapping: gathered.mapping.clone(),
        bare: false,
        as_many_as_needed: false,
    };
    let sizes: Vec<_> = targets.iter().map(Target::size).collect();
    fit(&gathered.listing, &options, &sizes).map_err(|error| {
        JobError::plan(
            error.to_string(),
            "Give more or larger drives, or fewer files; nothing was touched.",
        )
    })
}

/// Splits the drives into those of the plan, in its order, and the serials of the others.
fn pick(plan: &Plan, all: Vec<Target>) -> (Vec<Target>, Vec<String>) {
    let mut rest = all;
    let mut needed = Vec::with_capacity(plan.drives.len());
    for planned in &plan.drives {
        if let Some(place) = rest
            .iter()
            .position(|target| target.info.serial == planned.serial)
        {
            needed.push(rest.remove(place));
        }
    }
    (
        needed,
        rest.into_iter().map(|target| target.info.serial).collect(),
    )
}

fn compare(expected: &ExpectedDrive, files: u64, used_bytes: u64, found: &mut Vec<Difference>) {
    let serial = &expected.serial;
    if expected.files != files {
        let message = format!(
            "drive {serial} gets {files} files; the page planned {}",
            expected.files
        );
        found.push(difference("files", message));
    }
    if expected.used_bytes != used_bytes {
        let message = format!(
            "drive {serial} uses {used_bytes} bytes; the page planned {}",
            expected.used_bytes
        );
        found.push(difference("bytes", message));
    }
}

fn difference(code: &str, message: String) -> Difference {
    Difference {
        code: code.to_owned(),
        message,
    }
}
