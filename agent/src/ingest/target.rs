//! Which name a blob gets, and on what condition.

use shared::copy_log::{BlobStatus, Category, DispositionStatus};
use shared::manifest::{Disposition, ManifestFile, renamed};

use super::outcome::Trouble;
use super::run::Run;
use super::state_record::Begun;
use crate::blobs::{BlobFacts, BlobName, Condition};

/// Names that are tried before a blob is given up.
pub(super) const NAMES_MAX: u64 = 1000;

/// Where a blob goes.
pub(super) struct Target {
    pub(super) name: BlobName,
    pub(super) begun: Begun,
    /// What is there now; none when the name is free.
    pub(super) there: Option<BlobFacts>,
}

/// What a blob's rule says.
pub(super) enum Choice {
    Send(Box<Target>),
    /// The name is taken, and the rule is to leave the blob out.
    Skip,
}

impl Target {
    /// Returns what must hold when it is written.
    pub(super) fn condition(&self) -> Condition {
        match &self.begun.over {
            Some(etag) => Condition::Is(etag.clone()),
            None => Condition::Missing,
        }
    }
}

/// Asks the store and follows the blob's rule.
///
/// # Errors
/// [`Trouble`].
pub(super) async fn choose(run: &Run, number: u64, file: &ManifestFile) -> Result<Choice, Trouble> {
    let name = named(&file.blob)?;
    match (file.rule(), look(run, number, &name).await?) {
        (_, Found::Nothing) => Ok(send(name, None, DispositionStatus::Created)),
        (Disposition::Rename, _) => free_name(run, number, &name).await,
        (Disposition::NoOverwrite, Found::Blob(_)) => Ok(Choice::Skip),
        (Disposition::Overwrite, Found::Blob(facts)) => {
            // Another of this drive may find it there and replace it too.
            if !run.claim(&name.to_string(), number) {
                return Err(on_its_way(&name));
            }
            let became = DispositionStatus::Overwritten;
            Ok(send(name, Some(*facts), became))
        }
        (Disposition::NoOverwrite | Disposition::Overwrite, Found::OnItsWay) => {
            Err(on_its_way(&name))
        }
    }
}

/// What is found under a name.
enum Found {
    /// Nothing; the name is claimed.
    Nothing,
    Blob(Box<BlobFacts>),
    /// Another blob of this drive is on its way to it.
    OnItsWay,
}

/// Claims a name and asks the store, in this order: two that find it free would mix their blocks under it.
async fn look(run: &Run, number: u64, name: &BlobName) -> Result<Found, Trouble> {
    if !run.claim(&name.to_string(), number) {
        return Ok(Found::OnItsWay);
    }
    let facts = run.store().facts(name, None).await;
    match facts.map_err(|error| Trouble::of_store(&error))? {
        None => Ok(Found::Nothing),
        Some(facts) => {
            run.unclaim(&name.to_string());
            Ok(Found::Blob(Box::new(facts)))
        }
    }
}

fn on_its_way(name: &BlobName) -> Trouble {
    let what = format!(
        "another blob of this drive is on its way to {name}; run the same again to follow this one's rule"
    );
    let status = BlobStatus::BlobUnexpectedChange;
    Trouble::new(status, Category::CloudHttp, "OnItsWay", what)
}

async fn free_name(run: &Run, number: u64, taken: &BlobName) -> Result<Choice, Trouble> {
    for copy in 2..=NAMES_MAX {
        let name = format!("{}/{}", taken.container(), renamed(taken.name(), copy));
        let name = named(&name)?;
        if matches!(look(run, number, &name).await?, Found::Nothing) {
            return Ok(send(name, None, DispositionStatus::Renamed));
        }
    }
    Err(Trouble::no_free_name(NAMES_MAX))
}

fn send(name: BlobName, there: Option<BlobFacts>, disposition: DispositionStatus) -> Choice {
    let begun = Begun {
        name: name.to_string(),
        over: there.as_ref().map(|facts| facts.etag.clone()),
        disposition,
    };
    Choice::Send(Box::new(Target { name, begun, there }))
}

/// Reads the name of a blob.
///
/// # Errors
/// [`Trouble`] for one that no request can be made for.
pub(super) fn named(path: &str) -> Result<BlobName, Trouble> {
    BlobName::parse(path).map_err(|error| {
        let status = BlobStatus::BlobRequestFailed;
        Trouble::new(
            status,
            Category::CloudHttp,
            "InvalidName",
            error.to_string(),
        )
    })
}
