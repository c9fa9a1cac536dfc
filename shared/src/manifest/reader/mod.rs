//! Reads a manifest, file by file.
//!
//! ```text
//! bytes -> Source (MD5, lines, bound) -> Xml (elements, text) -> ManifestReader (grammar) -> ManifestFile (rules: ranges)
//! ```
//!
//! Strict on purpose: whatever the public grammar does not have is refused with its line, because
//! the service's own reader is stricter than anybody knows, and because a manifest is read from
//! drives that strangers filled.

mod fields;
mod ranges;
mod source;
mod xml;

use super::error::{ManifestError, ManifestFault, cut};
use super::file::{Attached, ManifestFile};
use fields::Fields;
use std::io::Read;
pub(super) use xml::{Element, Xml};

/// Reads a manifest, in memory of one file (and 64 KiB). Takes what other tools write: blocks of
/// any length, ids of any form, page ranges with gaps, properties and metadata of a file or of a
/// whole list, account keys, export manifests. `ClientCreator`, `ClientData` and the two credentials
/// are read over, and never kept.
pub struct ManifestReader<R> {
    xml: Xml<R>,
    drive_id: String,
    version: String,
    place: Place,
    list: List,
    files: u64,
}

/// What a whole manifest was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestSummary {
    /// MD5 of every byte of it.
    pub md5: [u8; 16],
    /// Its length.
    pub bytes: u64,
    /// How many files it has.
    pub files: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    InDrive,
    InList,
    AtEnd,
}

/// The blob list being read.
#[derive(Default)]
struct List {
    id: Option<String>,
    metadata: Option<Attached>,
    properties: Option<Attached>,
}

impl<R: Read> ManifestReader<R> {
    /// Reads up to the first blob list.
    ///
    /// # Errors
    /// [`ManifestError`] when it is no manifest.
    pub fn new(inner: R) -> Result<Self, ManifestError> {
        let mut xml = Xml::new(inner);
        let Some(root) = xml.element()? else {
            let missing = "<DriveManifest>".to_owned();
            return Err(xml.fault(ManifestFault::Missing {
                within: "the file".to_owned(),
                missing,
            }));
        };
        if root.name != "DriveManifest" {
            let found = format!("<{}> at the top", cut(&root.name));
            return Err(xml.fault(ManifestFault::Unexpected {
                within: "the file".to_owned(),
                found,
            }));
        }
        let [version] = fields::attributes(&xml, root, ["Version"])?;
        let version = version.unwrap_or_default();
        if !VERSIONS.contains(&version.as_str()) {
            let found = cut(&version);
            let expected = "2014-11-01 or 2011-10-01";
            return Err(xml.fault(ManifestFault::Value {
                what: "Version",
                found,
                expected,
            }));
        }
        match xml.element()? {
            Some(drive) if drive.name == "Drive" => {}
            _ => return Err(fields::missing(&xml, "DriveManifest", "<Drive>")),
        }
        let (place, list) = (Place::InDrive, List::default());
        let mut reader = Self {
            xml,
            drive_id: String::new(),
            version,
            place,
            list,
            files: 0,
        };
        reader.next_list()?;
        if reader.drive_id.is_empty() {
            return Err(fields::missing(
                &reader.xml,
                "Drive",
                "<DriveId> before its blob lists",
            ));
        }
        Ok(reader)
    }

    /// Returns the drive's serial.
    #[must_use]
    pub fn drive_id(&self) -> &str {
        &self.drive_id
    }

    /// Returns the version of the grammar.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the id of the blob list that the last file came from (or the first will come from).
    #[must_use]
    pub fn list_id(&self) -> Option<&str> {
        self.list.id.as_deref()
    }

    /// Returns the next file; `None` when the manifest is at its end, and whole.
    ///
    /// # Errors
    /// [`ManifestError`]; nothing can be read after one.
    pub fn next_file(&mut self) -> Result<Option<ManifestFile>, ManifestError> {
        loop {
            match self.place {
                Place::InDrive => self.next_list()?,
                Place::AtEnd => return Ok(None),
                Place::InList => {}
            }
            if self.place != Place::InList {
                continue;
            }
            match self.xml.element()? {
                None => self.place = Place::InDrive,
                Some(element) if matches!(element.name.as_ref(), "Blob" | "File") => {
                    let file = self.entry(element)?;
                    self.files = self.files.saturating_add(1);
                    return Ok(Some(file));
                }
                Some(element) => self.list_default(element)?,
            }
        }
    }

    /// Reads what is left and returns what the whole was.
    ///
    /// # Errors
    /// [`ManifestError`] as [`next_file`](Self::next_file).
    pub fn finish(mut self) -> Result<ManifestSummary, ManifestError> {
        while self.next_file()?.is_some() {}
        let (md5, bytes) = self.xml.digest();
        Ok(ManifestSummary {
            md5,
            bytes,
            files: self.files,
        })
    }

    /// Reads children of `<Drive>` up to the next blob list, or to the end of the file.
    fn next_list(&mut self) -> Result<(), ManifestError> {
        while let Some(element) = self.xml.element()? {
            match element.name.as_ref() {
                "DriveId" if self.drive_id.is_empty() => {
                    fields::attributes(&self.xml, element, [])?;
                    self.drive_id = fields::plain_text(&mut self.xml, "DriveId")?;
                }
                "DriveId" => return Err(fields::repeated(&self.xml, "Drive", "<DriveId>")),
                "StorageAccountKey" | "ContainerSas" | "ClientCreator" => drop(self.xml.text()?),
                // What holds the files of an import into Azure Files is not publicly known: either is taken.
                "BlobList" | "FileList" => {
                    let [id] = fields::attributes(&self.xml, element, ["Id"])?;
                    self.list = List {
                        id,
                        ..List::default()
                    };
                    self.place = Place::InList;
                    return Ok(());
                }
                _ => return Err(fields::no_child(&self.xml, "Drive", &element)),
            }
        }
        // </Drive> was read; </DriveManifest> and the end of the file must follow.
        for within in ["DriveManifest", "the file"] {
            if let Some(element) = self.xml.element()? {
                return Err(fields::no_child(&self.xml, within, &element));
            }
        }
        self.place = Place::AtEnd;
        Ok(())
    }

    /// Reads a default of the list. The grammar has them before the first blob.
    fn list_default(&mut self, element: Element) -> Result<(), ManifestError> {
        let slot = match element.name.as_ref() {
            "MetadataPath" => &mut self.list.metadata,
            "PropertiesPath" => &mut self.list.properties,
            _ => return Err(fields::no_child(&self.xml, "BlobList", &element)),
        };
        if slot.is_some() {
            return Err(fields::repeated(&self.xml, "BlobList", &element.name));
        }
        *slot = Some(fields::attached(&mut self.xml, element)?);
        Ok(())
    }

    fn entry(&mut self, element: Element) -> Result<ManifestFile, ManifestError> {
        let mut fields = Fields::new(element.name == "File");
        fields::attributes(&self.xml, element, [])?;
        while let Some(element) = self.xml.element()? {
            fields.take(&mut self.xml, element)?;
        }
        let defaults = (self.list.metadata.as_ref(), self.list.properties.as_ref());
        fields.finish(&self.xml, defaults)
    }
}

impl<R: Read> Iterator for ManifestReader<R> {
    type Item = Result<ManifestFile, ManifestError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.next_file().transpose();
        if matches!(item, Some(Err(_))) {
            self.place = Place::AtEnd;
        }
        item
    }
}

/// The current grammar, and the one that an export sample shows.
const VERSIONS: [&str; 2] = ["2014-11-01", "2011-10-01"];
