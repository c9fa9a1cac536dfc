//! The share of a plan that the drives attached now get: a plan of thirteen drives is carried out
//! with two bays, or at several stations side by side.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shared::api::{PlanShare, WaitingDrive};
use shared::hash::lower_hex;
use shared::job::{LeftOut, Verdict};
use shared::journal::{journal_file_name, replay};
use shared::plan::{Kind, Listing, Plan, PlanOptions, PlannedDrive, fit};

use super::gather::Gathered;
use super::old_journals::journals;
use super::plan_file::{HeadDrive, PlanFile};
use super::request::JobRequest;
use super::session_plans::{free_share_name, own_name, taken_plans};
use super::targets::Target;
use crate::job_error::JobError;

/// Which drives of a whole plan the drives of a frozen one are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareOf {
    /// SHA-256 of the whole plan's file, in hex.
    pub plan: String,
    /// Drives of the whole plan.
    pub of: u32,
    /// The number in it, from 1, of each drive of the frozen plan.
    pub drives: Vec<u32>,
}

/// A share, ready to be confirmed.
#[derive(Debug)]
pub(super) struct Share {
    /// Which drives of the plan it is.
    pub of: ShareOf,
    /// Whether another share of the plan was frozen before.
    pub goes_on: bool,
    /// Names of such that came to nothing.
    pub never_begun: Vec<String>,
    /// The name of its own frozen plan.
    pub plan_name: String,
    /// Drives that stay for later, ascending.
    pub waiting: Vec<WaitingDrive>,
    /// What the whole plan leaves out: with drive 1, so that it is counted once.
    pub planned_out: Vec<(LeftOut, u64)>,
}

impl Share {
    /// Returns it as it is shown.
    pub(super) fn shown(&self) -> PlanShare {
        PlanShare {
            drives: self.of.drives.clone(),
            of: self.of.of,
            waiting: self.waiting.clone(),
        }
    }
}

/// A planned drive and the attached one that it goes onto.
struct Pair<'a> {
    number: u32,
    target: &'a Target,
}

/// Gives the drives of a plan that are not filled yet to the drives that are attached: by serial
/// where the plan names drives, in their order where it names sizes.
///
/// # Errors
/// [`JobError`]: nothing is left to fill, none of these drives is meant, or one is too small.
pub(super) fn share(
    request: &JobRequest,
    plan: PlanFile,
    targets: &[Target],
) -> Result<(Gathered, Plan, Share), JobError> {
    let whole = lower_hex(&plan.hash);
    let of = u32::try_from(plan.head.drives.len()).unwrap_or(u32::MAX);
    let earlier = Earlier::find(request, &whole)?;
    let filled = earlier.filled();
    let open: BTreeSet<u32> = (1..=of)
        .filter(|number| !filled.contains_key(number))
        .filter(|number| request.only.is_empty() || request.only.contains(number))
        .collect();
    if open.is_empty() {
        return Err(JobError::plan(
            format!(
                "every drive that was asked for is filled: {} of the {of} of this plan",
                filled.len()
            ),
            "Nothing is left to do here; `argosy verify` proves a drive once more.",
        ));
    }
    let fresh = targets
        .iter()
        .filter(|target| !filled.values().any(|serial| *serial == target.info.serial));
    let pairs = pairs(&plan, &open, &fresh.collect::<Vec<_>>());
    if pairs.is_empty() {
        return Err(none_meant(&plan, &open, &filled));
    }
    let taken: BTreeSet<u32> = pairs.iter().map(|pair| pair.number).collect();
    let waiting = open
        .difference(&taken)
        .filter_map(|number| waiting(&plan, *number));
    let never_begun = earlier.never_begun();
    let own = own_name(&request.session);
    let plan_name = if earlier.plans.is_empty() || never_begun.contains(&own) {
        own
    } else {
        let first = taken.first().copied().unwrap_or(0);
        free_share_name(&request.journal_dirs, &request.session, first)
    };
    let share = Share {
        goes_on: !earlier.plans.is_empty(),
        never_begun,
        plan_name,
        waiting: waiting.collect(),
        planned_out: if taken.contains(&1) {
            plan.head.left_out.clone()
        } else {
            Vec::new()
        },
        of: ShareOf {
            plan: whole,
            of,
            drives: taken.iter().copied().collect(),
        },
    };
    let (listing, drives) = lay_out(&plan, &pairs)?;
    let gathered = Gathered {
        listing,
        ..plan.gathered
    };
    Ok((gathered, as_plan(drives, share.shown().words()), share))
}

fn as_plan(drives: Vec<PlannedDrive>, why: String) -> Plan {
    Plan {
        lower_bound: u32::try_from(drives.len()).unwrap_or(u32::MAX),
        drives,
        proven: true,
        why,
        assumed: Vec::new(),
        left_out: Vec::new(),
        problems: Vec::new(),
    }
}

