//! The address of an account.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;
use url::{Host, Url};

use super::name::BlobName;

/// The account that is talked to: HTTPS, or HTTP where that does not leave this computer.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// An address that is no account's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// No address at all.
    #[error("this is no address of a storage account: {what}")]
    NoAddress {
        /// The parser's words.
        what: String,
    },
    /// Another scheme than HTTP and HTTPS.
    #[error("a storage account is reached by https, not by {scheme}")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// HTTP to somewhere else.
    #[error(
        "http to {host} would show the signature and the data to everybody on the way; use https (http is for an \
         emulator on this computer)"
    )]
    NotEncrypted {
        /// The host.
        host: String,
    },
    /// A query, most likely a signature.
    #[error(
        "the address has a query or a password; a signature does not belong into --store, where other users can see it: \
         use --sas-file"
    )]
    HasSecret,
}

/// Everything but letters, digits and what RFC 3986 calls unreserved is encoded: `#`, `?`, `%`, `+`, blanks, and all
/// beyond ASCII.
const NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');
/// `$root`, `$web` and `$logs` are written as they are.
const CONTAINER: &AsciiSet = &NAME.remove(b'$').add(b'/');

impl Endpoint {
    /// Reads an account's address: `https://account.blob.core.windows.net`, `http://127.0.0.1:10000/devstoreaccount1`.
    ///
    /// # Errors
    /// [`EndpointError`]; it never shows a query.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let mut url = Url::parse(text.trim()).map_err(|error| EndpointError::NoAddress {
            what: error.to_string(),
        })?;
        let scheme = url.scheme().to_owned();
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err(EndpointError::Scheme { scheme });
        }
        let has_user = !url.username().is_empty() || url.password().is_some();
        if url.query().is_some() || url.fragment().is_some() || has_user {
            return Err(EndpointError::HasSecret);
        }
        if scheme == "http" && !is_loopback(&url) {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(EndpointError::NotEncrypted { host });
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Returns whether what is sent is encrypted on the way.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Returns the account's own address.
    pub(super) fn account(&self) -> Url {
        self.0.clone()
    }

    /// Returns a container's address.
    pub(super) fn container(&self, container: &str) -> Url {
        self.below(&utf8_percent_encode(container, CONTAINER).to_string())
    }

    /// Returns a blob's address.
    pub(super) fn blob(&self, blob: &BlobName) -> Url {
        let container = utf8_percent_encode(blob.container(), CONTAINER);
        let name = utf8_percent_encode(blob.name(), NAME);
        self.below(&format!("{container}/{name}"))
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let account = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{account}/{path}"));
        url
    }
}

/// Returns whether a host is this computer by its very address: a name could be resolved to anywhere, but `localhost`.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_never_leaves_this_computer() {
        for text in [
            "http://127.0.0.1:10000/devstoreaccount1",
            "http://[::1]:10000/a",
            "http://localhost:1/a/",
            "https://a.blob.core.windows.net",
        ] {
            assert!(Endpoint::parse(text).is_ok(), "{text}");
        }
        for text in [
            "http://a.blob.core.windows.net",
            "http://127.0.0.1.example.org/a",
            "http://10.0.0.1/a",
        ] {
            let refused = Endpoint::parse(text);
            assert!(
                matches!(refused, Err(EndpointError::NotEncrypted { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_signature_in_the_address_is_refused_and_not_shown() {
        let error = Endpoint::parse("https://a.blob.core.windows.net/?sv=1&sig=secret");
        let error = error.expect_err("a signature");
        assert_eq!(error, EndpointError::HasSecret);
        assert!(!error.to_string().contains("sig=secret"));
    }

    #[test]
    fn every_character_of_a_name_survives_the_address() {
        let endpoint = Endpoint::parse("http://127.0.0.1:1/acc/").expect("an address");
        for (name, path) in [
            ("c/a b", "/acc/c/a%20b"),
            ("c/50%/#1?+&=;", "/acc/c/50%25/%231%3F%2B%26%3D%3B"),
            ("c/Ü/🎬", "/acc/c/%C3%9C/%F0%9F%8E%AC"),
            ("$root/a~b", "/acc/$root/a~b"),
            ("c/a//b", "/acc/c/a//b"),
            ("c/%2e%2e/x", "/acc/c/%252e%252e/x"),
            ("c/..\\x", "/acc/c/..%5Cx"),
            ("c/a/", "/acc/c/a/"),
            ("c/tab\tend", "/acc/c/tab%09end"),
        ] {
            let blob = BlobName::parse(name).expect(name);
            assert_eq!(endpoint.blob(&blob).path(), path, "{name}");
        }
    }
}
