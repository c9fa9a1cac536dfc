//! Who opens a file share.

use std::fmt;

use zeroize::Zeroizing;

use super::address::ShareAddress;

/// A user and the password: of Azure Files the account's name and one of its keys.
#[derive(Clone)]
pub struct Login {
    pub(super) domain: String,
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
}

/// The domain of accounts of Azure.
const AZURE: &str = "AZURE";

impl Login {
    /// Makes one of `USER` or `DOMAIN\USER`, by default the account that the address names, and of what a file holds:
    /// line ends around the password do not count. `None` where the address names no account and no user is given, or
    /// the password is empty or no text.
    #[must_use]
    pub fn new(address: &ShareAddress, user: Option<&str>, password: &[u8]) -> Option<Self> {
        let (domain, user) = match user {
            Some(user) => user.split_once('\\').unwrap_or(("", user)),
            None => (AZURE, address.account()?),
        };
        let password = std::str::from_utf8(password).ok()?;
        let password = password.trim_matches(['\r', '\n']);
        if user.is_empty() || password.is_empty() {
            return None;
        }
        Some(Self {
            domain: domain.to_owned(),
            user: user.to_owned(),
            password: Zeroizing::new(password.to_owned()),
        })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_of_an_address_needs_no_user() {
        let azure = ShareAddress::parse("//lab7.file.core.windows.net/abc").expect("one");
        let login = Login::new(&azure, None, b"a2V5\r\n").expect("a login");
        let words = (login.domain.as_str(), login.user.as_str());
        assert_eq!((words, login.password.as_str()), ((AZURE, "lab7"), "a2V5"));
        assert!(!format!("{login:?}").contains("a2V5"));
        let nas = ShareAddress::parse("//nas1/abc").expect("one");
        assert!(
            Login::new(&nas, None, b"x").is_none() && Login::new(&nas, Some("u"), b"\n").is_none()
        );
        let login = Login::new(&nas, Some("LAB\\ann"), b"x").expect("a login");
        assert_eq!((login.domain.as_str(), login.user.as_str()), ("LAB", "ann"));
    }
}
