//! The account that an import goes to or an export comes from, and what opens it.

use std::path::PathBuf;

use clap::Args;
use zeroize::Zeroizing;

use super::key::read;
use super::screen::Screen;
use crate::blobs::{Authorization, Endpoint, Patience, Store, StoreError, StoreFault};
use crate::export::Reach;
use crate::jobs::JobError;
use crate::pipeline::Cancel;

#[derive(Args)]
#[group(skip)]
pub(super) struct StoreArguments {
    /// The account's address (an emulator's on this computer may be http)
    #[arg(long, value_name = "https://ACCOUNT.blob.core.windows.net")]
    store: String,
    /// A file with a shared access signature for it; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    sas_file: Option<PathBuf>,
    /// The signature itself. Other users of this computer can see it while the command runs: prefer --sas-file
    #[arg(long, value_name = "SAS", conflicts_with = "sas_file")]
    sas: Option<String>,
    /// A file with an access token of Microsoft Entra (https only); `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sas_file", "sas"])]
    token_file: Option<PathBuf>,
}

impl StoreArguments {
    /// Makes ready for the account; nothing is sent yet. `cancel` ends every wait.
    ///
    /// # Errors
    /// [`JobError`] when the address is none, would show the data to everybody, or nothing opens it.
    pub(super) fn open(&self, screen: &Screen, cancel: &Cancel) -> Result<Store, JobError> {
        let endpoint = Endpoint::parse(&self.store);
        let endpoint = endpoint.map_err(|error| JobError::usage(error.to_string(), "--store"))?;
        let authorization = self.authorization(screen)?;
        let opened = Store::open(endpoint, authorization, Patience::default(), cancel.clone());
        opened.map_err(|error| match error.fault {
            StoreFault::TokenInTheOpen => JobError::usage(error.to_string(), "--token-file"),
            _ => store_failed(&error, "Nothing was sent."),
        })
    }

    /// Makes ready to ask the account from threads that wait.
    ///
    /// # Errors
    /// [`JobError`] as [`Self::open`].
    pub(super) fn reach(&self, screen: &Screen, cancel: &Cancel) -> Result<Reach, JobError> {
        let opened = Reach::new(self.open(screen, cancel)?);
        opened.map_err(|error| {
            let what = format!("cannot start threads: {error}");
            JobError::io(what, "", "Nothing was sent.")
        })
    }

    /// Returns the account that a command is given whose own it is not always; `None` where it is given none.
    pub(super) fn of(
        store: Option<String>,
        sas_file: Option<PathBuf>,
        sas: Option<String>,
        token_file: Option<PathBuf>,
    ) -> Option<Self> {
        Some(Self {
            store: store?,
            sas_file,
            sas,
            token_file,
        })
    }

    fn authorization(&self, screen: &Screen) -> Result<Authorization, JobError> {
        let (taken, place) = match (&self.sas_file, &self.sas, &self.token_file) {
            (Some(path), _, _) => (
                Authorization::signature(&read(path)?),
                path.display().to_string(),
            ),
            (None, Some(signature), _) => {
                screen.aside("argosy: other users of this computer can see a signature on the command line; --sas-file hides it");
                let bytes = Zeroizing::new(signature.clone().into_bytes());
                (Authorization::signature(&bytes), "--sas".to_owned())
            }
            (None, None, Some(path)) => (
                Authorization::token(&read(path)?),
                path.display().to_string(),
            ),
            (None, None, None) => {
                let what = "nothing opens the account: give --sas-file FILE or --token-file FILE";
                return Err(JobError::usage(what, "--sas-file"));
            }
        };
        taken.map_err(|error| JobError::usage(error.to_string(), place))
    }
}

/// Returns how a command ends that a store stopped; `safe` says what that means for the person's data.
pub(super) fn store_failed(error: &StoreError, safe: &str) -> JobError {
    let mut failed = JobError::io(error.to_string(), error.subject.as_str(), safe);
    failed.error.next = error.next().to_owned();
    failed
}
