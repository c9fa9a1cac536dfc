//! A plan as the page shows it: computed here, in the browser, by the functions that the agent plans with.

use std::collections::BTreeMap;

use disk::SectorSize;
use serde::{Deserialize, Serialize};
use shared::api::{ApiError, Rename, code};
use shared::blob_name::Destination;
use shared::mhl::Creator;
use shared::plan::{
    DRIVES_PER_JOB, DriveSize, Listing, Mapping, Plan, PlanOptions, Problem, csv_field, fit, mend,
    pieces_of,
};

use crate::groups::{Group, Groups};
use crate::listed::NAMED_MAX;
use crate::words::sentence;

/// What a plan is wanted for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRequest {
    /// Session id.
    pub session: String,
    /// `container/` or `container/prefix/`; none while it is not chosen.
    pub destination: Option<String>,
    /// Whether each blob gets its Content-MD5.
    pub content_md5: bool,
    /// Who makes a hash list of each drive, where one is wanted: each blob gets its Content-MD5 then too.
    #[serde(default)]
    pub mhl: Option<Creator>,
    /// Whether every bad name is replaced by its proposal.
    pub take_proposals: bool,
    /// New names that the person accepted one by one.
    #[serde(default)]
    pub renames: Vec<Rename>,
    /// The drives, or one size.
    pub drives: Vec<WantedDrive>,
    /// Whether the one size is taken as often as needed.
    pub as_many_as_needed: bool,
}

/// A drive to plan onto.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedDrive {
    /// Its serial, or a name for a size.
    pub serial: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its logical sectors: 512 or 4096 bytes.
    pub sector_bytes: u64,
}

/// A plan in the words and pictures of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    /// The drives, in the order of the plan.
    pub drives: Vec<DriveView>,
    /// The top folders, in the order of the bars' colours; the last may stand for many.
    pub groups: Vec<Group>,
    /// No plan has fewer drives.
    pub lower_bound: u32,
    /// Whether this one has as few.
    pub proven: bool,
    /// Why fewer cannot do.
    pub why: String,
    /// What was taken for granted.
    pub assumed: Vec<String>,
    /// Names that cannot go as they are. The first of them.
    pub problems: Vec<ProblemView>,
    /// How many there are.
    pub problem_count: u64,
    /// The new names that this plan is made with.
    pub renames: Vec<Rename>,
    /// Entries that go onto no drive.
    pub left_out_count: u64,
    /// Files on all drives.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// One drive of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriveView {
    /// As given.
    pub serial: String,
    /// The whole drive.
    pub disk_bytes: u64,
    /// What it can take.
    pub capacity_bytes: u64,
    /// What it takes.
    pub used_bytes: u64,
    /// Files on it.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Bytes of each group on it: (place in the plan's groups, bytes), without empty ones.
    pub parts: Vec<(u32, u64)>,
}

/// A name that cannot go as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemView {
    /// The file or folder.
    pub path: String,
    /// What is wrong with its name.
    pub rule: String,
    /// A name that would do; empty when none helps.
    pub proposal: String,
}

/// Plans, and returns the plan with its view.
///
/// # Errors
/// [`ApiError`] saying what does not fit and by how much, or what of the request is not well formed.
pub fn plan(listing: &Listing, request: &PlanRequest) -> Result<(Plan, PlanView), ApiError> {
    let options = options(listing, request)?;
    let mut drives = Vec::with_capacity(request.drives.len());
    for wanted in &request.drives {
        let sector = SectorSize::try_from(wanted.sector_bytes)
            .map_err(|error| bad_field(&wanted.serial, &error))?;
        drives.push(DriveSize {
            serial: wanted.serial.clone(),
            bytes: wanted.bytes,
            sector,
            kept: None,
        });
    }
    let plan = fit(listing, &options, &drives).map_err(|error| {
        ApiError::new(code::PLAN, sentence(&error.to_string()))
            .safe("Nothing was touched.")
            .next("Choose larger or more drives, or send less.")
    })?;
    let mut view = view(listing, &plan);
    view.renames = renames(&options.mapping);
    if request.destination.is_none() {
        view.assumed
            .push("a destination of container/, until one is chosen".to_owned());
    }
    Ok((plan, view))
}

