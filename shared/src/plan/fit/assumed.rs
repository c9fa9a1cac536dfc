//! What a plan takes for granted.

use super::contents::Contents;
use super::options::PlanOptions;
use super::words;
use crate::manifest;
use crate::plan::{Listing, pieces_of};

/// The largest block blob of the service's public page: 5,000,000 MB (azure-import-export.md, 2.5).
const BLOB_BYTES_PUBLIC: u64 = 5_000_000_000_000;

/// Returns what a person should know that the numbers do not show.
pub(super) fn assumed(
    listing: &Listing,
    contents: &Contents,
    options: &PlanOptions,
) -> Vec<String> {
    let mut assumed = Vec::new();
    if options.bare {
        assumed.push(
            "only lengths of files are counted: no partition table, file system or manifest"
                .to_owned(),
        );
    } else {
        assumed.push(
            "Windows needs a 2048th of each drive (256 MiB at most) for itself when it first opens it".to_owned(),
        );
    }
    if options.as_many_as_needed {
        assumed
            .push("every drive has exactly the size given; real drives differ a little".to_owned());
    }
    let mut count = |number: usize, one: &str, many: &str| {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        match number {
            0 => {}
            1 => assumed.push(format!("1 {one}")),
            number => assumed.push(format!("{number} {many}")),
        }
    };
    let odd = |number: &u32| {
        let file = listing.entry(*number);
        manifest::choose_kind(file.name(), file.bytes, None)
            .is_ok_and(|choice| choice.odd_disk_image)
    };
    let may_be_odd = |number: &&u32| listing.plain_bytes(**number).is_none();
    let is_large = |number: &&u32| listing.facts(**number).bytes > BLOB_BYTES_PUBLIC;
    let (mut large, mut odd_images) = (0_usize, 0_usize);
    pieces_of(contents.files(), &mut |files| {
        large = large.saturating_add(files.iter().filter(is_large).count());
        let may_be = files.iter().filter(may_be_odd);
        odd_images = odd_images.saturating_add(may_be.filter(|number| odd(number)).count());
    });
    let limit = words::size(BLOB_BYTES_PUBLIC);
    count(
        large,
        &format!(
            "file is larger than {limit}, which the service's public page gives as the largest blob"
        ),
        &format!(
            "files are larger than {limit}, which the service's public page gives as the largest blob"
        ),
    );
    count(
        odd_images,
        "disk image is not a whole number of 512-byte pages and becomes a block blob",
        "disk images are not a whole number of 512-byte pages and become block blobs",
    );
    let empty =
        |id: &&u32| contents.files_in(**id).is_empty() && contents.folders_in(**id).is_empty();
    let folders = contents.folders();
    count(
        folders.iter().filter(empty).count(),
        "empty folder is on the drive and does not arrive in Blob storage, which has no folders",
        "empty folders are on the drives and do not arrive in Blob storage, which has no folders",
    );
    assumed
}
