//! Where a file share is.

use std::fmt;
use std::net::IpAddr;

use shared::blob_name::{ROOT_CONTAINER, is_container};
use thiserror::Error;

/// A server's file shares, or one of them: `//ACCOUNT.file.core.windows.net/SHARE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareAddress {
    host: String,
    port: u16,
    share: Option<String>,
}

/// Text that is no address of a share.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Another form.
    #[error(
        "\"{found}\" is no address of a file share; expected //ACCOUNT.file.core.windows.net/SHARE"
    )]
    NoAddress {
        /// The text.
        found: String,
    },
    /// Something with a name or a password in it.
    #[error(
        "no user and no password belong into --share, where other users can see them: use --share-user and \
         --share-key-file"
    )]
    HasSecret,
    /// A name that no share has.
    #[error("\"{found}\" cannot be a share: 3 to 63 lower-case letters, digits and single hyphens")]
    Share {
        /// The name.
        found: String,
    },
}

const PORT: u16 = 445;
/// What stands behind the account in an address of Azure Files, in all of its clouds.
const AZURE: &str = ".file.core.";

impl ShareAddress {
    /// Reads `//HOST/SHARE`, `//HOST:PORT/SHARE`, or either without a share; backslashes do too.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let plain = text.trim().replace('\\', "/");
        let wrong = || AddressError::NoAddress {
            found: text.to_owned(),
        };
        // Before anything else: what is no address is shown.
        if plain.contains('@') {
            return Err(AddressError::HasSecret);
        }
        let plain = plain.strip_prefix("smb:").unwrap_or(&plain);
        let rest = plain.strip_prefix("//").ok_or_else(wrong)?;
        let (server, share) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = server_of(server).ok_or_else(wrong)?;
        let share = share.trim_end_matches('/');
        if share.contains('/') {
            return Err(wrong());
        }
        if !share.is_empty() && (!is_container(share) || share == ROOT_CONTAINER) {
            return Err(AddressError::Share {
                found: share.to_owned(),
            });
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            share: Some(share.to_owned()).filter(|share| !share.is_empty()),
        })
    }

    /// Returns the share; `None` for all of the server's.
    #[must_use]
    pub fn share(&self) -> Option<&str> {
        self.share.as_deref()
    }

    /// Returns the server, with all of its shares.
    #[must_use]
    pub fn server(&self) -> Self {
        Self {
            share: None,
            ..self.clone()
        }
    }

    /// Returns whether files of this share go there.
    #[must_use]
    pub fn has(&self, share: &str) -> bool {
        self.share.as_deref().is_none_or(|own| own == share)
    }

    /// Returns the account whose address it is, in Azure.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        let (account, _) = self.host.split_once(AZURE)?;
        Some(account).filter(|account| !account.is_empty() && !account.contains('.'))
    }

    /// Returns whether nothing leaves this computer.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Returns the server's name or address.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Returns `host:port`, as a connection wants it.
    pub(super) fn dialled(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Returns host and port of `host`, `host:port`, `[address]` or `[address]:port`.
fn server_of(text: &str) -> Option<(&str, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            host.parse::<IpAddr>().ok()?;
            (
                host,
                behind.strip_prefix(':').or(behind.is_empty().then_some("")),
            )
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
            None => (text, Some("")),
        },
    };
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    if host.is_empty() || !host.chars().all(letters) {
        return None;
    }
    match port? {
        "" => Some((host, PORT)),
        port => Some((host, port.parse().ok().filter(|port| *port != 0)?)),
    }
}

impl fmt::Display for ShareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        if host.contains(':') {
            write!(f, "//[{host}]")?;
        } else {
            write!(f, "//{host}")?;
        }
        if self.port != PORT {
            write!(f, ":{}", self.port)?;
        }
        self.share
            .as_ref()
            .map_or(Ok(()), |share| write!(f, "/{share}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_server_and_perhaps_a_share() {
        for (text, shown, dialled) in [
            (
                "//lab7.file.core.windows.net/team-share",
                "//lab7.file.core.windows.net/team-share",
                "lab7.file.core.windows.net:445",
            ),
            (r"\\nas1\team-share\", "//nas1/team-share", "nas1:445"),
            (
                "smb://127.0.0.1:1445/",
                "//127.0.0.1:1445",
                "127.0.0.1:1445",
            ),
            ("//[::1]:1445/abc", "//[::1]:1445/abc", "[::1]:1445"),
        ] {
            let address = ShareAddress::parse(text).expect(text);
            assert_eq!(address.to_string(), shown);
            assert_eq!(address.dialled(), dialled);
        }
        for wrong in [
            "",
            "lab7/abc",
            "///abc",
            "//lab7:/abc",
            "//lab7:0/abc",
            "//lab7/abc/dir",
            "//lab7/Team",
            "//lab7/$root",
            "//a b/abc",
            "https://lab7.file.core.windows.net/abc",
        ] {
            assert!(ShareAddress::parse(wrong).is_err(), "{wrong}");
        }
        for secret in ["//user:pass@lab7/abc", "user:pass@lab7/abc"] {
            let refused = ShareAddress::parse(secret);
            assert_eq!(refused, Err(AddressError::HasSecret));
        }
    }

    #[test]
    fn an_account_is_known_by_its_address_and_this_computer_by_its_own() {
        let parsed = |text| ShareAddress::parse(text).expect(text);
        assert_eq!(
            parsed("//lab7.file.core.windows.net/abc").account(),
            Some("lab7")
        );
        assert_eq!(
            parsed("//lab7.file.core.chinacloudapi.cn").account(),
            Some("lab7")
        );
        assert_eq!(parsed("//nas1/abc").account(), None);
        assert!(parsed("//127.0.0.1/abc").is_here() && parsed("//[::1]/abc").is_here());
        assert!(!parsed("//localhost.example/abc").is_here() && !parsed("//10.0.0.1").is_here());
        assert!(parsed("//nas1").has("abc") && !parsed("//nas1/abc").has("abcd"));
    }
}
