//! The first words to a server: that this side encrypts.
//!
//! The client library does not say so in the capabilities of its NEGOTIATE, and Samba then chooses no cipher (MS-SMB2
//! 2.2.3: `SMB2_GLOBAL_CAP_ENCRYPTION`). What was really said and answered is what the handshake's hash is made of.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use smb2::client::Connection;
use smb2::crypto::kdf::PreauthHasher;
use smb2::transport::{ReceiveProgress, TcpTransport, TransportReceive, TransportSend};

/// A line whose first message is corrected. Cheap to clone.
#[derive(Clone)]
pub(super) struct Handshake {
    wire: Arc<TcpTransport>,
    said: Arc<Mutex<Said>>,
}

/// The first message of each side.
#[derive(Default)]
struct Said {
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// Where the lowest byte of the capabilities is: 64 bytes of header, then 8 of the request.
const CAPABILITIES_AT: usize = 72;
const ENCRYPTION: u8 = 0x40;

impl Handshake {
    pub(super) fn new(wire: TcpTransport) -> Self {
        Self {
            wire: Arc::new(wire),
            said: Arc::default(),
        }
    }

    /// Negotiates with the server called `host`.
    pub(super) async fn connection(self, host: &str) -> smb2::Result<Connection> {
        let (sends, receives) = (Box::new(self.clone()), Box::new(self.clone()));
        let mut connection = Connection::from_transport(sends, receives, host);
        connection.set_compression_requested(false);
        connection.negotiate().await?;
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hasher = PreauthHasher::new();
        hasher.update(&said.request);
        hasher.update(&said.answer);
        connection.with_preauth_hasher_mut(|own| *own = hasher);
        drop(said);
        Ok(connection)
    }
}

#[async_trait]
impl TransportSend for Handshake {
    async fn send(&self, data: &[u8]) -> smb2::Result<()> {
        let corrected = {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            said.request.is_empty().then(|| {
                let mut request = data.to_vec();
                if let Some(capabilities) = request.get_mut(CAPABILITIES_AT) {
                    *capabilities |= ENCRYPTION;
                }
                said.request.clone_from(&request);
                request
            })
        };
        self.wire.send(corrected.as_deref().unwrap_or(data)).await
    }
}

#[async_trait]
impl TransportReceive for Handshake {
    async fn receive(&self) -> smb2::Result<Vec<u8>> {
        let message = self.wire.receive().await?;
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.answer.is_empty() {
            said.answer.clone_from(&message);
        }
        drop(said);
        Ok(message)
    }

    fn receive_progress(&self) -> Option<Arc<ReceiveProgress>> {
        self.wire.receive_progress()
    }
}
