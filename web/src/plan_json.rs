//! Files that a plan is handed on in: `plan.json` for people to read and compare (`prepare --plan` reads another file), `dataset.csv` for tools that take one.

use serde::Serialize;
use shared::api::Rename;
use shared::plan::{Listing, Plan, csv_field};

use crate::planning::PlanView;

/// Version of `plan.json`.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct PlanJson<'a> {
    #[serde(rename = "argosy-plan-summary")]
    version: u32,
    /// SHA-256 over drives and what goes where, as the agent reckons it: one hash, one plan.
    hash: &'a str,
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
///
/// # Errors
/// [`serde_json::Error`] when it cannot be put into words; nothing is to be saved then.
pub fn plan_json(
    listing: &Listing,
    (plan, hash): (&Plan, &str),
    view: &PlanView,
    session: &str,
    destination: Option<&str>,
) -> Result<String, serde_json::Error> {
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
        hash,
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
    serde_json::to_string(&json)
}

/// Returns `dataset.csv` for one source folder: the header of 2017, which knows blobs and dispositions. An empty blob
/// type lets the name decide, as the page does. The folder ends as paths of its machine do: in a backslash where it is one
/// of Windows.
#[must_use]
pub fn dataset_csv(folder: &str, destination: &str) -> String {
    // On Unix a backslash may be part of a name.
    let is_windows = !folder.starts_with('/') && folder.contains('\\');
    let ends: &[char] = if is_windows { &['\\', '/'] } else { &['/'] };
    let end = match (folder.ends_with(ends), is_windows) {
        (true, _) => "",
        (false, true) => "\\",
        (false, false) => "/",
    };
    let base = csv_field(&format!("{folder}{end}"));
    let destination = csv_field(destination);
    format!(
        "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\r\n\
         {base},{destination},,rename,None,None\r\n"
    )
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::{Value, json};
    use shared::hash::lower_hex;
    use shared::plan::dataset::read_dataset;

    use crate::listed::read_csv;
    use crate::planning::{self, PlanRequest, WantedDrive};

    use super::*;

    #[test]
    fn plan_json_is_read_back_with_its_version_its_hash_and_what_goes_where() {
        let csv = b"path,bytes\nfilm/a/1.mov,6\nfilm/CON,1\n";
        let (listing, _) = read_csv(csv).expect("well formed");
        let request = PlanRequest {
            session: "reels-1".to_owned(),
            destination: Some("film/".to_owned()),
            content_md5: false,
            mhl: None,
            take_proposals: false,
            renames: Vec::new(),
            drives: vec![WantedDrive {
                serial: "drive".to_owned(),
                bytes: 1_400_000_512,
                sector_bytes: 512,
            }],
            as_many_as_needed: true,
        };
        let (plan, view) = planning::plan(&listing, &request).expect("fits");
        let hash = lower_hex(&plan.hash(&listing));
        let text =
            plan_json(&listing, (&plan, &hash), &view, "reels-1", Some("film/")).expect("JSON");
        let read: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read["argosy-plan-summary"], 1);
        assert_eq!(read["hash"], hash);
        assert_eq!(read["destination"], "film/");
        assert_eq!(read["drives"][0]["entries"], json!([["film/a/1.mov", 6]]));
        assert_eq!(read["left_out"][0]["path"], "film/CON");
        assert_eq!(read["drives"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn the_dataset_is_read_back_as_the_folder_and_its_destination() {
        for (folder, base) in [
            ("/data/a \"b\", c", "/data/a \"b\", c/"),
            ("/data/", "/data/"),
            ("/data/back\\slash", "/data/back\\slash/"),
            ("D:\\reels", "D:\\reels\\"),
            ("D:\\", "D:\\"),
            ("D:\\reels/", "D:\\reels/"),
            ("\\\\nas\\film", "\\\\nas\\film\\"),
        ] {
            let csv = dataset_csv(folder, "film/reels/");
            let rows = read_dataset(csv.as_bytes()).expect("well formed");
            assert_eq!(rows.len(), 1);
            assert_eq!(rows[0].base_path, base);
            assert!(rows[0].is_folder);
            assert_eq!(rows[0].destination, "film/reels/");
            assert_eq!(rows[0].kind, None);
        }
    }
}
