//! One connection to a server, and the shares that are open on it.

use std::collections::HashMap;
use std::sync::Arc;

use smb2::Tree;
use smb2::client::{Connection, Session};
use smb2::transport::{ConnectOptions, TcpTransport};
use smb2::types::Dialect;

use super::address::ShareAddress;
use super::error::{ShareError, ShareFault};
use super::handshake::Handshake;
use super::login::Login;
use crate::blobs::Patience;

/// A connection that is signed in and, but to this computer, encrypts.
pub(super) struct Link {
    pub(super) connection: Connection,
    trees: HashMap<String, Arc<Tree>>,
}

impl Link {
    /// Connects and signs in. The password is used only when the server speaks SMB 3.1.1 and, elsewhere, encrypts.
    pub(super) async fn open(
        address: &ShareAddress,
        login: &Login,
        patience: &Patience,
    ) -> Result<Self, ShareError> {
        let failed = |fault| ShareError::new(address.to_string(), fault);
        let smb = |error| failed(ShareFault::Smb(error));
        let options = ConnectOptions::with_timeout(patience.connect);
        let wire = TcpTransport::connect_with(&address.dialled(), options).await;
        let handshake = Handshake::new(wire.map_err(smb)?);
        let connected = handshake.connection(address.host()).await;
        let mut connection = connected.map_err(smb)?;
        connection.set_response_timeout(Some(patience.answer));
        let spoken = connection.params();
        let spoken = spoken.filter(|spoken| spoken.dialect == Dialect::Smb3_1_1);
        let Some(spoken) = spoken else {
            let dialect = connection.params().map(|spoken| spoken.dialect.to_string());
            let dialect = dialect.unwrap_or_else(|| "nothing".to_owned());
            return Err(failed(ShareFault::TooOld { dialect }));
        };
        if spoken.cipher.is_none() && !address.is_here() {
            return Err(failed(ShareFault::NotEncrypted));
        }
        let session = Session::setup(&mut connection, &login.user, &login.password, &login.domain);
        let session = session.await.map_err(|error| match error.kind() {
            smb2::ErrorKind::AuthRequired | smb2::ErrorKind::GuestSessionRefused => {
                failed(ShareFault::Login)
            }
            smb2::ErrorKind::AccessDenied => failed(ShareFault::Login),
            _ => failed(ShareFault::Smb(error)),
        })?;
        // Whether the server asks for it or not.
        if let (Some(cipher), Some(out), Some(back)) = (
            spoken.cipher,
            session.encryption_key,
            session.decryption_key,
        ) && !connection.should_encrypt()
        {
            connection.activate_encryption(out, back, cipher);
        }
        if !connection.should_encrypt() && !address.is_here() {
            return Err(failed(ShareFault::NotEncrypted));
        }
        Ok(Self {
            connection,
            trees: HashMap::new(),
        })
    }

    /// Returns a share, which is opened once.
    pub(super) async fn tree(
        &mut self,
        address: &ShareAddress,
        share: &str,
    ) -> Result<Arc<Tree>, ShareError> {
        if let Some(tree) = self.trees.get(share) {
            return Ok(Arc::clone(tree));
        }
        let tree = Tree::connect(&mut self.connection, share).await;
        let tree = tree.map_err(|error| {
            let fault = match error.kind() {
                smb2::ErrorKind::NotFound => ShareFault::NoShare,
                _ => ShareFault::Smb(error),
            };
            ShareError::new(format!("{address} ({share})"), fault)
        })?;
        let tree = Arc::new(tree);
        self.trees.insert(share.to_owned(), Arc::clone(&tree));
        Ok(tree)
    }
}
