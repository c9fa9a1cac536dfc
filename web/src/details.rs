//! The fields in which a person types what a service wants to know of a shipment.

use shared::handoff::{Details, Package};

/// A field of the form.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// As the details file calls it.
    pub path: &'static str,
    /// As a person reads it.
    pub label: &'static str,
    /// What it looks like, or nothing.
    pub example: &'static str,
    /// What a browser may fill in.
    pub autocomplete: &'static str,
}

const fn field(
    path: &'static str,
    label: &'static str,
    example: &'static str,
    autocomplete: &'static str,
) -> Field {
    Field {
        path,
        label,
        example,
        autocomplete,
    }
}

/// The fields of the job and of the account that it is for.
pub const JOB: [Field; 6] = [
    field("name", "Name of the job", "reel-1", "off"),
    field(
        "subscription",
        "Subscription",
        "00000000-0000-0000-0000-000000000000",
        "off",
    ),
    field("resourceGroup", "Resource group", "my-group", "off"),
    field("location", "Region", "westeurope", "off"),
    field(
        "storageAccountId",
        "Storage account, its resource id",
        "/subscriptions/.../storageAccounts/NAME",
        "off",
    ),
    field(
        "diagnosticsPath",
        "Container for the service\u{2019}s logs",
        "waimportexport",
        "off",
    ),
];

/// The fields of the address that the drives come back to.
pub const ADDRESS: [Field; 9] = [
    field("returnAddress.recipientName", "Recipient", "", "name"),
    field(
        "returnAddress.streetAddress1",
        "Street",
        "",
        "address-line1",
    ),
    field(
        "returnAddress.streetAddress2",
        "Street, second line (optional)",
        "",
        "address-line2",
    ),
    field("returnAddress.city", "City", "", "address-level2"),
    field(
        "returnAddress.stateOrProvince",
        "State or province (optional)",
        "",
        "address-level1",
    ),
    field("returnAddress.postalCode", "Postal code", "", "postal-code"),
    field(
        "returnAddress.countryOrRegion",
        "Country, two letters",
        "NL",
        "country",
    ),
    field("returnAddress.phone", "Telephone", "", "tel"),
    field("returnAddress.email", "E-mail", "", "email"),
];

/// The fields of the carriers.
pub const CARRIERS: [Field; 4] = [
    field(
        "returnShipping.carrierName",
        "Carrier that brings them back",
        "DHL",
        "off",
    ),
    field(
        "returnShipping.carrierAccountNumber",
        "Your account with it",
        "",
        "off",
    ),
    field(
        "deliveryPackage.carrierName",
        "Carrier of your parcel (optional)",
        "DHL",
        "off",
    ),
    field(
        "deliveryPackage.trackingNumber",
        "Its tracking number (optional)",
        "",
        "off",
    ),
];

/// Returns what stands in a field.
#[must_use]
pub fn value<'a>(details: &'a Details, path: &str) -> &'a str {
    let (address, carrier) = (&details.return_address, &details.return_shipping);
    let package = details.delivery_package.as_ref();
    match path {
        "name" => &details.name,
        "subscription" => &details.subscription,
        "resourceGroup" => &details.resource_group,
        "location" => &details.location,
        "storageAccountId" => &details.storage_account_id,
        "diagnosticsPath" => &details.diagnostics_path,
        "returnAddress.recipientName" => &address.recipient_name,
        "returnAddress.streetAddress1" => &address.street_address1,
        "returnAddress.streetAddress2" => &address.street_address2,
        "returnAddress.city" => &address.city,
        "returnAddress.stateOrProvince" => &address.state_or_province,
        "returnAddress.postalCode" => &address.postal_code,
        "returnAddress.countryOrRegion" => &address.country_or_region,
        "returnAddress.phone" => &address.phone,
        "returnAddress.email" => &address.email,
        "returnShipping.carrierName" => &carrier.carrier_name,
        "returnShipping.carrierAccountNumber" => &carrier.carrier_account_number,
        "deliveryPackage.carrierName" => package.map_or("", |package| &package.carrier_name),
        "deliveryPackage.trackingNumber" => package.map_or("", |package| &package.tracking_number),
        _ => "",
    }
}

/// Puts `text` into a field. A parcel of which nothing is said is none.
pub fn set(details: &mut Details, path: &str, text: String) {
    let (address, carrier) = (&mut details.return_address, &mut details.return_shipping);
    let place = match path {
        "name" => &mut details.name,
        "subscription" => &mut details.subscription,
        "resourceGroup" => &mut details.resource_group,
        "location" => &mut details.location,
        "storageAccountId" => &mut details.storage_account_id,
        "diagnosticsPath" => &mut details.diagnostics_path,
        "returnAddress.recipientName" => &mut address.recipient_name,
        "returnAddress.streetAddress1" => &mut address.street_address1,
        "returnAddress.streetAddress2" => &mut address.street_address2,
        "returnAddress.city" => &mut address.city,
        "returnAddress.stateOrProvince" => &mut address.state_or_province,
        "returnAddress.postalCode" => &mut address.postal_code,
        "returnAddress.countryOrRegion" => &mut address.country_or_region,
        "returnAddress.phone" => &mut address.phone,
        "returnAddress.email" => &mut address.email,
        "returnShipping.carrierName" => &mut carrier.carrier_name,
        "returnShipping.carrierAccountNumber" => &mut carrier.carrier_account_number,
        "deliveryPackage.carrierName" | "deliveryPackage.trackingNumber" => {
            return set_package(details, path, text);
        }
        _ => return,
    };
    *place = text;
}

fn set_package(details: &mut Details, path: &str, text: String) {
    let package = details.delivery_package.get_or_insert_with(|| Package {
        carrier_name: String::new(),
        tracking_number: String::new(),
    });
    if path.ends_with("carrierName") {
        package.carrier_name = text;
    } else {
        package.tracking_number = text;
    }
    if package.carrier_name.is_empty() && package.tracking_number.is_empty() {
        details.delivery_package = None;
    }
}

/// Returns details of which only what is the same for everybody is filled in.
#[must_use]
pub fn blank() -> Details {
    let template = Details::template();
    let mut details = template.clone();
    for field in JOB.iter().chain(&ADDRESS).chain(&CARRIERS) {
        set(&mut details, field.path, String::new());
    }
    details.diagnostics_path = template.diagnostics_path;
    details
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn every_field_of_the_form_is_one_of_the_details_and_keeps_its_own_text() {
        let mut details = blank();
        for field in JOB.iter().chain(&ADDRESS).chain(&CARRIERS) {
            set(&mut details, field.path, format!("of {}", field.path));
        }
        let json = serde_json::to_value(&details).expect("plain data");
        for field in JOB.iter().chain(&ADDRESS).chain(&CARRIERS) {
            let text = value(&details, field.path);
            assert_eq!(text, format!("of {}", field.path));
            let found = field.path.split('.').fold(&json, |json, name| &json[name]);
            assert_eq!(found, text, "{}", field.path);
        }
        for field in &CARRIERS[2..] {
            set(&mut details, field.path, String::new());
        }
        assert_eq!(details.delivery_package, None, "nothing is said of it");
    }
}