fn pairs<'a>(plan: &PlanFile, open: &BTreeSet<u32>, targets: &[&'a Target]) -> Vec<Pair<'a>> {
    let mut rest = targets.to_vec();
    let mut pairs = Vec::new();
    for number in open {
        let Some(head) = head(plan, *number) else {
            continue;
        };
        let is_it = |target: &&Target| target.info.serial == head.identity.serial;
        // A drive without a path is a size: whichever comes next is it.
        let place = if is_size(head) {
            (!rest.is_empty()).then_some(0)
        } else {
            rest.iter().position(is_it)
        };
        if let Some(place) = place {
            pairs.push(Pair {
                number: *number,
                target: rest.remove(place),
            });
        }
    }
    pairs
}

/// Lays each drive out on the one that was given for it; returns the files of all of them.
fn lay_out(plan: &PlanFile, pairs: &[Pair<'_>]) -> Result<(Listing, Vec<PlannedDrive>), JobError> {
    let all = &plan.gathered.listing;
    let union: BTreeSet<u32> = pairs
        .iter()
        .flat_map(|pair| entries(plan, pair.number))
        .copied()
        .collect();
    let union: Vec<u32> = union.into_iter().collect();
    let mut drives = Vec::with_capacity(pairs.len());
    for Pair { number, target } in pairs {
        let own = entries(plan, *number);
        let options = PlanOptions {
            mapping: plan.gathered.mapping.clone(),
            bare: false,
            as_many_as_needed: false,
        };
        let fitted = fit(&part(all, own)?, &options, &[target.size()]).map_err(|error| {
            JobError::plan(
                format!(
                    "drive {number} of the plan does not go onto {}: {error}",
                    target.info.serial
                ),
                "Give a drive that is as large as the plan has it, or plan again for the ones that are there.",
            )
        })?;
        let drive = fitted.drives.into_iter().next().ok_or_else(|| {
            JobError::plan(
                format!("drive {number} of the plan has nothing on it"),
                "Plan again with `argosy plan`.",
            )
        })?;
        let place = |entry: &u32| {
            let entry = own.get(usize::try_from(*entry).ok()?)?;
            u32::try_from(union.binary_search(entry).ok()?).ok()
        };
        drives.push(PlannedDrive {
            entries: drive.entries.iter().filter_map(place).collect(),
            ..drive
        });
    }
    Ok((part(all, &union)?, drives))
}

/// Returns some entries of a listing, ascending, as a listing of their own.
pub(super) fn part(listing: &Listing, entries: &[u32]) -> Result<Listing, JobError> {
    let mut part = Listing::new();
    for entry in entries.iter().map(|entry| listing.entry(*entry)) {
        let kind = if entry.is_folder {
            Kind::Folder
        } else {
            Kind::File
        };
        let path = entry.path.to_string();
        part.push(&path, entry.bytes, entry.modified, kind)
            .map_err(|error| JobError::usage(error.to_string(), path))?;
    }
    Ok(part)
}

/// The shares of a plan that were frozen before, and every journal that may be of one.
struct Earlier {
    /// The session's own first, then other shares, then the plans of spares, each with the serial of the
    /// drive whose place it takes.
    plans: Vec<(PlanFile, Option<String>)>,
    /// How the drives ended, by plan and serial; none of those that did not.
    journals: HashMap<([u8; 32], String), Option<Verdict>>,
}

impl Earlier {
    fn find(request: &JobRequest, whole: &str) -> Result<Self, JobError> {
        let folders = &request.journal_dirs;
        let mut earlier = Self {
            plans: taken_plans(folders, &request.session, whole)?,
            journals: HashMap::new(),
        };
        if earlier.plans.is_empty() {
            return Ok(earlier);
        }
        let mut damaged = Vec::new();
        for path in folders.iter().map(|folder| journals(folder)) {
            for path in path? {
                let read = std::fs::read(&path).map_err(|error| error.to_string());
                match read.and_then(|bytes| replay(&bytes).map_err(|damage| damage.to_string())) {
                    Ok(replay) => {
                        let drive = (replay.session.plan_hash, replay.session.drive.serial);
                        let verdict = replay.closed.map(|closed| closed.verdict);
                        // A mirror may lack the end.
                        let known = earlier.journals.entry(drive).or_default();
                        *known = known.or(verdict);
                    }
                    Err(why) => damaged.push((path, why)),
                }
            }
        }
        earlier.knows_every_drive(&damaged)?;
        Ok(earlier)
    }

    /// Refuses where the only journal of a drive cannot be read: it may be filled.
    fn knows_every_drive(&self, damaged: &[(PathBuf, String)]) -> Result<(), JobError> {
        for (plan, _) in &self.plans {
            for serial in plan.head.drives.iter().map(|head| &head.identity.serial) {
                if self.journals.contains_key(&(plan.hash, serial.clone())) {
                    continue;
                }
                let name = journal_file_name(serial);
                let is_its = |path: &Path| path.file_name().is_some_and(|own| *own == *name);
                if let Some((path, why)) = damaged.iter().find(|(path, _)| is_its(path)) {
                    return Err(JobError::refused(
                        format!(
                            "whether drive {serial} of this plan is filled cannot be told: {why}"
                        ),
                        path.display().to_string(),
                        "Bring a whole copy of this journal back. It may hold the only copy of the drive's recovery \
                         password: keep it safe.",
                    ));
                }
            }
        }
        Ok(())
    }

    /// Returns the numbers of the drives that are filled, each with its serial.
    fn filled(&self) -> BTreeMap<u32, String> {
        let mut filled = BTreeMap::new();
        for (plan, _) in &self.plans {
            let Some(share) = &plan.head.share else {
                continue;
            };
            for (number, head) in share.drives.iter().zip(&plan.head.drives) {
                let (plan, serial) = self.last_of(plan, &head.identity.serial);
                let ended = self.journals.get(&(plan.hash, serial.to_owned()));
                let is_filled = |verdict: &Verdict| *verdict != Verdict::Failed;
                if ended.is_some_and(|verdict| verdict.as_ref().is_some_and(is_filled)) {
                    filled.insert(*number, serial.to_owned());
                }
            }
        }
        filled
    }

    /// Returns the drive that holds what the drive `serial` of `plan` was to hold: it, or the last spare.
    fn last_of<'a>(&'a self, plan: &'a PlanFile, serial: &'a str) -> (&'a PlanFile, &'a str) {
        let spare = self
            .plans
            .iter()
            .find(|(_, replaces)| replaces.as_deref() == Some(serial));
        match spare.and_then(|(spare, _)| Some((spare, spare.head.drives.first()?))) {
            Some((spare, head)) => self.last_of(spare, &head.identity.serial),
            None => (plan, serial),
        }
    }

    /// Returns the names of the frozen shares that have no journal: a crash came before the first, and no drive
    /// was touched. Their drives are shared out anew.
    fn never_begun(&self) -> Vec<String> {
        let is_begun = |plan: &PlanFile| self.journals.keys().any(|(hash, _)| *hash == plan.hash);
        let plans = self.plans.iter().map(|(plan, _)| plan);
        let shares = plans.filter(|plan| plan.head.share.is_some() && !is_begun(plan));
        shares.map(|plan| plan.name.clone()).collect()
    }
}

