//! NTFS path <-> blob name, both ways, and what cannot be mapped.
//!
//! With session `reels-1` and destination `film/raw/`, the source file `a/b.mov` is
//! `\reels-1\a\b.mov` on the drive and blob `film/raw/a/b.mov`. Rules of names: reference
//! azure-import-export.md, 2.6 (learn.microsoft.com, "Naming and Referencing Containers, Blobs, and
//! Metadata").

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Where blobs go: a container, and what stands before every name in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    container: String,
    prefix: String,
}

/// Text that is not `container/` or `container/prefix/`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// No slash at the end.
    #[error("destination \"{found}\" must end in \"/\", as in \"{found}/\"")]
    NoSlash {
        /// The text.
        found: String,
    },
    /// A leading slash, or a whole address.
    #[error(
        "destination \"{found}\" must begin with the container's name, without a slash or address before it"
    )]
    NotRelative {
        /// The text.
        found: String,
    },
    /// A container name that the store refuses.
    #[error(
        "\"{found}\" cannot be a container: 3 to 63 lower-case letters, digits and single hyphens, a letter or digit at both ends"
    )]
    Container {
        /// The name.
        found: String,
    },
    /// A folder below the root container.
    #[error("the root container $root holds no folders; \"{found}\" was asked for")]
    RootPrefix {
        /// The prefix.
        found: String,
    },
    /// A prefix that the store refuses.
    #[error("prefix \"{found}\" cannot be used: {why}")]
    Prefix {
        /// The prefix.
        found: String,
        /// The rule.
        why: BlobNameProblem,
    },
}

/// Why a path cannot be a blob name, or a blob name not a path on the drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum BlobNameProblem {
    /// An empty part.
    #[error("it has an empty part")]
    EmptyPart,
    /// `.` or `..`, which addresses resolve.
    #[error("a part of it is \".\" or \"..\"")]
    DotPart,
    /// A part that ends in a dot, which addresses lose.
    #[error("a part of it ends in a dot")]
    TrailingDot,
    /// A backslash, which addresses turn into a slash.
    #[error("it holds a backslash")]
    Backslash,
    /// A control character.
    #[error("it holds a control character (U+{code_point:04X})")]
    Control {
        /// The character.
        code_point: u32,
    },
    /// U+FFFE or U+FFFF, which XML cannot carry.
    #[error("it holds U+{code_point:04X}, which no XML file can carry")]
    NonCharacter {
        /// The character.
        code_point: u32,
    },
    /// More than 1,024 characters.
    #[error("it has {found} characters with its prefix; a blob name has at most 1,024")]
    TooLong {
        /// UTF-16 units.
        found: u64,
    },
    /// More than 254 parts.
    #[error("it has {found} parts with its prefix; a blob name has at most 254")]
    TooManyParts {
        /// Parts between slashes.
        found: u64,
    },
    /// A folder in the root container.
    #[error("the root container $root holds no folders")]
    FolderInRoot,
    /// A blob outside the destination.
    #[error("it does not lie in the destination")]
    Outside,
}

impl Destination {
    /// Returns the container: a name, or `$root`.
    #[must_use]
    pub fn container(&self) -> &str {
        &self.container
    }

    /// Returns what stands before every name: empty, or ending in `/`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the blob path, container included, of `relative` (parts joined by `/`):
    /// `film/raw/a/b.mov`.
    ///
    /// # Errors
    /// [`BlobNameProblem`] when the store cannot hold that name.
    pub fn blob(&self, relative: &str) -> Result<String, BlobNameProblem> {
        self.check(relative)?;
        Ok(format!("{}/{}{relative}", self.container, self.prefix))
    }

    /// Checks that `relative` can be a blob here, without making its name.
    ///
    /// # Errors
    /// [`BlobNameProblem`] as [`blob`](Self::blob).
    pub fn check(&self, relative: &str) -> Result<(), BlobNameProblem> {
        check_parts(relative)?;
        if self.container == ROOT_CONTAINER && relative.contains('/') {
            return Err(BlobNameProblem::FolderInRoot);
        }
        check_lengths(&self.prefix, relative)
    }

