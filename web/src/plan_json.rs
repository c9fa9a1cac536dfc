//! Files that a plan is handed on in: `plan.json` to be read and compared, `dataset.csv` for tools that take one.

use std::fmt::Write as _;

use serde::Serialize;
use shared::api::Rename;
use shared::plan::{Listing, Plan};

use crate::planning::PlanView;

/// Version of `plan.json`.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct PlanJson<'a> {
    #[serde(rename = "argosy-plan-summary")]
    version: u32,
    /// SHA-256 over drives and what goes where, as the agent reckons it: one hash, one plan.
    hash: String,
    session: &'a str,
    destination: Option<&'a str>,
    files: u64,
    bytes: u64,
    lower_bound: u32,
    proven: bool,
    why: &'a str,
    assumed: &'a [String],
    renames: &'a [Rename],
    left_out: Vec<LeftOutJson<'a>>,
    drives: Vec<DriveJson<'a>>,
}

#[derive(Serialize)]
struct LeftOutJson<'a> {
    path: &'a str,
    reason: &'static str,
}

#[derive(Serialize)]
struct DriveJson<'a> {
    serial: &'a str,
    disk_bytes: u64,
    capacity_bytes: u64,
    used_bytes: u64,
    files: u32,
    /// Path and bytes, in the order of writing; folders end in `/`.
    entries: Vec<(String, u64)>,
}

/// Returns `plan.json`.
#[must_use]
pub fn plan_json(
    listing: &Listing,
    plan: &Plan,
    view: &PlanView,
    session: &str,
    destination: Option<&str>,
) -> String {
    let drives = plan.drives.iter().map(|drive| DriveJson {
        serial: &drive.serial,
        disk_bytes: drive.disk_bytes,
        capacity_bytes: drive.capacity_bytes,
        used_bytes: drive.used_bytes,
        files: drive.files,
        entries: drive
            .entries
            .iter()
            .map(|&number| {
                let entry = listing.entry(number);
                let end = if entry.is_folder { "/" } else { "" };
                (format!("{}{end}", entry.path), entry.bytes)
            })
            .collect(),
    });
    let left_out = plan.left_out.iter().map(|left| LeftOutJson {
        path: &left.path,
        reason: left.reason.text(),
    });
    let json = PlanJson {
        version: VERSION,
        hash: hash(listing, plan),
        session,
        destination,
        files: view.files,
        bytes: view.bytes,
        lower_bound: plan.lower_bound,
        proven: plan.proven,
        why: &view.why,
        assumed: &view.assumed,
        renames: &view.renames,
        left_out: left_out.collect(),
        drives: drives.collect(),
    };
    // Strings and numbers always become JSON.
    serde_json::to_string(&json).unwrap_or_default()
}

/// Returns the plan's hash in hexadecimal.
#[must_use]
pub fn hash(listing: &Listing, plan: &Plan) -> String {
    let mut text = String::new();
    for byte in plan.hash(listing) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Returns `dataset.csv` for one source folder: the header of 2017, which knows blobs and dispositions. An empty blob
/// type lets the name decide, as the page does.
#[must_use]
pub fn dataset_csv(folder: &str, destination: &str) -> String {
    let end = if folder.ends_with(['/', '\\']) {
        ""
    } else {
        "/"
    };
    let base = format!("{folder}{end}").replace('"', "\"\"");
    let destination = destination.replace('"', "\"\"");
    format!(
        "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\r\n\
         \"{base}\",\"{destination}\",,rename,None,None\r\n"
    )
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use shared::plan::dataset::read_dataset;

    use super::*;

    #[test]
    fn the_dataset_is_read_back_as_the_folder_and_its_destination() {
        let csv = dataset_csv("/data/a \"b\", c", "film/reels/");
        let rows = read_dataset(csv.as_bytes()).expect("well formed");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].base_path, "/data/a \"b\", c/");
        assert!(rows[0].is_folder);
        assert_eq!(rows[0].destination, "film/reels/");
        assert_eq!(rows[0].kind, None);
    }
}
