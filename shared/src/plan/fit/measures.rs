//! What the cost of a file depends on beside its length.

use super::contents::Contents;
use crate::manifest::{self, BlobKind, PlannedFile, PlannedLines};
use crate::plan::lengths::Lengths;
use crate::plan::listing::{Listing, index};
use crate::plan::mapping::{Mapping, Target};
use crate::plan::pieces_of;

/// Two columns by entry, five bytes a file, so that names are looked at once and not for every kind
/// of drive and every attempt at packing.
#[derive(Clone, Debug)]
pub(super) struct Measures {
    units: Vec<u8>,
    lines: Vec<u32>,
}

impl Measures {
    pub(super) fn new(listing: &Listing, contents: &Contents, mapping: &Mapping) -> Self {
        let mut measures = Self {
            units: vec![0; index(listing.len())],
            lines: vec![0; index(listing.len())],
        };
        let lengths = Lengths::new(listing, mapping);
        let targets = (0..).zip(&mapping.targets);
        let lines: Vec<PlannedLines> = targets
            .map(|(number, target)| lines_of(mapping, number, target))
            .collect();
        let mut measure = |number: u32| {
            let file_bytes = listing.facts(number).bytes;
            let found = lengths.of(listing, mapping, number);
            let known = found.filter(|_| !mapping.content_md5).and_then(|found| {
                let place = index(found.target);
                let kind = mapping.targets.get(place)?.kind;
                let kind = found.kind(file_bytes, kind).ok()?;
                let bytes = lines
                    .get(place)?
                    .of_file(kind, file_bytes, found.manifest_bytes);
                Some((u64::from(found.name_units), bytes))
            });
            let (units, bytes) = known.unwrap_or_else(|| {
                let name = mapping.name(listing.entry(number).path);
                (units(name), named(listing, mapping, number))
            });
            measures.units[index(number)] = u8::try_from(units).unwrap_or(u8::MAX);
            measures.lines[index(number)] = u32::try_from(bytes).unwrap_or(u32::MAX);
        };
        pieces_of(contents.files(), &mut |files| {
            files.iter().copied().for_each(&mut measure)
        });
        measures
    }

    /// Returns the UTF-16 units of a file's name on the drive.
    pub(super) fn units(&self, file: u32) -> u8 {
        self.units[index(file)]
    }

    /// Returns the bytes of a file's lines in the manifest.
    pub(super) fn lines(&self, file: u32) -> u64 {
        u64::from(self.lines[index(file)])
    }
}

/// What the lines of all files of one target have in common.
fn lines_of(mapping: &Mapping, number: u32, target: &Target) -> PlannedLines {
    let (metadata, properties) = mapping.attached_to(number);
    PlannedLines::new(&PlannedFile {
        path: "",
        blob: "",
        bytes: 0,
        kind: BlobKind::Block,
        disposition: Some(target.disposition),
        snapshot: None,
        metadata: metadata.as_deref(),
        properties: properties.as_deref(),
    })
}

/// The lines of a file whose names have to be made to know their lengths.
fn named(listing: &Listing, mapping: &Mapping, number: u32) -> u64 {
    mapping.naming(listing, number).map_or(0, |naming| {
        manifest::planned_file_bytes(&naming.planned(listing.entry(number).bytes))
    })
}

/// Returns the UTF-16 units of a name.
pub(super) fn units(name: &str) -> u64 {
    u64::try_from(name.encode_utf16().count()).unwrap_or(u64::MAX)
}
