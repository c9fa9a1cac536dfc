//! The file shares that an import goes to, and who opens them.

use std::path::PathBuf;

use clap::Args;

use super::key::read;
use crate::blobs::Patience;
use crate::jobs::JobError;
use crate::pipeline::Cancel;
use crate::shares::{Login, Share, ShareAddress};

#[derive(Args)]
pub(super) struct ShareArguments {
    /// The server of file shares, or one share of it. SMB 3.1.1, encrypted; of Azure Files or of any other server
    #[arg(
        long,
        value_name = "//ACCOUNT.file.core.windows.net/SHARE",
        requires = "share_key_file"
    )]
    share: String,
    /// A file with the password, of Azure Files the account's key; `-` reads standard input
    #[arg(long, value_name = "FILE", requires = "share")]
    share_key_file: PathBuf,
    /// Who opens it [default: the account, by its address]
    #[arg(long, value_name = "[DOMAIN\\]USER", requires = "share")]
    share_user: Option<String>,
}

impl ShareArguments {
    /// Returns whether what opens it comes from standard input.
    pub(super) fn is_standard_input(&self) -> bool {
        self.share_key_file.as_os_str() == "-"
    }

    /// Makes ready; nothing is sent yet. `cancel` ends every wait.
    ///
    /// # Errors
    /// [`JobError`] when the address is none, or nobody is known who opens it.
    pub(super) fn open(&self, cancel: &Cancel) -> Result<Share, JobError> {
        let address = ShareAddress::parse(&self.share);
        let address = address.map_err(|error| JobError::usage(error.to_string(), "--share"))?;
        if self.share_user.is_none() && address.account().is_none() {
            let what =
                "who opens it? Give --share-user; only an address of Azure Files names an account";
            return Err(JobError::usage(what, "--share-user"));
        }
        let password = read(&self.share_key_file)?;
        let login = Login::new(&address, self.share_user.as_deref(), &password);
        let login = login.ok_or_else(|| {
            let place = self.share_key_file.display().to_string();
            JobError::usage("there is no password in it, or no user before it", place)
        })?;
        Ok(Share::new(
            address,
            login,
            Patience::default(),
            cancel.clone(),
        ))
    }
}
