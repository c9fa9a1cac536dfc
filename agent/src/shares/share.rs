//! What is asked of a server of file shares. A line that breaks is waited for.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ntfs_image::FileTime;
use smb2::client::Connection;
use smb2::client::stream::{open_file_reader, open_file_writer, open_file_writer_at};
use smb2::{RenameOptions, Tree};
use tokio::sync::Mutex;

use super::address::ShareAddress;
use super::error::{ShareError, ShareFault, breaks_line};
use super::link::Link;
use super::login::Login;
use super::place::SharePath;
use super::writing::Writing;
use crate::blobs::Patience;
use crate::pipeline::Cancel;

/// A server's file shares.
pub struct Share {
    address: ShareAddress,
    login: Login,
    patience: Patience,
    cancel: Cancel,
    link: Mutex<Links>,
    /// Folders that are there, in lower case.
    folders: Mutex<HashSet<String>>,
}

#[derive(Default)]
struct Links {
    /// How many there were.
    number: u64,
    now: Option<Link>,
}

/// A file or folder that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemFacts {
    /// Its length; 0 of a folder.
    pub bytes: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// When it was made.
    pub created: FileTime,
    /// When it was changed last.
    pub modified: FileTime,
}

impl ItemFacts {
    /// Returns what changes when the file does: SMB has nothing better.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{}-{}", self.bytes, self.modified.0)
    }
}

/// How long nothing looks whether the person stopped it.
const TICK: Duration = Duration::from_millis(100);

impl Share {
    /// Makes ready; nothing is sent yet. `cancel` ends every wait.
    #[must_use]
    pub fn new(address: ShareAddress, login: Login, patience: Patience, cancel: Cancel) -> Self {
        Self {
            address,
            login,
            patience,
            cancel,
            link: Mutex::default(),
            folders: Mutex::default(),
        }
    }

    /// Returns where it is.
    #[must_use]
    pub const fn address(&self) -> &ShareAddress {
        &self.address
    }

