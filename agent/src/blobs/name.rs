//! The full name of a blob.

use std::fmt;

use thiserror::Error;

/// A container and a blob in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobName {
    container: String,
    name: String,
}

/// A name that no request can be made for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameError {
    /// One of the two is missing.
    #[error("{path:?} is not container/name")]
    Parts {
        /// What was given.
        path: String,
    },
    /// A segment that addresses do away with.
    #[error("{path:?} has a segment `.` or `..`, which no address can hold")]
    Dots {
        /// What was given.
        path: String,
    },
}

impl BlobName {
    /// Reads `container/name`, as manifests and blob lists have it.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn parse(path: &str) -> Result<Self, NameError> {
        let parts = path.split_once('/');
        let (container, name) = parts.ok_or_else(|| NameError::Parts {
            path: path.to_owned(),
        })?;
        Self::new(container, name)
    }

    /// Returns the name of a blob in a container.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn new(container: &str, name: &str) -> Result<Self, NameError> {
        let path = || format!("{container}/{name}");
        let dots = |text: &str| text.split('/').any(|part| matches!(part, "." | ".."));
        if container.is_empty() || name.is_empty() {
            return Err(NameError::Parts { path: path() });
        }
        if dots(container) || dots(name) {
            return Err(NameError::Dots { path: path() });
        }
        Ok(Self {
            container: container.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Returns the container.
    #[must_use]
    pub fn container(&self) -> &str {
        &self.container
    }

    /// Returns the name in the container.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.container, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_whose_address_would_be_another_blobs_is_refused() {
        for path in ["c/..", "c/a/../b", "c/./a", "c/a/.", "../a", "c/a/..//b"] {
            let refused = BlobName::parse(path);
            assert!(matches!(refused, Err(NameError::Dots { .. })), "{path}");
        }
        for path in ["c", "c/", "/a", ""] {
            let refused = BlobName::parse(path);
            assert!(matches!(refused, Err(NameError::Parts { .. })), "{path}");
        }
        for path in [
            "c/...",
            "c/.a",
            "c/a./b..c",
            "c//a",
            "c/a/",
            "c/%2e%2e/a",
            "c/..\\a",
        ] {
            let name = BlobName::parse(path).expect(path);
            assert_eq!(name.to_string(), path);
        }
    }
}
