//! Everything that was prepared, compared with what is in a storage account.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// `POST /api/storage`. While it runs, [`News::Comparing`](super::News::Comparing) tells how far it is; whoever breaks the
/// connection off ends it. Nothing is changed anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageRequest {
    /// A folder of the agent's machine, absolute: journals, and their plans and side files beside them.
    pub folder: String,
    /// The session whose drives are asked about.
    pub session: String,
    /// The account's address, with nothing in it that opens the account.
    pub store: String,
    /// A shared access signature for it. Either this or a token opens the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Secret>,
    /// An access token of Microsoft Entra for it, which only travels over HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// What is asked.
    pub question: StorageQuestion,
}

/// What is asked of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum StorageQuestion {
    /// Is all of it there?
    Arrived {
        /// Whether what nothing else proves is read back from the account.
        #[serde(default)]
        read_back: bool,
        /// The service's own logs of the drives.
        #[serde(default)]
        logs: Vec<StorageLog>,
        /// Folders of the agent's machine with the originals, absolute: they are read where a log has a CRC-64 and nothing
        /// else proves a file.
        #[serde(default)]
        originals: Vec<String>,
    },
    /// Before the drives travel: is anything where their files go?
    InTheWay,
}

/// A log of the service's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageLog {
    /// The file's name.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// A word that opens something: it does not print, and is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageReply {
    /// One word for the whole job.
    pub verdict: StorageVerdict,
    /// The verdict in a sentence.
    pub sentence: String,
    /// Serials of the drives whose journals were read.
    pub drives: Vec<String>,
    /// Prepared files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are there by name and size only.
    pub unproven: u64,
    /// What is not as it should be. The first 1,000.
    pub findings: Vec<StorageFinding>,
    /// How many there are besides.
    pub findings_left_out: u64,
    /// All of them.
    pub report: StorageReport,
}

/// Every finding of a comparison, in a file as `argosy confirm --report` writes it; or every row of what was received, as
/// `argosy receive --report` does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum StorageReport {
    /// `GET /api/storage/report/ID`, or `/api/receive/report/ID`, gives it, until the next one of its kind or the agent's end.
    Kept {
        /// The name that it is asked for by.
        id: String,
        /// Its length.
        bytes: u64,
    },
    /// It could not be written.
    Lost {
        /// Why, in words.
        why: String,
    },
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageFinding {
    /// What sort.
    pub code: StorageCode,
    /// What it is, in words.
    pub message: String,
    /// The blob, container included.
    pub blob: String,
    /// The file on the drive: `\a\b`.
    pub file: Option<String>,
    /// The drive's serial.
    pub drive: Option<String>,
    /// Length of the file, or of the blob that stands in its way.
    pub bytes: u64,
    /// When a blob that stands in the way was last written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
}

/// What sort of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageCode {
    /// The blob is not there.
    Missing,
    /// It has another length.
    Size,
    /// It has another MD5.
    Md5,
    /// It was read, or a log was, and its content is another.
    Content,
    /// It is there by name and size; its content was not compared.
    Unproven,
    /// It goes where nothing was looked at.
    Elsewhere,
    /// Two files become one blob.
    Twice,
    /// Files never went onto a drive.
    LeftOut,
    /// A drive of the session is not among those that were asked about.
    OtherDrive,
    /// A blob is where one of a shipment goes.
    Exists,
}

/// One word for the whole job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageVerdict {
    /// All is there, and its content was compared.
    Confirmed,
    /// All is there by name and size; of a shipment, nothing is in the way where it was looked.
    Unproven,
    /// Something is missing or different.
    Incomplete,
    /// Nothing is where the shipment goes.
    Free,
    /// Something is, or two of its files go to one place.
    Taken,
}

impl StorageFinding {
    /// Returns one without file, drive or time.
    pub fn new(
        code: StorageCode,
        blob: impl Into<String>,
        bytes: u64,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            blob: blob.into(),
            file: None,
            drive: None,
            bytes,
            modified: None,
        }
    }
}

impl StorageCode {
    /// Returns the word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Size => "size",
            Self::Md5 => "md5",
            Self::Content => "content",
            Self::Unproven => "unproven",
            Self::Elsewhere => "elsewhere",
            Self::Twice => "twice",
            Self::LeftOut => "left-out",
            Self::OtherDrive => "other-drive",
            Self::Exists => "exists",
        }
    }

    /// Returns whether it is about a file or a blob, which has a length.
    #[must_use]
    pub const fn is_of_a_file(self) -> bool {
        !matches!(self, Self::LeftOut | Self::OtherDrive)
    }
}

impl Secret {
    /// Takes a word; the caller's copy of it is the caller's to wipe.
    #[must_use]
    pub fn new(word: String) -> Self {
        Self(Zeroizing::new(word))
    }

    /// Returns its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_travels_whole_and_prints_neither_signature_nor_token() {
        let request = StorageRequest {
            folder: "/srv/journals".into(),
            session: "reel-1".into(),
            store: "https://a.blob.core.windows.net".into(),
            signature: Some(Secret::new("sig=hush".into())),
            token: Some(Secret::new("hush.hush".into())),
            question: StorageQuestion::Arrived {
                read_back: true,
                logs: vec![StorageLog {
                    name: "verbose.xml".into(),
                    text: "<DriveLog/>".into(),
                }],
                originals: vec!["/srv/footage".into()],
            },
        };
        assert!(!format!("{request:?}").contains("hush"));
        let json = serde_json::to_string(&request).expect("plain data");
        assert!(json.contains("sig=hush"), "{json}");
        assert!(json.contains("hush.hush"), "{json}");
        let back: StorageRequest = serde_json::from_str(&json).expect(&json);
        assert_eq!(back, request);
    }

    #[test]
    fn a_request_with_a_field_too_many_is_none() {
        let json = r#"{"folder":"/a","session":"s","store":"x","signature":"y","question":{"ask":"in-the-way"},"z":1}"#;
        assert!(serde_json::from_str::<StorageRequest>(json).is_err());
        let json = json.replace(",\"z\":1", "");
        assert!(serde_json::from_str::<StorageRequest>(&json).is_ok());
    }

    #[test]
    fn a_request_of_before_there_were_originals_and_tokens_is_still_one() {
        let json = r#"{"folder":"/a","session":"s","store":"x","signature":"y","question":{"ask":"arrived","read_back":true}}"#;
        let request: StorageRequest = serde_json::from_str(json).expect(json);
        assert_eq!(request.signature, Some(Secret::new("y".into())));
        assert_eq!(request.token, None);
        let question = StorageQuestion::Arrived {
            read_back: true,
            logs: Vec::new(),
            originals: Vec::new(),
        };
        assert_eq!(request.question, question);
    }
}
