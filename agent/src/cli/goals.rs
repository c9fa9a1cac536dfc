//! Where a drive goes: the account of its blobs, the server of its files, and what opens each.

use std::path::PathBuf;

use clap::Args;

use super::key::read;
use super::screen::Screen;
use super::store::StoreArguments;
use crate::blobs::Patience;
use crate::ingest::Goals;
use crate::jobs::JobError;
use crate::pipeline::Cancel;
use crate::shares::{Login, Share, ShareAddress};

#[derive(Args)]
#[command(group(clap::ArgGroup::new("into").required(true).multiple(true).args(["store", "share"])))]
#[group(skip)]
pub(super) struct GoalArguments {
    /// The account's address, for blobs (an emulator's on this computer may be http)
    #[arg(long, value_name = "https://ACCOUNT.blob.core.windows.net")]
    store: Option<String>,
    /// A file with a shared access signature for it; `-` reads standard input
    #[arg(long, value_name = "FILE", requires = "store")]
    sas_file: Option<PathBuf>,
    /// The signature itself. Other users of this computer can see it while the command runs: prefer --sas-file
    #[arg(
        long,
        value_name = "SAS",
        requires = "store",
        conflicts_with = "sas_file"
    )]
    sas: Option<String>,
    /// A file with an access token of Microsoft Entra (https only); `-` reads standard input
    #[arg(long, value_name = "FILE", requires = "store", conflicts_with_all = ["sas_file", "sas"])]
    token_file: Option<PathBuf>,
    /// The server of file shares, or one share of it, for files. SMB 3.1.1, encrypted: Azure Files, or any other server
    #[arg(
        long,
        value_name = "//ACCOUNT.file.core.windows.net/SHARE",
        requires = "share_key_file"
    )]
    share: Option<String>,
    /// A file with the password, of Azure Files the account's key; `-` reads standard input
    #[arg(long, value_name = "FILE", requires = "share")]
    share_key_file: Option<PathBuf>,
    /// Who opens the share [default: the account, by its address]
    #[arg(long, value_name = "[DOMAIN\\]USER", requires = "share")]
    share_user: Option<String>,
}

impl GoalArguments {
    /// Returns how many secrets come from standard input.
    pub(super) fn standard_inputs(&self) -> usize {
        let files = [&self.sas_file, &self.token_file, &self.share_key_file];
        let files = files.into_iter().flatten();
        files.filter(|path| path.as_os_str() == "-").count()
    }

    /// Makes ready; nothing is sent yet. `cancel` ends every wait.
    ///
    /// # Errors
    /// [`JobError`] when an address is none, would show the data to everybody, or nothing opens it.
    pub(super) fn open(&self, screen: &Screen, cancel: &Cancel) -> Result<Goals, JobError> {
        let store = StoreArguments::of(
            self.store.clone(),
            self.sas_file.clone(),
            self.sas.clone(),
            self.token_file.clone(),
        );
        Ok(Goals {
            store: store.map(|store| store.open(screen, cancel)).transpose()?,
            share: self.open_share(cancel)?,
        })
    }

    fn open_share(&self, cancel: &Cancel) -> Result<Option<Share>, JobError> {
        let (Some(share), Some(key_file)) = (&self.share, &self.share_key_file) else {
            return Ok(None);
        };
        let address = ShareAddress::parse(share);
        let address = address.map_err(|error| JobError::usage(error.to_string(), "--share"))?;
        if self.share_user.is_none() && address.account().is_none() {
            let what =
                "who opens it? Give --share-user; only an address of Azure Files names an account";
            return Err(JobError::usage(what, "--share-user"));
        }
        let login = Login::new(&address, self.share_user.as_deref(), &read(key_file)?);
        let login = login.ok_or_else(|| {
            let what = "there is no password in it, or no user before it";
            JobError::usage(what, key_file.display().to_string())
        })?;
        let patience = Patience::default();
        Ok(Some(Share::new(address, login, patience, cancel.clone())))
    }
}
