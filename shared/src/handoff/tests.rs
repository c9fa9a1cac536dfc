//! Over the golden journal of a finished drive, and drives made of it.

use super::*;
use crate::journal::redact;

const JOURNAL: &[u8] = include_bytes!("../../tests/golden/drive-1.jrn");

fn details() -> Details {
    let mut details = Details::template();
    let address = &mut details.return_address;
    for field in [
        &mut address.recipient_name,
        &mut address.street_address1,
        &mut address.city,
        &mut address.postal_code,
        &mut address.country_or_region,
        &mut address.phone,
        &mut address.email,
        &mut details.return_shipping.carrier_account_number,
    ] {
        "O'Neill & \"Söhne\"".clone_into(field);
    }
    details
}

fn drives(count: u32) -> Vec<HandedDrive> {
    let drive = handed(JOURNAL).expect("the golden drive is verified");
    (0..count)
        .map(|number| HandedDrive {
            serial: format!("{}-{number}", drive.serial),
            ..drive.clone()
        })
        .collect()
}

#[test]
fn a_verified_drive_is_handed_over_by_serial_key_and_manifest() {
    let drive = handed(JOURNAL).expect("verified");
    let replay = crate::journal::replay(JOURNAL).expect("whole");
    assert_eq!(drive.serial, replay.session.drive.serial);
    assert_eq!(drive.manifest_hash.len(), 32);
    assert_eq!(Some(drive.recovery_password), replay.recovery_password);
}

#[test]
fn what_is_unfinished_damaged_or_without_its_key_is_not_handed_over() {
    let cut = JOURNAL.len() - 300;
    assert!(matches!(
        handed(&JOURNAL[..cut]),
        Err(NotHanded::Journal(_))
    ));
    let mut damaged = JOURNAL.to_vec();
    damaged[cut + 40] ^= 1;
    assert!(matches!(handed(&damaged), Err(NotHanded::Journal(_))));
    let redacted = redact(JOURNAL).expect("whole");
    assert!(matches!(handed(&redacted), Err(NotHanded::Redacted { .. })));
}

#[test]
fn more_than_ten_drives_become_several_jobs_and_none_travels_twice() {
    let parcels = parcels(drives(23), &details()).expect("right");
    let counts: Vec<usize> = parcels.iter().map(|parcel| parcel.drives.len()).collect();
    assert_eq!(counts, [10, 10, 3]);
    assert_eq!(parcels[2].name, "reel-1-3");
    let mut twice = drives(2);
    twice[1].serial = twice[0].serial.clone();
    let refused = super::parcels(twice, &details());
    assert!(
        matches!(refused, Err(ParcelError::Twice { .. })),
        "{refused:?}"
    );
    assert_eq!(
        super::parcels(Vec::new(), &details()),
        Err(ParcelError::NoDrive)
    );
}

#[test]
fn a_job_name_that_the_service_refuses_is_refused_here() {
    for name in [
        "ab",
        "Reel",
        "1reel",
        "reel-",
        "a-name-of-more-than-twenty-four",
        "reel_1",
    ] {
        let wrong = Details {
            name: name.to_owned(),
            ..details()
        };
        assert!(
            matches!(parcels(drives(1), &wrong), Err(ParcelError::Name { .. })),
            "{name}"
        );
    }
    let long = Details {
        name: "a-name-of-23-characters".to_owned(),
        ..details()
    };
    assert!(parcels(drives(1), &long).is_ok());
    assert!(parcels(drives(11), &long).is_err(), "no room for a number");
}

#[test]
fn details_name_the_field_that_is_missing_or_wrong() {
    let json = |details: &Details| serde_json::to_vec(details).expect("plain data");
    assert_eq!(Details::read(&json(&details())), Ok(details()));
    assert_eq!(
        Details::read(&json(&Details::template())),
        Err(DetailsError::Empty {
            field: "returnAddress.recipientName"
        })
    );
    let wrong = Details {
        storage_account_id: "myaccount".to_owned(),
        ..details()
    };
    assert!(matches!(
        Details::read(&json(&wrong)),
        Err(DetailsError::StorageAccount { .. })
    ));
    assert!(matches!(Details::read(b"{}"), Err(DetailsError::Json(_))));
}

#[test]
fn the_bodies_hold_each_drive_by_the_services_own_names() {
    let parcel = &parcels(drives(2), &details()).expect("right")[0];
    let classic = import_export(parcel, &details());
    let listed = &classic["properties"]["driveList"][1];
    assert_eq!(listed["driveId"], parcel.drives[1].serial.as_str());
    assert_eq!(
        listed["manifestHash"],
        parcel.drives[1].manifest_hash.as_str()
    );
    let key = parcel.drives[1].recovery_password.reveal();
    assert_eq!(listed["bitLockerKey"], key.as_str());
    let disks =
        &data_box(parcel, &details())["properties"]["details"]["importDiskDetailsCollection"];
    assert_eq!(
        disks[parcel.drives[0].serial.as_str()]["bitLockerKey"],
        key.as_str()
    );
    assert_eq!(disks.as_object().map(serde_json::Map::len), Some(2));
}

#[test]
fn the_script_holds_no_key_and_quotes_what_a_shell_would_take_apart() {
    let parcel = &parcels(drives(2), &details()).expect("right")[0];
    let AzScript { script, keys } = az_cli(parcel, &details());
    for (file, key) in &keys {
        assert!(!script.contains(key.as_str()));
        assert!(
            script.contains(&format!("bit-locker-key='@{file}'")),
            "{script}"
        );
    }
    assert!(
        script.contains(r#"recipient-name='O'\''Neill & "Söhne"'"#),
        "{script}"
    );
    assert!(!script.trim_end().ends_with('\\'));
}
