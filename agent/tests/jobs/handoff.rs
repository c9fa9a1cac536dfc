//! What is handed over with a drive that was really filled.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::{Place, argosy, json, noise, password, text};

#[test]
fn a_verified_drive_is_handed_over_in_four_ways_and_its_key_lies_in_private_files_only() {
    let place = Place::new();
    place.file("film", &noise(1, 300_000));
    let image = place.drive("HANDED-1", "80MB");
    let (code, report) = place.prepare("handed", &image, &[]);
    assert_eq!(code, 0, "{report}");
    let journal = place.journal("HANDED-1");
    let key = password(&journal);

    let template = argosy(&["journal", "handoff", "--template"]);
    let mut details: Value = serde_json::from_slice(&template.stdout).unwrap();
    for field in [
        "recipientName",
        "streetAddress1",
        "city",
        "postalCode",
        "countryOrRegion",
        "phone",
        "email",
    ] {
        details["returnAddress"][field] = "Ann O'Neill".into();
    }
    details["returnShipping"]["carrierAccountNumber"] = "4711".into();
    let file = place.path("shipment.json");
    fs::write(&file, details.to_string()).unwrap();

    for (whom, name) in [
        ("portal", "HANDED-1_DriveInfo_HANDED-1.xml"),
        ("az-cli", "HANDED-1.key"),
        ("import-export", "reel-1.import-export.json"),
        ("databox", "reel-1.databox.json"),
    ] {
        let folder = place.path(whom);
        let mut arguments = vec![
            "journal",
            "handoff",
            text(&journal),
            "--for",
            whom,
            "--to",
            text(&folder),
        ];
        arguments.extend(["--details", text(&file)]);
        let (code, report) = json(&arguments);
        assert_eq!(code, 0, "{report}");
        assert!(!report.to_string().contains(&key), "{report}");
        let content = fs::read_to_string(folder.join(name)).unwrap();
        assert!(content.contains(&key), "{whom}: {content}");
        for entry in fs::read_dir(&folder).unwrap() {
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{whom}");
        }
        // What is there is never written over.
        let (code, _) = json(&arguments);
        assert_eq!(code, 4, "{whom}");
    }
    let script = fs::read_to_string(place.path("az-cli").join("reel-1.sh")).unwrap();
    assert!(
        !script.contains(&key) && script.contains("bit-locker-key='@HANDED-1.key'"),
        "{script}"
    );
}

#[test]
fn an_unfinished_drive_is_not_handed_over_and_no_file_is_made() {
    let place = Place::new();
    place.file("film", &noise(1, 300_000));
    let image = place.drive("HANDED-2", "80MB");
    let (code, _) = place.prepare("unread", &image, &["--no-verify"]);
    assert_eq!(code, 0);
    let (journal, folder) = (place.journal("HANDED-2"), place.path("out"));
    let arguments = [
        "journal",
        "handoff",
        text(&journal),
        "--for",
        "portal",
        "--to",
        text(&folder),
    ];
    let (code, report) = json(&arguments);
    assert_eq!(code, 3, "{report}");
    assert!(
        report["error"]["message"]
            .as_str()
            .unwrap()
            .contains("HANDED-2"),
        "{report}"
    );
    assert!(!folder.exists());
}