/// Refuses a plan that lies where the run would keep its own.
///
/// # Errors
/// [`JobError`], usage.
pub(super) fn lies_apart(request: &JobRequest, path: &Path) -> Result<(), JobError> {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let own = own_name(&request.session);
    let is_own = request
        .journal_dirs
        .iter()
        .any(|folder| real(&folder.join(&own)).is_some_and(|own| Some(own) == real(path)));
    if !is_own {
        return Ok(());
    }
    Err(JobError::usage(
        "the plan lies where this session's own, frozen one goes, and would be needed again for the next drives",
        format!(
            "{}; move it out of the journal folder, or give it another name",
            path.display()
        ),
    ))
}

fn none_meant(plan: &PlanFile, open: &BTreeSet<u32>, filled: &BTreeMap<u32, String>) -> JobError {
    const NAMED: usize = 10;
    let wanted = open.iter().filter_map(|number| {
        let head = head(plan, *number).filter(|head| !is_size(head))?;
        Some(format!("{number} is {}", head.identity.serial))
    });
    let wanted: Vec<String> = wanted.take(NAMED).collect();
    let what = if wanted.is_empty() {
        format!(
            "the drives given hold drives of this plan already ({} of {} are filled)",
            filled.len(),
            plan.head.drives.len()
        )
    } else {
        format!(
            "none of the drives given is one that this plan waits for: drive {}",
            wanted.join(", ")
        )
    };
    JobError::refused(
        what,
        "--drive",
        "Attach the next drives, or plan again for the ones that are there.",
    )
}

fn waiting(plan: &PlanFile, number: u32) -> Option<WaitingDrive> {
    let head = head(plan, number)?;
    let listing = &plan.gathered.listing;
    let files = entries(plan, number)
        .iter()
        .filter(|entry| !listing.entry(**entry).is_folder);
    Some(WaitingDrive {
        number,
        serial: if is_size(head) {
            String::new()
        } else {
            head.identity.serial.clone()
        },
        bytes: head.identity.bytes,
        files: u64::try_from(files.count()).unwrap_or(u64::MAX),
    })
}

fn is_size(head: &HeadDrive) -> bool {
    head.path.as_os_str().is_empty()
}

fn head(plan: &PlanFile, number: u32) -> Option<&HeadDrive> {
    plan.head.drives.get(place(number)?)
}

fn entries(plan: &PlanFile, number: u32) -> &[u32] {
    place(number)
        .and_then(|place| plan.entries.get(place))
        .map_or(&[], Vec::as_slice)
}

fn place(number: u32) -> Option<usize> {
    usize::try_from(number.checked_sub(1)?).ok()
}
