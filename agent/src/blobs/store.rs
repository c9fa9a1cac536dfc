//! An account, ready to be asked.

use std::sync::Arc;

use azure_core::http::{ClientOptions, RetryOptions, Transport as SdkTransport};
use azure_storage_blob::{
    BlobClient, BlobClientOptions, BlobContainerClient, BlobContainerClientOptions,
    BlobServiceClient, BlobServiceClientOptions,
};

use super::authorization::Authorization;
use super::endpoint::Endpoint;
use super::error::{StoreError, StoreFault};
use super::name::BlobName;
use super::patience::Patience;
use super::transport::Transport;
use crate::pipeline::Cancel;

/// An account. Cheap to clone; every clone shares the connections.
#[derive(Clone, Debug)]
pub struct Store {
    endpoint: Endpoint,
    transport: Arc<Transport>,
}

/// Whether a container had to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It was made.
    New,
    /// It was there.
    Before,
    /// We may not make containers: whether it is there shows when something goes into it.
    NotAllowed,
}

impl Store {
    /// Makes ready for an account; nothing is sent yet.
    ///
    /// # Errors
    /// [`StoreError`] when HTTPS cannot be spoken here, or a token would travel in the open.
    pub fn open(
        endpoint: Endpoint,
        authorization: Authorization,
        patience: Patience,
        cancel: Cancel,
    ) -> Result<Self, StoreError> {
        let transport = Transport::new(&endpoint, authorization, patience, cancel);
        let transport = transport.map_err(|fault| StoreError::new("reach", &endpoint, fault))?;
        Ok(Self {
            endpoint,
            transport: Arc::new(transport),
        })
    }

    /// Returns the account's address, which has no secret in it.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Makes a container when it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn make_container(&self, container: &str) -> Result<Made, StoreError> {
        let doing = "make the container";
        let client = self.container(doing, container)?;
        let Err(error) = client.create(None).await else {
            return Ok(Made::New);
        };
        let error = StoreError::of(doing, container, &error);
        if error.code() == "ContainerAlreadyExists" {
            return Ok(Made::Before);
        }
        if error.is_forbidden() {
            return Ok(Made::NotAllowed);
        }
        // `$root` and its like are there, or are made by the service itself.
        if error.status() == Some(409) && container.starts_with('$') {
            return Ok(Made::Before);
        }
        Err(error)
    }

    pub(super) fn service(&self, doing: &'static str) -> Result<BlobServiceClient, StoreError> {
        let options = BlobServiceClientOptions {
            client_options: self.options(),
            ..BlobServiceClientOptions::default()
        };
        BlobServiceClient::new(self.endpoint.account(), None, Some(options))
            .map_err(|error| StoreError::of(doing, &self.endpoint, &error))
    }

    pub(super) fn container(
        &self,
        doing: &'static str,
        container: &str,
    ) -> Result<BlobContainerClient, StoreError> {
        let options = BlobContainerClientOptions {
            client_options: self.options(),
            ..BlobContainerClientOptions::default()
        };
        BlobContainerClient::new(self.endpoint.container(container), None, Some(options))
            .map_err(|error| StoreError::of(doing, container, &error))
    }

    pub(super) fn blob(
        &self,
        doing: &'static str,
        blob: &BlobName,
        snapshot: Option<&str>,
    ) -> Result<BlobClient, StoreError> {
        let failed = |error: azure_core::Error| StoreError::of(doing, blob, &error);
        let options = BlobClientOptions {
            client_options: self.options(),
            ..BlobClientOptions::default()
        };
        let client = BlobClient::new(self.endpoint.blob(blob), None, Some(options));
        let client = client.map_err(failed)?;
        match snapshot {
            Some(snapshot) => client.with_snapshot(snapshot).map_err(failed),
            None => Ok(client),
        }
    }

    /// The transport asks again by itself, so the client must not.
    fn options(&self) -> ClientOptions {
        ClientOptions {
            transport: Some(SdkTransport::new(self.transport.clone())),
            retry: RetryOptions::none(),
            ..ClientOptions::default()
        }
    }
}

/// Returns a length that fits into memory.
pub(super) fn length(
    doing: &'static str,
    subject: &impl std::fmt::Display,
    bytes: u64,
) -> Result<usize, StoreError> {
    usize::try_from(bytes).map_err(|_| {
        let what = format!("{bytes} bytes are more than memory holds");
        StoreError::new(doing, subject, StoreFault::Malformed { what })
    })
}