    /// Signs in and opens shares, and does not wait for a server that is away.
    ///
    /// # Errors
    /// [`ShareError`].
    pub async fn reach<'a>(&self, shares: impl Iterator<Item = &'a str>) -> Result<(), ShareError> {
        for share in shares {
            self.open(share).await?;
        }
        Ok(())
    }

    /// Returns what is there; `None` when nothing is.
    ///
    /// # Errors
    /// [`ShareError`].
    pub async fn facts(&self, place: &SharePath) -> Result<Option<ItemFacts>, ShareError> {
        let found = self.patiently(place, |mut connection, tree| {
            let path = place.path().to_owned();
            async move { tree.stat(&mut connection, &path).await }
        });
        match found.await {
            Ok(info) => Ok(Some(ItemFacts {
                bytes: if info.is_directory { 0 } else { info.size },
                is_folder: info.is_directory,
                created: FileTime(info.created.0),
                modified: FileTime(info.modified.0),
            })),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the folders above a file that are not there.
    ///
    /// # Errors
    /// [`ShareError`].
    pub async fn make_folders(&self, place: &SharePath) -> Result<(), ShareError> {
        let mut known = self.folders.lock().await;
        for folder in place.folders() {
            let key = folder.to_string().to_lowercase();
            if known.contains(&key) {
                continue;
            }
            let made = self.patiently(&folder, |mut connection, tree| {
                let path = folder.path().to_owned();
                async move { tree.create_directory(&mut connection, &path).await }
            });
            // One that is there, or a file: then the file below it is refused.
            if let Err(error) = made.await
                && !error.is_taken()
            {
                return Err(error);
            }
            known.insert(key);
        }
        Ok(())
    }

    /// Opens a file to write it: anew, or from a byte on where the ones before it stay.
    ///
    /// # Errors
    /// [`ShareError`].
    pub async fn write(&self, place: &SharePath, from: u64) -> Result<Writing, ShareError> {
        let opened = self.patiently(place, |connection, tree| {
            let path = place.path().to_owned();
            async move {
                if from == 0 {
                    open_file_writer(tree, connection, &path).await
                } else {
                    open_file_writer_at(tree, connection, &path, from).await
                }
            }
        });
        Ok(Writing::new(opened.await?, place.to_string()))
    }

    /// Reads a part of a file; shorter where the file ends.
    ///
    /// # Errors
    /// [`ShareError`].
    pub async fn read(
        &self,
        place: &SharePath,
        at: u64,
        bytes: u64,
    ) -> Result<Vec<u8>, ShareError> {
        let read = self.patiently(place, |connection, tree| {
            let path = place.path().to_owned();
            async move {
                let reader = open_file_reader(tree, connection, &path).await?;
                let read = reader.read_at(at, bytes).await?;
                reader.close().await?;
                Ok(read)
            }
        });
        read.await
    }

    /// Gives a file another name in its folder; `over` takes the place of one that has it.
    ///
    /// # Errors
    /// [`ShareError`]. One that is missing may have been renamed by an attempt whose answer was lost.
    pub async fn rename(
        &self,
        from: &SharePath,
        to: &SharePath,
        over: bool,
    ) -> Result<(), ShareError> {
        let renamed = self.patiently(to, |mut connection, tree| {
            let (from, to) = (from.path().to_owned(), to.path().to_owned());
            let options = RenameOptions::new().replace_if_exists(over);
            async move { tree.rename_with(&mut connection, &from, &to, options).await }
        });
        renamed.await
    }

    /// Takes a file away, if it is there.
    ///
    /// # Errors
    /// [`ShareError`].
    pub async fn remove(&self, place: &SharePath) -> Result<(), ShareError> {
        let removed = self.patiently(place, |mut connection, tree| {
            let path = place.path().to_owned();
            async move { tree.delete_file(&mut connection, &path).await }
        });
        match removed.await {
            Err(error) if !error.is_missing() => Err(error),
            _ => Ok(()),
        }
    }

    /// Waits before attempt `number` (from 1) is made again.
    ///
    /// # Errors
    /// `error` when it was the last, or that the person stopped it.
    pub async fn pause(&self, number: u32, error: ShareError) -> Result<(), ShareError> {
        let Some(mut left) = self.patience.wait(number, None) else {
            return Err(error);
        };
        while !left.is_zero() {
            if self.cancel.is_cancelled() {
                return Err(ShareError::new(error.subject, ShareFault::Stopped));
            }
            let step = left.min(TICK);
            tokio::time::sleep(step).await;
            left = left.saturating_sub(step);
        }
        Ok(())
    }

    /// Lets go of a connection that broke while a file was written on it.
    pub async fn let_go(&self) {
        let mut links = self.link.lock().await;
        if let Some(link) = &links.now
            && link.connection.is_disconnected()
        {
            links.now = None;
        }
    }

    async fn patiently<T, F>(
        &self,
        place: &SharePath,
        act: impl Fn(Connection, Arc<Tree>) -> F,
    ) -> Result<T, ShareError>
    where
        F: Future<Output = smb2::Result<T>>,
    {
        let mut number = 1;
        loop {
            if self.cancel.is_cancelled() {
                return Err(ShareError::new(place.to_string(), ShareFault::Stopped));
            }
            let error = match self.open(place.share()).await {
                Err(error) => error,
                Ok((link, connection, tree)) => match act(connection, tree).await {
                    Ok(done) => return Ok(done),
                    Err(error) => {
                        if breaks_line(&error) {
                            self.drop_link(link).await;
                        }
                        ShareError::new(place.to_string(), ShareFault::Smb(error))
                    }
                },
            };
            if !error.is_broken_line() {
                return Err(error);
            }
            self.pause(number, error).await?;
            number = number.saturating_add(1);
        }
    }

    /// Returns the connection, its number, and a share on it; makes what is missing of both.
    async fn open(&self, share: &str) -> Result<(u64, Connection, Arc<Tree>), ShareError> {
        let mut links = self.link.lock().await;
        let mut link = match links.now.take() {
            Some(link) if !link.connection.is_disconnected() => link,
            _ => {
                let link = Link::open(&self.address, &self.login, &self.patience).await?;
                links.number = links.number.saturating_add(1);
                link
            }
        };
        // Put back only when it is good for something.
        let tree = link.tree(&self.address, share).await?;
        let opened = (links.number, link.connection.clone(), tree);
        links.now = Some(link);
        Ok(opened)
    }

    async fn drop_link(&self, number: u64) {
        let mut links = self.link.lock().await;
        if links.number == number {
            links.now = None;
        }
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
