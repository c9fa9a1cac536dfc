//! The present service: Microsoft.DataBox, SKU `DataBoxCustomerDisk`, API version 2022-12-01.

use serde_json::{Map, Value, json};

use super::details::Details;
use super::drive::MANIFEST_FILE;
use super::parcel::Parcel;

/// Returns the body of `PUT .../providers/Microsoft.DataBox/jobs/{name}?api-version=2022-12-01`.
///
/// It holds recovery passwords.
#[must_use]
pub fn data_box(parcel: &Parcel, details: &Details) -> Value {
    let disks: Map<String, Value> = parcel
        .drives
        .iter()
        .map(|drive| {
            let disk = json!({
                "manifestFile": MANIFEST_FILE,
                "manifestHash": drive.manifest_hash,
                "bitLockerKey": drive.recovery_password.reveal().as_str(),
            });
            (drive.serial.clone(), disk)
        })
        .collect();
    let address = &details.return_address;
    let mut shipping = json!({
        "streetAddress1": address.street_address1,
        "city": address.city,
        "postalCode": address.postal_code,
        "country": address.country_or_region,
    });
    if let Some(shipping) = shipping.as_object_mut() {
        let optional = [
            ("streetAddress2", &address.street_address2),
            ("stateOrProvince", &address.state_or_province),
        ];
        for (name, text) in optional.into_iter().filter(|(_, text)| !text.is_empty()) {
            shipping.insert(name.to_owned(), json!(text));
        }
    }
    let mut job = json!({
        "jobDetailsType": "DataBoxCustomerDisk",
        "contactDetails": {
            "contactName": address.recipient_name,
            "phone": address.phone,
            "emailList": [address.email],
        },
        "shippingAddress": shipping,
        "dataImportDetails": [{
            "accountDetails": {
                "dataAccountType": "StorageAccount",
                "storageAccountId": details.storage_account_id,
            },
            "logCollectionLevel": "Verbose",
        }],
        "importDiskDetailsCollection": disks,
        "returnToCustomerPackageDetails": {
            "carrierName": details.return_shipping.carrier_name,
            "carrierAccountNumber": details.return_shipping.carrier_account_number,
        },
        "enableManifestBackup": true,
    });
    if let Some(package) = &details.delivery_package
        && let Some(job) = job.as_object_mut()
    {
        let package = json!({
            "carrierName": package.carrier_name,
            "trackingId": package.tracking_number,
        });
        job.insert("deliverToDcPackageDetails".to_owned(), package);
    }
    json!({
        "location": details.location,
        "sku": {"name": "DataBoxCustomerDisk"},
        "properties": {"transferType": "ImportToAzure", "details": job},
    })
}
