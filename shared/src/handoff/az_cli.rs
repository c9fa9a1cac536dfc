//! The classic service by its command line, `az import-export` (an extension of the Azure CLI).

use zeroize::Zeroizing;

use super::details::Details;
use super::drive::MANIFEST_FILE;
use super::parcel::Parcel;

/// A script, and the files that it has the command line read keys from.
pub struct AzScript {
    /// POSIX shell. It holds no key.
    pub script: String,
    /// Name and content of each drive's key file, to be written for its owner alone (0600).
    pub keys: Vec<(String, Zeroizing<String>)>,
}

/// Returns the script that makes the job. Keys are read by `az` from files beside the script (`@file`), so that no
/// list of processes shows them.
#[must_use]
pub fn az_cli(parcel: &Parcel, details: &Details) -> AzScript {
    let address = &details.return_address;
    let mut fields = vec![
        ("recipient-name", &address.recipient_name),
        ("street-address1", &address.street_address1),
        ("street-address2", &address.street_address2),
        ("city", &address.city),
        ("state-or-province", &address.state_or_province),
        ("postal-code", &address.postal_code),
        ("country-or-region", &address.country_or_region),
        ("phone", &address.phone),
        ("email", &address.email),
    ];
    fields.retain(|(_, text)| !text.is_empty());
    let mut lines = vec![
        "#!/bin/sh".to_owned(),
        format!(
            "# Makes the job {}; drives: {}. Their keys are in the files beside this one.",
            parcel.name,
            parcel.drives.len()
        ),
        "set -eu".to_owned(),
        "cd \"$(dirname \"$0\")\"".to_owned(),
        "az import-export create \\".to_owned(),
        option("subscription", &details.subscription),
        option("resource-group", &details.resource_group),
        option("name", &parcel.name),
        option("location", &details.location),
        option("type", "Import"),
        option("storage-account", &details.storage_account_id),
        option("diagnostics-path", &details.diagnostics_path),
        option("log-level", "Verbose"),
        "    --backup-drive-manifest true \\".to_owned(),
        pairs("return-address", &fields),
        pairs(
            "return-shipping",
            &[
                ("carrier-name", &details.return_shipping.carrier_name),
                (
                    "carrier-account-number",
                    &details.return_shipping.carrier_account_number,
                ),
            ],
        ),
    ];
    if let Some(package) = &details.delivery_package {
        let count = parcel.drives.len().to_string();
        let package = [
            ("carrier-name", &package.carrier_name),
            ("tracking-number", &package.tracking_number),
            ("drive-count", &count),
        ];
        lines.push(pairs("delivery-package", &package));
    }
    let mut keys = Vec::with_capacity(parcel.drives.len());
    for drive in &parcel.drives {
        let file = format!("{}.key", crate::blob_name::file_name(&drive.serial));
        let (key, manifest) = (format!("@{file}"), MANIFEST_FILE.to_owned());
        lines.push(pairs(
            "drive-list",
            &[
                ("drive-id", &drive.serial),
                ("bit-locker-key", &key),
                ("manifest-file", &manifest),
                ("manifest-hash", &drive.manifest_hash),
                ("drive-header-hash", &String::new()),
            ],
        ));
        keys.push((
            file,
            Zeroizing::new(drive.recovery_password.reveal().to_string()),
        ));
    }
    let mut script = lines.join("\n");
    // The last line goes on to nothing.
    script.truncate(script.trim_end_matches(" \\").len());
    script.push('\n');
    AzScript { script, keys }
}

fn option(name: &str, value: &str) -> String {
    format!("    --{name} {} \\", quoted(value))
}

fn pairs(name: &str, fields: &[(&str, &String)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(field, value)| format!("{field}={}", quoted(value)))
        .collect();
    format!("    --{name} {} \\", pairs.join(" "))
}

/// Quotes a word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