fn options(listing: &Listing, request: &PlanRequest) -> Result<PlanOptions, ApiError> {
    let session = request
        .session
        .parse()
        .map_err(|error| bad_field("session", &error))?;
    let destination: Destination = request
        .destination
        .as_deref()
        .unwrap_or("container/")
        .parse()
        .map_err(|error| bad_field("destination", &error))?;
    let mut mapping = Mapping::of_source(session, destination);
    mapping.content_md5 = request.content_md5 || request.mhl.is_some();
    mapping.mhl.clone_from(&request.mhl);
    for rename in &request.renames {
        mapping
            .renames
            .insert(rename.path.clone(), rename.name.clone());
    }
    if request.take_proposals {
        mend(listing, &mut mapping);
    }
    Ok(PlanOptions {
        mapping,
        bare: false,
        as_many_as_needed: request.as_many_as_needed,
    })
}

fn renames(mapping: &Mapping) -> Vec<Rename> {
    let renames: &BTreeMap<String, String> = &mapping.renames;
    renames
        .iter()
        .map(|(path, name)| Rename {
            path: path.clone(),
            name: name.clone(),
        })
        .collect()
}

fn view(listing: &Listing, plan: &Plan) -> PlanView {
    let groups = Groups::new(listing);
    let mut view = PlanView {
        groups: groups.all().to_vec(),
        lower_bound: plan.lower_bound,
        proven: plan.proven,
        why: sentence(&plan.why),
        assumed: plan.assumed.clone(),
        problems: plan
            .problems
            .iter()
            .take(NAMED_MAX)
            .map(ProblemView::from)
            .collect(),
        problem_count: u64::try_from(plan.problems.len()).unwrap_or(u64::MAX),
        left_out_count: u64::try_from(plan.left_out.len()).unwrap_or(u64::MAX),
        ..PlanView::default()
    };
    for drive in &plan.drives {
        let mut parts = vec![0_u64; groups.all().len()];
        pieces_of(&drive.entries, &mut |entries| {
            for entry in entries.iter().map(|number| listing.facts(*number)) {
                if let Some(part) = parts.get_mut(groups.of(entry.folder)) {
                    *part = part.saturating_add(entry.bytes);
                }
            }
        });
        view.files = view.files.saturating_add(u64::from(drive.files));
        view.bytes = view.bytes.saturating_add(drive.file_bytes);
        view.drives.push(DriveView {
            serial: drive.serial.clone(),
            disk_bytes: drive.disk_bytes,
            capacity_bytes: drive.capacity_bytes,
            used_bytes: drive.used_bytes,
            files: u64::from(drive.files),
            bytes: drive.file_bytes,
            parts: (0..).zip(parts).filter(|(_, bytes)| *bytes > 0).collect(),
        });
    }
    view
}

/// Returns the plan as CSV: which file goes onto which drive, then what stays behind and why.
#[must_use]
pub fn save(listing: &Listing, plan: &Plan) -> String {
    let mut csv = String::from("drive,path,bytes\n");
    for drive in &plan.drives {
        for &number in &drive.entries {
            let entry = listing.entry(number);
            let end = if entry.is_folder { "/" } else { "" };
            push_row(
                &mut csv,
                &[
                    &drive.serial,
                    &format!("{}{end}", entry.path),
                    &entry.bytes.to_string(),
                ],
            );
        }
    }
    for left in &plan.left_out {
        push_row(
            &mut csv,
            &["", &left.path, &format!("left out: {}", left.reason.text())],
        );
    }
    csv
}

fn push_row(csv: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| csv_field(cell)).collect();
    csv.push_str(&cells.join(","));
    csv.push('\n');
}

impl PlanView {
    /// Returns the drives by import job, in their order.
    pub fn jobs(&self) -> std::slice::Chunks<'_, DriveView> {
        self.drives.chunks(DRIVES_PER_JOB)
    }
}

impl From<&Problem> for ProblemView {
    fn from(problem: &Problem) -> Self {
        Self {
            path: problem.path.clone(),
            rule: problem.rule.to_string(),
            proposal: problem.proposal.clone().unwrap_or_default(),
        }
    }
}

