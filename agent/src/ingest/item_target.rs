//! Which name a file gets in its share.

use shared::copy_log::{BlobStatus, Category, DispositionStatus};
use shared::manifest::{Disposition, ManifestFile};
use shared::plan::share_names::check_share_path;

use super::outcome::Trouble;
use super::run::Run;
use super::state_record::{Begun, IN_SHARE};
use super::target::NAMES_MAX;
use crate::shares::{ItemFacts, Share, SharePath};

/// Where a file goes.
pub(super) struct Aim {
    pub(super) place: SharePath,
    pub(super) begun: Begun,
}

/// What is found under a name.
enum Found {
    /// Nothing; the name is claimed.
    Nothing,
    File(ItemFacts),
    Folder,
    /// Another file of this drive is on its way to it.
    OnItsWay,
}

impl Aim {
    /// Returns what an earlier run decided.
    ///
    /// # Errors
    /// [`Trouble`] for a name that is none.
    pub(super) fn of(begun: &Begun) -> Result<Self, Trouble> {
        let name = begun.name.strip_prefix(IN_SHARE).unwrap_or(&begun.name);
        Ok(Self {
            place: place_of(name)?,
            begun: begun.clone(),
        })
    }

    fn new(place: SharePath, over: Option<&ItemFacts>, disposition: DispositionStatus) -> Self {
        let begun = Begun {
            name: format!("{IN_SHARE}{place}"),
            over: over.map(ItemFacts::version),
            disposition,
        };
        Self { place, begun }
    }
}

/// Asks the share and follows the file's rule; `None` when that leaves it out.
///
/// # Errors
/// [`Trouble`].
pub(super) async fn choose(
    run: &Run,
    share: &Share,
    number: u64,
    file: &ManifestFile,
    place: &SharePath,
) -> Result<Option<Aim>, Trouble> {
    let found = look(run, share, number, place).await?;
    match (file.rule(), found) {
        (_, Found::Nothing) => {
            let created = DispositionStatus::Created;
            Ok(Some(Aim::new(place.clone(), None, created)))
        }
        (Disposition::Rename, _) => free_name(run, share, number, place).await.map(Some),
        (Disposition::NoOverwrite, Found::File(_) | Found::Folder) => Ok(None),
        (Disposition::Overwrite, Found::File(facts)) => {
            // Another of this drive may find it there and replace it too.
            if !run.claim(&format!("{IN_SHARE}{place}"), number) {
                return Err(on_its_way(place));
            }
            let became = DispositionStatus::Overwritten;
            Ok(Some(Aim::new(place.clone(), Some(&facts), became)))
        }
        (Disposition::Overwrite, Found::Folder) => {
            let what = format!("{place} is a folder, which no file takes the place of");
            let status = BlobStatus::BlobRequestFailed;
            Err(Trouble::new(status, Category::Win32, "IsAFolder", what))
        }
        (Disposition::NoOverwrite | Disposition::Overwrite, Found::OnItsWay) => {
            Err(on_its_way(place))
        }
    }
}

/// Claims a name and asks the share, in this order: two that find it free would write under it.
async fn look(run: &Run, share: &Share, number: u64, place: &SharePath) -> Result<Found, Trouble> {
    let name = format!("{IN_SHARE}{place}");
    if !run.claim(&name, number) {
        return Ok(Found::OnItsWay);
    }
    let facts = share.facts(place).await;
    match facts.map_err(|error| Trouble::of_share(&error))? {
        None => Ok(Found::Nothing),
        Some(facts) => {
            run.unclaim(&name);
            Ok(if facts.is_folder {
                Found::Folder
            } else {
                Found::File(facts)
            })
        }
    }
}

async fn free_name(
    run: &Run,
    share: &Share,
    number: u64,
    taken: &SharePath,
) -> Result<Aim, Trouble> {
    for copy in 2..=NAMES_MAX {
        let place = place_of(&taken.renamed(copy).to_string())?;
        if matches!(look(run, share, number, &place).await?, Found::Nothing) {
            return Ok(Aim::new(place, None, DispositionStatus::Renamed));
        }
    }
    Err(Trouble::no_free_name(NAMES_MAX))
}

fn on_its_way(place: &SharePath) -> Trouble {
    let what = format!(
        "another file of this drive is on its way to {place}; run the same again to follow this one's rule"
    );
    let status = BlobStatus::BlobUnexpectedChange;
    Trouble::new(status, Category::CloudHttp, "OnItsWay", what)
}

/// Reads where a file goes.
///
/// # Errors
/// [`Trouble`] for a name that no share holds: a manifest may come from anybody.
pub(super) fn place_of(path: &str) -> Result<SharePath, Trouble> {
    let invalid = |what: String| {
        let status = BlobStatus::FileNameInvalid;
        Trouble::new(status, Category::Win32, "FileNameInvalid", what)
    };
    check_share_path(path).map_err(|(part, problem)| {
        invalid(format!(
            "\"{part}\" cannot be in a file share: {problem}; nothing of it was sent"
        ))
    })?;
    SharePath::parse(path).ok_or_else(|| invalid(format!("\"{path}\" is no SHARE/NAME")))
}
