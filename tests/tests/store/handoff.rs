//! The bodies of jobs, read by the SDKs that the services' own descriptions were made into.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::argosy::text;
use tests::oracle;

#[test]
fn the_services_own_sdks_read_every_field_of_the_bodies() -> Result<()> {
    let Some(python) = oracle::python()? else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let details = tests::argosy::details()?;
    std::fs::write(path("shipment.json"), details.to_string())?;
    let journal = oracle::repository().join("shared/tests/golden/drive-1.jrn");
    let mut handed = Value::Null;
    for whom in ["import-export", "databox", "az-cli"] {
        let mut arguments = vec!["journal", "handoff", text(&journal), "--for", whom];
        let (shipment, folder) = (path("shipment.json"), path(whom));
        arguments.extend(["--details", text(&shipment), "--to", text(&folder)]);
        let (code, report) = tests::argosy::json(&arguments)?;
        assert_eq!(code, 0, "{report}");
        handed = report["drives"][0].clone();
    }
    let said = oracle::run(
        text(&python),
        &[
            text(&oracle::repository().join("tests/readers/handoff.py")),
            text(&path("import-export").join("reel-1.import-export.json")),
            text(&path("databox").join("reel-1.databox.json")),
        ],
    )?;
    let said: Value = serde_json::from_str(&said)?;
    let serial = handed["serial"].as_str().context("a serial")?;
    let key = std::fs::read_to_string(path("az-cli").join(format!("{serial}.key")))?;
    let drives = json!({ serial: [key, r"\DriveManifest.xml", handed["manifest_hash"]] });
    let classic = json!({"wrong": [], "unknown": [], "drives": drives});
    assert_eq!(said["import_export"], classic, "{said}");
    let kind = [
        "DataBoxCustomerDiskJobDetails",
        "DataBoxCustomerDisk",
        "ImportToAzure",
    ];
    let disks = json!({"kind": kind, "unknown": [], "drives": drives});
    assert_eq!(said["databox"], disks, "{said}");
    Ok(())
}
