//! How what is known of a drive is told to another process: names of files as text, words of ours as
//! the very words.

use serde::{Deserialize, Deserializer, de::Error as _};

use super::contents::Signature;
use super::signatures::known;

/// A path; letters that are no UTF-8 are replaced: it is to be shown and compared, and opens nothing.
pub(super) mod path {
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        path: &Path,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&path.to_string_lossy())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<PathBuf, D::Error> {
        String::deserialize(from).map(PathBuf::from)
    }
}

/// Several paths.
pub(super) mod paths {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        paths: &[PathBuf],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(paths.iter().map(|path| path.to_string_lossy()))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<PathBuf>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        Ok(texts.into_iter().map(PathBuf::from).collect())
    }
}

/// A path, or none.
pub(super) mod maybe_path {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands out references to fields")]
    pub(in super::super) fn serialize<S: Serializer>(
        path: &Option<PathBuf>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let text = path.as_ref().map(|path| path.to_string_lossy());
        text.serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        Ok(text.map(PathBuf::from))
    }
}

/// A sector size, in bytes.
pub(super) mod sector {
    use disk::SectorSize;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands out references to fields"
    )]
    pub(in super::super) fn serialize<S: Serializer>(
        sector: &SectorSize,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_u64(sector.bytes())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<SectorSize, D::Error> {
        let bytes = u64::deserialize(from)?;
        SectorSize::try_from(bytes)
            .map_err(|_| D::Error::custom(format!("{bytes} is no sector size")))
    }
}

/// A [`Signature`] on its way: its kind is any word.
#[derive(Deserialize)]
struct Structure {
    what: String,
    name: String,
    at: u64,
    bytes: u64,
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let told = Structure::deserialize(from)?;
        let unknown = || D::Error::custom(format!("{:?} is no structure that is known", told.what));
        Ok(Self {
            what: known(&told.what).ok_or_else(unknown)?,
            name: told.name,
            at: told.at,
            bytes: told.bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::warnings::tests::hard_disk;
    use super::super::{Contents, DriveInfo, DriveKind, Emptiness, Signature};

    #[test]
    fn what_is_told_of_a_drive_comes_back_as_it_was() {
        let signatures = [
            "GPT",
            "Microsoft reserved",
            "partition",
            "NTFS",
            "BitLocker To Go",
            "ext4",
            "ZFS",
        ];
        let signatures = signatures.map(|what| Signature {
            what,
            name: "FILM".to_owned(),
            at: 1 << 20,
            bytes: 62 << 20,
        });
        let drive = DriveInfo {
            kind: DriveKind::LoopDevice {
                backing: Some("/data/drive.img".into()),
            },
            mounts: vec!["/mnt/film".into()],
            contents: Contents {
                emptiness: Emptiness::HoldsData,
                signatures: signatures.to_vec(),
            },
            ..hard_disk()
        };
        let text = serde_json::to_string(&drive).expect("plain data");
        assert_eq!(
            serde_json::from_str::<DriveInfo>(&text).expect("just written"),
            drive
        );
        let strange = text.replace("\"NTFS\"", "\"a structure that nobody knows\"");
        assert!(serde_json::from_str::<DriveInfo>(&strange).is_err());
    }
}
