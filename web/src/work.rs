//! What takes long: reading listings, planning, checking. One bench holds the listing; it stands in a worker, or in the
//! page itself when there is none.

use serde::{Deserialize, Serialize};
use shared::api::{ApiError, ScanReply, code};
use shared::plan::{Listing, Plan};

use crate::checking::{self, DriveCheck, Dropped};
use crate::planning::{self, Listed, PlanRequest, PlanView};

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Task {
    /// Says that the bench is there.
    Greet,
    /// Takes the first file as the listing.
    ReadCsv,
    /// Takes an answer of the agent, as it came, as the listing.
    ReadScan {
        /// The answer.
        reply: String,
    },
    /// Plans from the listing.
    Plan(PlanRequest),
    /// Writes the last plan as CSV.
    SavePlan,
    /// Judges the files.
    Check,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// The bench is there.
    Greeted,
    /// The listing is taken.
    Listed(Listed),
    /// A plan.
    Planned(Box<PlanView>),
    /// The plan as CSV.
    Saved(String),
    /// The judgements.
    Checked(Vec<DriveCheck>),
    /// It could not be done.
    Failed(ApiError),
}

/// What the work is done with.
#[derive(Debug, Default)]
pub struct Bench {
    listing: Option<Listing>,
    plan: Option<Plan>,
}

impl Bench {
    /// Does a piece of work. `progress` is told now and then how far it is.
    pub fn run(
        &mut self,
        task: Task,
        files: &[Dropped],
        progress: &mut dyn FnMut(String),
    ) -> Outcome {
        self.try_run(task, files, progress)
            .unwrap_or_else(Outcome::Failed)
    }

    fn try_run(
        &mut self,
        task: Task,
        files: &[Dropped],
        progress: &mut dyn FnMut(String),
    ) -> Result<Outcome, ApiError> {
        match task {
            Task::Greet => Ok(Outcome::Greeted),
            Task::ReadCsv => {
                let file = files.first().ok_or_else(|| missing("no file was given"))?;
                let mut csv = vec![0; usize::try_from(file.content.bytes()).unwrap_or(0)];
                file.content
                    .read_at(0, &mut csv)
                    .map_err(|error| missing(&error.to_string()).at(&file.name))?;
                let (listing, listed) =
                    planning::read_csv(&csv).map_err(|error| in_file(error, &file.name))?;
                self.take(Some(listing));
                Ok(Outcome::Listed(listed))
            }
            Task::ReadScan { reply } => {
                let reply: ScanReply = serde_json::from_str(&reply).map_err(|error| {
                    missing(&format!("the agent's answer is not a scan: {error}"))
                })?;
                let (listing, listed) = planning::read_scan(&reply)?;
                self.take(listing);
                Ok(Outcome::Listed(listed))
            }
            Task::Plan(request) => {
                let listing = self.listing()?;
                let (plan, view) = planning::plan(listing, &request)?;
                self.plan = Some(plan);
                Ok(Outcome::Planned(Box::new(view)))
            }
            Task::SavePlan => {
                let plan = self
                    .plan
                    .as_ref()
                    .ok_or_else(|| missing("there is no plan yet"))?;
                Ok(Outcome::Saved(planning::save(self.listing()?, plan)))
            }
            Task::Check => Ok(Outcome::Checked(checking::check(files, progress))),
        }
    }

    fn take(&mut self, listing: Option<Listing>) {
        self.listing = listing;
        self.plan = None;
    }

    fn listing(&self) -> Result<&Listing, ApiError> {
        self.listing
            .as_ref()
            .ok_or_else(|| missing("there is no listing yet"))
    }
}

fn missing(what: &str) -> ApiError {
    ApiError::new(code::BAD_REQUEST, planning::sentence(what)).safe("Nothing was touched.")
}

fn in_file(mut error: ApiError, name: &str) -> ApiError {
    error.place = if error.place.is_empty() {
        name.to_owned()
    } else {
        format!("{name}: {}", error.place)
    };
    error
}