    /// Returns the relative path of a blob path, container included: the way back of
    /// [`blob`](Self::blob).
    ///
    /// # Errors
    /// [`BlobNameProblem`] when the blob is not in this destination, or no path of parts.
    pub fn relative<'a>(&self, blob: &'a str) -> Result<&'a str, BlobNameProblem> {
        let name = blob
            .strip_prefix(self.container.as_str())
            .and_then(|rest| rest.strip_prefix('/'));
        let relative = name.and_then(|name| name.strip_prefix(self.prefix.as_str()));
        let relative = relative.ok_or(BlobNameProblem::Outside)?;
        self.check(relative)?;
        Ok(relative)
    }
}

impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let found = || text.to_owned();
        let (container, prefix) = text
            .split_once('/')
            .ok_or_else(|| DestinationError::NoSlash { found: found() })?;
        if container.is_empty() || container.ends_with(':') {
            return Err(DestinationError::NotRelative { found: found() });
        }
        if !is_container(container) {
            return Err(DestinationError::Container {
                found: container.to_owned(),
            });
        }
        if prefix.is_empty() {
            return Ok(Self {
                container: container.to_owned(),
                prefix: String::new(),
            });
        }
        let Some(parts) = prefix.strip_suffix('/') else {
            return Err(DestinationError::NoSlash { found: found() });
        };
        if container == ROOT_CONTAINER {
            return Err(DestinationError::RootPrefix {
                found: prefix.to_owned(),
            });
        }
        check_parts(parts)
            .and_then(|()| check_lengths(prefix, ""))
            .map_err(|why| DestinationError::Prefix {
                found: prefix.to_owned(),
                why,
            })?;
        Ok(Self {
            container: container.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.container, self.prefix)
    }
}

impl Serialize for Destination {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Returns whether the store takes `name` for a container. `$root` counts as one.
#[must_use]
pub fn is_container(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    name == ROOT_CONTAINER
        || ((3..=63).contains(&bytes.len())
            && bytes.iter().all(|&byte| plain(byte) || byte == b'-')
            && bytes.first().is_some_and(|&byte| plain(byte))
            && bytes.last().is_some_and(|&byte| plain(byte))
            && !name.contains("--"))
}

/// Checks a whole blob path (`container/name`), as manifests and logs carry it.
///
/// # Errors
/// [`BlobNameProblem`] when the store cannot hold the name; [`BlobNameProblem::Outside`] when the
/// container is none.
pub fn check_blob_path(path: &str) -> Result<(), BlobNameProblem> {
    let (container, name) = path.split_once('/').ok_or(BlobNameProblem::Outside)?;
    if !is_container(container) {
        return Err(BlobNameProblem::Outside);
    }
    Destination {
        container: container.to_owned(),
        prefix: String::new(),
    }
    .check(name)
}

/// Returns the path on the drive of `relative` (parts joined by `/`): `\reels-1\a\b.mov`.
#[must_use]
pub fn drive_path(session: &SessionId, relative: &str) -> String {
    let mut path = format!("\\{session}\\");
    path.extend(relative.chars().map(|c| if c == '/' { '\\' } else { c }));
    path
}

/// Returns the path on the drive of `relative` (parts joined by `/`), from the root: `\music\a.mp3`.
#[must_use]
pub fn root_path(relative: &str) -> String {
    format!("\\{}", relative.replace('/', "\\"))
}

/// Returns what the manifest of a drive that was filled from a store is called, in the root:
/// `9WM35C3U.manifest`.
#[must_use]
pub fn export_manifest_name(serial: &str) -> String {
    format!("{}.manifest", file_name(serial))
}

/// Returns the relative path (parts joined by `/`) of a path on the drive, and the session it lies
/// under: the way back of [`drive_path`]. `None` for a path that is not `\session\...`, or has
/// empty, `.` or `..` parts or a `/`.
#[must_use]
pub fn session_and_relative(path: &str) -> Option<(SessionId, String)> {
    let (session, rest) = path.strip_prefix('\\')?.split_once('\\')?;
    let good = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('/');
    let whole = rest.split('\\').all(good);
    whole.then(|| Some((session.parse().ok()?, rest.replace('\\', "/"))))?
}

/// Returns `text` as a file name that every system takes: everything but `[A-Za-z0-9._-]` becomes
/// `_`, and so does a leading dot (no hidden file, no `..`).
#[must_use]
pub fn file_name(text: &str) -> String {
    let keep = |(at, c): (usize, char)| {
        let plain = c.is_ascii_alphanumeric() || c == '_' || c == '-' || (c == '.' && at > 0);
        if plain { c } else { '_' }
    };
    text.char_indices().map(keep).collect()
}

/// A session id: 3 to 30 of letters, digits, `_`, `-` and `#`, and no device name. It names a
/// folder on the drive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(String);

/// Text that cannot be a session id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SessionIdError {
    /// Too short or too long.
    #[error("a session id has 3 to 30 characters; \"{found}\" has {characters}")]
    Length {
        /// The text, cut to 40 characters.
        found: String,
        /// How many it has.
        characters: u64,
    },
    /// A character that is not allowed.
    #[error("a session id has only letters, digits, _, - and #; \"{found}\" holds {character:?}")]
    Character {
        /// The text.
        found: String,
        /// The first such character.
        character: char,
    },
    /// A name that Windows keeps for a device.
    #[error("\"{found}\" names a device in Windows, so no folder can have that name")]
    Device {
        /// The text.
        found: String,
    },
}

