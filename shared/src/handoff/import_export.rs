//! The classic service: Microsoft.ImportExport, API version 2021-01-01.

use serde_json::{Value, json};

use super::details::Details;
use super::drive::{HandedDrive, MANIFEST_FILE};
use super::parcel::Parcel;

/// Returns the body of `PUT .../providers/Microsoft.ImportExport/jobs/{name}?api-version=2021-01-01`.
///
/// It holds recovery passwords.
#[must_use]
pub fn import_export(parcel: &Parcel, details: &Details) -> Value {
    let drives: Vec<Value> = parcel.drives.iter().map(drive).collect();
    let mut properties = json!({
        "storageAccountId": details.storage_account_id,
        "jobType": "Import",
        "returnAddress": details.return_address,
        "returnShipping": details.return_shipping,
        "diagnosticsPath": details.diagnostics_path,
        "logLevel": "Verbose",
        "backupDriveManifest": true,
        "driveList": drives,
    });
    if let Some(package) = &details.delivery_package
        && let Some(properties) = properties.as_object_mut()
    {
        let package = json!({
            "carrierName": package.carrier_name,
            "trackingNumber": package.tracking_number,
            "driveCount": parcel.drives.len(),
        });
        properties.insert("deliveryPackage".to_owned(), package);
    }
    json!({"location": details.location, "properties": properties})
}

fn drive(drive: &HandedDrive) -> Value {
    json!({
        "driveId": drive.serial,
        "bitLockerKey": drive.recovery_password.reveal().as_str(),
        "manifestFile": MANIFEST_FILE,
        "manifestHash": drive.manifest_hash,
        "driveHeaderHash": "",
    })
}