fn bad_field(field: &str, error: &dyn std::fmt::Display) -> ApiError {
    ApiError::new(code::BAD_REQUEST, sentence(&error.to_string()))
        .at(field)
        .safe("Nothing was touched.")
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::listed::read_csv;

    const CSV: &[u8] = b"path,bytes\nfilm/a/1.mov,600000000\nfilm/a/2.mov,500000000\n\
        film/b/CON,10\n\"film/b/x, y.mov\",700000000\n";

    fn request() -> PlanRequest {
        PlanRequest {
            session: "reels-1".to_owned(),
            destination: Some("film/".to_owned()),
            content_md5: false,
            mhl: None,
            take_proposals: false,
            renames: Vec::new(),
            drives: vec![WantedDrive {
                serial: "drive".to_owned(),
                bytes: 1_400_000_512,
                sector_bytes: 512,
            }],
            as_many_as_needed: true,
        }
    }

    #[test]
    fn a_listing_is_planned_with_every_byte_in_a_bar() {
        let (listing, listed) = read_csv(CSV).expect("well formed");
        assert_eq!((listed.files, listed.bytes), (4, 1_800_000_010));
        let (_, view) = plan(&listing, &request()).expect("fits");
        assert_eq!(view.drives.len(), 2);
        let in_bars: u64 = view
            .drives
            .iter()
            .flat_map(|drive| &drive.parts)
            .map(|(_, bytes)| bytes)
            .sum();
        assert_eq!((in_bars, view.files), (1_800_000_000, 3));
        let names: Vec<_> = view
            .groups
            .iter()
            .map(|group| group.name.as_str())
            .collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn a_name_that_cannot_go_is_left_out_until_its_proposal_is_taken() {
        let (listing, _) = read_csv(CSV).expect("well formed");
        let (_, view) = plan(&listing, &request()).expect("fits");
        assert_eq!((view.problem_count, view.left_out_count), (1, 1));
        assert_eq!(view.problems[0].path, "film/b/CON");
        let wish = PlanRequest {
            take_proposals: true,
            ..request()
        };
        let (_, view) = plan(&listing, &wish).expect("fits");
        assert_eq!((view.problem_count, view.left_out_count), (0, 0));
        assert_eq!(view.renames[0].path, "film/b/CON");
    }

    #[test]
    fn a_name_that_is_accepted_alone_is_taken_and_goes_along() {
        let (listing, _) = read_csv(CSV).expect("well formed");
        let (_, before) = plan(&listing, &request()).expect("fits");
        let rename = Rename {
            path: before.problems[0].path.clone(),
            name: before.problems[0].proposal.clone(),
        };
        let wish = PlanRequest {
            renames: vec![rename.clone()],
            ..request()
        };
        let (_, view) = plan(&listing, &wish).expect("fits");
        assert_eq!((view.problem_count, view.left_out_count), (0, 0));
        assert_eq!(view.renames, [rename]);
    }

    #[test]
    fn a_hash_list_takes_room_and_gives_each_blob_its_content_md5() {
        let mut csv = String::from("path,bytes\n");
        for number in 0..400 {
            csv.push_str(&format!("film/clip {number} & more.mov,300000\n"));
        }
        let (listing, _) = read_csv(csv.as_bytes()).expect("well formed");
        let mut wish = request();
        wish.drives[0].bytes = 132_000_000 / 512 * 512;
        wish.content_md5 = true;
        let (_, without) = plan(&listing, &wish).expect("fits");
        wish.content_md5 = false;
        wish.mhl = Some(Creator {
            host: "cart <2> & co".to_owned(),
            version: "0.1.0".to_owned(),
        });
        let options = options(&listing, &wish).expect("well formed");
        assert!(options.mapping.content_md5 && options.mapping.mhl == wish.mhl);
        let (_, view) = plan(&listing, &wish).expect("fits");
        let used = |view: &PlanView| {
            let drives = view.drives.iter();
            drives.map(|drive| drive.used_bytes).sum::<u64>()
        };
        assert!(used(&view) > used(&without), "the list takes no room");
    }

    #[test]
    fn what_does_not_fit_is_said_as_a_sentence_and_nothing_was_touched() {
        let (listing, _) = read_csv(CSV).expect("well formed");
        let mut wish = request();
        wish.drives[0].bytes = 600_000_512;
        let error = plan(&listing, &wish).expect_err("too small");
        assert_eq!(error.code, code::PLAN);
        assert!(
            error.message.contains("b/x, y.mov") && error.message.ends_with('.'),
            "{error}"
        );
        assert_eq!(error.safe, "Nothing was touched.");
    }

    #[test]
    fn a_saved_plan_quotes_what_has_to_be_and_names_what_stays_behind() {
        let (listing, _) = read_csv(CSV).expect("well formed");
        let (plan, _) = plan(&listing, &request()).expect("fits");
        let csv = save(&listing, &plan);
        assert_eq!(csv.lines().count(), 5);
        assert!(csv.contains(",\"film/b/x, y.mov\",700000000\n"));
        assert!(csv.contains(",film/b/CON,left out: "));
    }

    #[test]
    fn eleven_drives_are_two_jobs() {
        let of = |drives: usize| PlanView {
            drives: vec![DriveView::default(); drives],
            ..PlanView::default()
        };
        for (drives, jobs) in [(0, 0), (10, 1), (11, 2)] {
            assert_eq!(of(drives).jobs().len(), jobs, "{drives}");
        }
    }
}