impl SessionId {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, SessionIdError> {
        let characters = text.chars().count();
        if !(3..=30).contains(&characters) {
            let found = text.chars().take(40).collect();
            return Err(SessionIdError::Length {
                found,
                characters: u64::try_from(characters).unwrap_or(u64::MAX),
            });
        }
        let wrong = |c: &char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '#'));
        if let Some(character) = text.chars().find(wrong) {
            return Err(SessionIdError::Character {
                found: text.to_owned(),
                character,
            });
        }
        if is_device_name(text) {
            return Err(SessionIdError::Device {
                found: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for SessionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for SessionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// `CON`, `COM1` and the like; a session id has no dot, so no extension can follow.
fn is_device_name(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let numbered = |stem: &str| {
        upper
            .strip_prefix(stem)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

fn check_parts(path: &str) -> Result<(), BlobNameProblem> {
    for c in path.chars() {
        let code_point = u32::from(c);
        match c {
            '\\' => return Err(BlobNameProblem::Backslash),
            '\u{fffe}' | '\u{ffff}' => return Err(BlobNameProblem::NonCharacter { code_point }),
            c if c.is_control() => return Err(BlobNameProblem::Control { code_point }),
            _ => {}
        }
    }
    path.split('/').try_for_each(|part| match part {
        "" => Err(BlobNameProblem::EmptyPart),
        "." | ".." => Err(BlobNameProblem::DotPart),
        part if part.ends_with('.') => Err(BlobNameProblem::TrailingDot),
        _ => Ok(()),
    })
}

/// The store counts characters as .NET does, in UTF-16 units (inferred); counting them is never too
/// lenient.
fn check_lengths(prefix: &str, relative: &str) -> Result<(), BlobNameProblem> {
    let units = prefix
        .encode_utf16()
        .count()
        .saturating_add(relative.encode_utf16().count());
    let slashes = |text: &str| text.bytes().filter(|&byte| byte == b'/').count();
    let parts = slashes(prefix)
        .saturating_add(slashes(relative))
        .saturating_add(usize::from(!relative.is_empty()));
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    if units > NAME_UNITS_MAX {
        return Err(BlobNameProblem::TooLong {
            found: number(units),
        });
    }
    if parts > NAME_PARTS_MAX {
        return Err(BlobNameProblem::TooManyParts {
            found: number(parts),
        });
    }
    Ok(())
}

/// Returns whether a blob's name may have so many UTF-16 units and parts, its prefix counted.
pub(crate) fn is_short(units: u64, parts: u64) -> bool {
    let number = |most: usize| u64::try_from(most).unwrap_or(u64::MAX);
    units <= number(NAME_UNITS_MAX) && parts <= number(NAME_PARTS_MAX)
}

/// The root container's name in paths.
pub const ROOT_CONTAINER: &str = "$root";
const NAME_UNITS_MAX: usize = 1024;
const NAME_PARTS_MAX: usize = 254;

#[cfg(test)]
mod tests;
