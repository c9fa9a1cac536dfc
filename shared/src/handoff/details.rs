//! What a person says once of a shipment: accounts, addresses, carriers.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A shipment, as a person writes it down once. The field names are the service's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Details {
    /// Name of the job; several jobs get a number behind it.
    pub name: String,
    /// Subscription that the job is made in.
    pub subscription: String,
    /// Resource group that the job is made in.
    pub resource_group: String,
    /// Region of the data centre: `westeurope`.
    pub location: String,
    /// Resource id of the storage account that the data goes to.
    pub storage_account_id: String,
    /// Container for the service's logs.
    #[serde(default = "waimportexport")]
    pub diagnostics_path: String,
    /// Where the drives come back to.
    pub return_address: Address,
    /// Who carries them back, on whose account.
    pub return_shipping: Carrier,
    /// The parcel, once it is on its way; it can be told later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_package: Option<Package>,
}

fn waimportexport() -> String {
    "waimportexport".to_owned()
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// Person.
    pub recipient_name: String,
    /// Street.
    pub street_address1: String,
    /// More of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub street_address2: String,
    /// City.
    pub city: String,
    /// State or province, where there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub state_or_province: String,
    /// Postal code.
    pub postal_code: String,
    /// Country: its two letters.
    pub country_or_region: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

/// Who carries a parcel, on whose account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Carrier {
    /// FedEx, UPS, DHL.
    pub carrier_name: String,
    /// The account that pays.
    pub carrier_account_number: String,
}

/// A parcel on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Package {
    /// FedEx, UPS, DHL.
    pub carrier_name: String,
    /// Its number.
    pub tracking_number: String,
}

/// Details that the service would send back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DetailsError {
    /// The file is no details.
    #[error("{0}")]
    Json(String),
    /// Something is left empty.
    #[error("{field} is empty")]
    Empty {
        /// The field, as the file calls it.
        field: &'static str,
    },
    /// The id names no storage account.
    #[error(
        "storageAccountId is {found:?}; the portal shows it under Properties: /subscriptions/.../resourceGroups/.../providers/Microsoft.Storage/storageAccounts/NAME"
    )]
    StorageAccount {
        /// What is there.
        found: String,
    },
}

impl Details {
    /// Reads details and looks at every field that the service insists on.
    ///
    /// # Errors
    /// [`DetailsError`], naming the field.
    pub fn read(json: &[u8]) -> Result<Self, DetailsError> {
        let details = Self::parse(json)?;
        details.check()?;
        Ok(details)
    }

    /// Reads details that may still have gaps: what a form is filled with.
    ///
    /// # Errors
    /// [`DetailsError::Json`].
    pub fn parse(json: &[u8]) -> Result<Self, DetailsError> {
        serde_json::from_slice(json).map_err(|error| DetailsError::Json(error.to_string()))
    }

    /// Looks at every field that the service insists on.
    ///
    /// # Errors
    /// [`DetailsError`], naming the first field that is wrong.
    pub fn check(&self) -> Result<(), DetailsError> {
        let address = &self.return_address;
        let wanted = [
            ("name", &self.name),
            ("subscription", &self.subscription),
            ("resourceGroup", &self.resource_group),
            ("location", &self.location),
            ("diagnosticsPath", &self.diagnostics_path),
            ("returnAddress.recipientName", &address.recipient_name),
            ("returnAddress.streetAddress1", &address.street_address1),
            ("returnAddress.city", &address.city),
            ("returnAddress.postalCode", &address.postal_code),
            ("returnAddress.countryOrRegion", &address.country_or_region),
            ("returnAddress.phone", &address.phone),
            ("returnAddress.email", &address.email),
            (
                "returnShipping.carrierName",
                &self.return_shipping.carrier_name,
            ),
            (
                "returnShipping.carrierAccountNumber",
                &self.return_shipping.carrier_account_number,
            ),
        ];
        let package = self.delivery_package.iter().flat_map(|package| {
            [
                ("deliveryPackage.carrierName", &package.carrier_name),
                ("deliveryPackage.trackingNumber", &package.tracking_number),
            ]
        });
        let wanted: Vec<_> = wanted.into_iter().chain(package).collect();
        if let Some((field, _)) = wanted.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(DetailsError::Empty { field });
        }
        if self.storage_account_name().is_none() {
            let found = self.storage_account_id.clone();
            return Err(DetailsError::StorageAccount { found });
        }
        Ok(())
    }

    /// Returns the name of the storage account that the resource id ends in.
    pub(super) fn storage_account_name(&self) -> Option<&str> {
        let mut parts = self.storage_account_id.split('/');
        let shape = [
            "",
            "subscriptions",
            "*",
            "resourceGroups",
            "*",
            "providers",
            "Microsoft.Storage",
            "storageAccounts",
        ];
        for wanted in shape {
            let part = parts.next()?;
            let is_it = match wanted {
                "*" => !part.is_empty(),
                _ => part.eq_ignore_ascii_case(wanted),
            };
            if !is_it {
                return None;
            }
        }
        parts
            .next()
            .filter(|name| !name.is_empty() && parts.next().is_none())
    }

    /// Returns details to be filled in.
    #[must_use]
    pub fn template() -> Self {
        let text = str::to_owned;
        Self {
            name: text("reel-1"),
            subscription: text("00000000-0000-0000-0000-000000000000"),
            resource_group: text("my-group"),
            location: text("westeurope"),
            storage_account_id: text(
                "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-group/providers/Microsoft.Storage/storageAccounts/myaccount",
            ),
            diagnostics_path: waimportexport(),
            return_address: Address {
                recipient_name: String::new(),
                street_address1: String::new(),
                street_address2: String::new(),
                city: String::new(),
                state_or_province: String::new(),
                postal_code: String::new(),
                country_or_region: String::new(),
                phone: String::new(),
                email: String::new(),
            },
            return_shipping: Carrier {
                carrier_name: text("DHL"),
                carrier_account_number: String::new(),
            },
            delivery_package: None,
        }
    }
}
