//! Which name a blob gets, and on what condition.

use shared::copy_log::{BlobStatus, Category, DispositionStatus};
use shared::manifest::{Disposition, ManifestFile, renamed};

use super::outcome::Trouble;
use super::state_record::Begun;
use crate::blobs::{BlobFacts, BlobName, Condition, Store};

/// Names that are tried before a blob is given up.
const NAMES_MAX: u64 = 1000;

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
pub(super) async fn choose(store: &Store, file: &ManifestFile) -> Result<Choice, Trouble> {
    let name = named(&file.blob)?;
    let facts = store.facts(&name, None).await;
    let there = facts.map_err(|error| Trouble::of_store(&error))?;
    let Some(facts) = there else {
        return Ok(send(name, None, DispositionStatus::Created));
    };
    match file.disposition {
        Disposition::NoOverwrite => Ok(Choice::Skip),
        Disposition::Overwrite => {
            let became = DispositionStatus::Overwritten;
            Ok(send(name, Some(facts), became))
        }
        Disposition::Rename => free_name(store, &name).await,
    }
}

async fn free_name(store: &Store, taken: &BlobName) -> Result<Choice, Trouble> {
    for number in 2..=NAMES_MAX {
        let name = format!("{}/{}", taken.container(), renamed(taken.name(), number));
        let name = named(&name)?;
        let facts = store.facts(&name, None).await;
        if facts.map_err(|error| Trouble::of_store(&error))?.is_none() {
            return Ok(send(name, None, DispositionStatus::Renamed));
        }
    }
    let what = format!("the name is taken, and so are those up to ({NAMES_MAX})");
    let status = BlobStatus::RenameFailed;
    Err(Trouble::new(
        status,
        Category::CloudHttp,
        "RenameFailed",
        what,
    ))
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
