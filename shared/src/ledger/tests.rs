use super::*;
use crate::handoff::Details;
use crate::job::{Moment, Verdict};

fn entry(change: Change) -> Entry {
    Entry {
        at: Moment(1_478_120_654_735),
        by: "station-1".to_owned(),
        change,
    }
}

fn opened(direction: Direction, service: Service) -> Shipment {
    Shipment::open("reel-1", entry(Change::Opened { direction, service })).unwrap()
}

fn added(serial: &str, verdict: Verdict) -> Change {
    Change::Added {
        serial: serial.to_owned(),
        facts: Some(LedgerFacts {
            verdict,
            manifest_hash: "0".repeat(32),
            files: 3,
            bytes: 4096,
        }),
    }
}

fn drive(serial: &str, to: DriveStep) -> Change {
    Change::DriveMoved {
        serial: serial.to_owned(),
        to,
    }
}

const fn moved(to: ShipmentState) -> Change {
    Change::Moved { to }
}

fn sent(way: Way) -> Change {
    Change::Sent(Sent {
        way,
        carrier: "DHL".to_owned(),
        tracking: "JD014".to_owned(),
    })
}

/// The story of an import in which one of two drives had errors.
fn story() -> Vec<Change> {
    use DriveStep as D;
    use ShipmentState as S;
    vec![
        added("A", Verdict::Verified),
        added("B", Verdict::Incomplete),
        sent(Way::There),
        Change::ReturnAddress {
            address: Details::template().return_address,
        },
        moved(S::Shipping),
        moved(S::Received),
        drive("A", D::Received),
        drive("B", D::Received),
        moved(S::Transferring),
        drive("A", D::Transferring),
        drive("A", D::Completed),
        drive("B", D::Transferring),
        drive("B", D::CompletedMoreInfo),
        moved(S::Packaging),
        sent(Way::Back),
        moved(S::Closed),
        drive("A", D::ShippedBack),
        drive("B", D::ShippedBack),
    ]
}

fn told(changes: impl IntoIterator<Item = Change>) -> Shipment {
    let mut shipment = opened(Direction::Import, Service::ImportExport);
    for change in changes {
        shipment.apply(entry(change)).unwrap();
    }
    shipment
}

#[test]
fn a_shipment_goes_its_way_and_says_at_every_step_what_may_follow() {
    let shipment = told(story());
    assert_eq!(shipment.state, ShipmentState::Closed);
    assert!(shipment.drives[1].has_more_info);
    let mut again = told(story());
    let why = again
        .apply(entry(moved(ShipmentState::Shipping)))
        .unwrap_err();
    assert_eq!(
        why.to_string(),
        "it is closed; shipping cannot follow: that is its end"
    );
    let mut early = told([]);
    let why = early
        .apply(entry(moved(ShipmentState::Packaging)))
        .unwrap_err();
    assert_eq!(
        why.to_string(),
        "it is creating; packaging cannot follow, only shipping or canceled"
    );
}

#[test]
fn no_entry_of_a_story_can_be_left_out_or_come_before_the_one_that_it_needs() {
    // What the others lean on: all up to the packaging.
    for left_out in 0..14 {
        let changes = story();
        let kept = changes.into_iter().enumerate();
        let kept = kept
            .filter(|(n, _)| *n != left_out)
            .map(|(_, change)| change);
        let entries = std::iter::once(Change::Opened {
            direction: Direction::Import,
            service: Service::ImportExport,
        })
        .chain(kept)
        .map(entry);
        assert!(Shipment::replay("reel-1", entries).is_err(), "{left_out}");
    }
}

#[test]
fn a_refused_fact_changes_nothing() {
    let mut shipment = told(story().into_iter().take(9));
    let before = shipment.clone();
    for change in [
        added("C", Verdict::Verified),
        drive("C", DriveStep::Transferring),
        drive("A", DriveStep::Completed),
        moved(ShipmentState::Packaging),
        moved(ShipmentState::Completed),
        Change::Note {
            text: "two\nlines".to_owned(),
        },
        Change::Opened {
            direction: Direction::Export,
            service: Service::Own,
        },
    ] {
        assert!(shipment.apply(entry(change)).is_err());
        assert_eq!(shipment, before);
    }
}

#[test]
fn what_nothing_proves_and_an_eleventh_drive_are_not_shipped() {
    let mut shipment = told([]);
    let why = shipment
        .apply(entry(added("A", Verdict::Written)))
        .unwrap_err();
    assert!(why.to_string().contains("must not be shipped"), "{why}");
    for number in 0..10 {
        let one = added(&format!("D{number}"), Verdict::Verified);
        shipment.apply(entry(one)).unwrap();
    }
    let why = shipment
        .apply(entry(added("A", Verdict::Verified)))
        .unwrap_err();
    assert_eq!(why, Refused::Full);
}

#[test]
fn a_shipment_with_errors_is_closed_and_never_completed() {
    let mut shipment = told(story().into_iter().take(14));
    let why = shipment
        .apply(entry(moved(ShipmentState::Completed)))
        .unwrap_err();
    let serial = "B".to_owned();
    assert_eq!(why, Refused::NotWithoutErrors { serial });
}

#[test]
fn an_export_learns_of_its_drives_where_they_are_filled() {
    let mut shipment = opened(Direction::Export, Service::Own);
    for change in [
        sent(Way::There),
        moved(ShipmentState::Shipping),
        moved(ShipmentState::Received),
        added("X", Verdict::Verified),
        moved(ShipmentState::Transferring),
        drive("X", DriveStep::Transferring),
        drive("X", DriveStep::Completed),
        moved(ShipmentState::Packaging),
        moved(ShipmentState::Completed),
        drive("X", DriveStep::ShippedBack),
    ] {
        shipment.apply(entry(change)).unwrap();
    }
    assert_eq!(shipment.state, ShipmentState::Completed);
}

#[test]
fn a_file_brings_a_shipment_to_another_site_whole() {
    let shipment = told(story());
    let file = serde_json::to_vec(&Exchange::of([&shipment])).unwrap();
    assert_eq!(read_exchange(&file).unwrap(), [shipment]);
}

#[test]
fn the_first_version_of_the_file_stays_readable() {
    let golden = include_bytes!("golden_1.json");
    let shipments = read_exchange(golden).unwrap();
    assert_eq!(shipments, [told(story())]);
    let again = serde_json::to_string_pretty(&Exchange::of(&shipments)).unwrap();
    assert_eq!(again, String::from_utf8_lossy(golden).trim_end());
}

#[test]
fn a_file_that_was_edited_is_refused_and_says_where() {
    let text = String::from_utf8_lossy(include_bytes!("golden_1.json")).into_owned();
    let skipped = text.replacen("\"received\"", "\"packaging\"", 1);
    let why = read_exchange(skipped.as_bytes()).unwrap_err();
    assert_eq!(
        why.to_string(),
        "shipment reel-1, entry 7: it is shipping; packaging cannot follow, only received or canceled"
    );
    let later = text.replacen("\"argosy_ledger\": 1", "\"argosy_ledger\": 3", 1);
    let why = read_exchange(later.as_bytes()).unwrap_err();
    assert_eq!(why, ExchangeError::Version { found: 3 });
    let twice = Exchange::of([&told([]), &told([])]);
    let why = read_exchange(&serde_json::to_vec(&twice).unwrap()).unwrap_err();
    assert!(matches!(why, ExchangeError::Twice { .. }), "{why}");
    assert!(read_exchange(b"{}").is_err());
}

#[test]
fn two_accounts_agree_when_one_begins_with_the_other_and_otherwise_say_where_they_part() {
    let (short, long) = (told(story().into_iter().take(5)), told(story()));
    assert_eq!(merge(&long, &short), Merged::Ours);
    assert_eq!(merge(&long, &long), Merged::Ours);
    let Merged::Newer(new) = merge(&short, &long) else {
        panic!("the longer one is newer");
    };
    assert_eq!(new, long.entries[6..]);
    let mut other = told(story().into_iter().take(5));
    let text = "lost at the airport".to_owned();
    other.apply(entry(Change::Note { text })).unwrap();
    assert_eq!(merge(&other, &long), Merged::Diverged { number: 7 });
}

#[test]
fn every_word_is_read_back_and_the_service_s_spelling_too() {
    for state in ShipmentState::ALL {
        assert_eq!(state.word().parse(), Ok(state));
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(json, format!("\"{state}\""));
    }
    for step in DriveStep::ALL {
        assert_eq!(step.word().parse(), Ok(step));
        let json = serde_json::to_string(&step).unwrap();
        assert_eq!(json, format!("\"{step}\""));
    }
    assert_eq!(
        "CompletedMoreInfo".parse(),
        Ok(DriveStep::CompletedMoreInfo)
    );
    assert!(
        "lost"
            .parse::<DriveStep>()
            .unwrap_err()
            .contains("never-received")
    );
}

fn applied(mut shipment: Shipment, changes: Vec<Change>) -> Shipment {
    for change in changes {
        shipment.apply(entry(change)).unwrap();
    }
    shipment
}

#[test]
fn a_copied_drive_leads_its_shipment_from_the_parcel_to_the_copying_and_no_other_drive_with_it() {
    let shipped = told(story().into_iter().take(5));
    assert_eq!(shipped.state, ShipmentState::Shipping);
    let copying = applied(shipped.clone(), shipped.begins_to_copy("A"));
    assert_eq!(copying.state, ShipmentState::Transferring);
    assert_eq!(copying.drive("A").unwrap().state, DriveStep::Transferring);
    assert_eq!(copying.drive("B").unwrap().state, DriveStep::Specified);
    assert_eq!(copying.begins_to_copy("A"), []);
    let end = DriveStep::CompletedMoreInfo;
    let copied = applied(copying.clone(), copying.ends_to_copy("A", None, end));
    assert_eq!(copied.drive("A").unwrap().state, end);
    // Running it once more changes nothing, and the other drive arrives when it is copied.
    assert_eq!(copied.begins_to_copy("A"), []);
    assert_eq!(copied.ends_to_copy("A", None, DriveStep::Completed), []);
    let both = applied(copied.clone(), copied.begins_to_copy("B"));
    assert_eq!(both.drive("B").unwrap().state, DriveStep::Transferring);
}

#[test]
fn copying_is_refused_by_a_shipment_that_is_not_there_yet_or_waits_for_an_answer() {
    let written = |mut shipment: Shipment| {
        let changes = shipment.begins_to_copy("A");
        let mut refused = changes
            .into_iter()
            .map(|change| shipment.apply(entry(change)));
        refused.find_map(Result::err).unwrap().to_string()
    };
    assert_eq!(
        written(told(story().into_iter().take(2))),
        "it is creating; transferring cannot follow, only shipping or canceled"
    );
    let faulted = applied(
        told(story().into_iter().take(9)),
        vec![moved(ShipmentState::Faulted)],
    );
    assert_eq!(
        written(faulted),
        "drive A cannot be transferring while the shipment is faulted"
    );
    let lost = drive("A", DriveStep::NeverReceived);
    assert_eq!(
        written(applied(told(story().into_iter().take(5)), vec![lost])),
        "drive A is never-received; transferring cannot follow: that is its end"
    );
    let stranger = told(story().into_iter().take(9));
    let change = stranger.begins_to_copy("C").pop().unwrap();
    assert_eq!(
        stranger.may(change).unwrap_err().to_string(),
        "drive C is not part of it"
    );
}

#[test]
fn a_drive_of_an_export_is_proven_once_it_is_filled_and_only_such_files_are_of_version_2() {
    let shipment = applied(
        opened(Direction::Export, Service::Own),
        vec![sent(Way::There), moved(ShipmentState::Shipping)],
    );
    let filling = applied(shipment.clone(), shipment.begins_to_copy("X"));
    assert_eq!(filling.drive("X").unwrap().facts, None);
    let first = serde_json::to_value(Exchange::of([&filling])).unwrap();
    assert_eq!(first["argosy_ledger"], 1);
    let Change::Added {
        facts: Some(facts), ..
    } = added("X", Verdict::Verified)
    else {
        panic!("it has facts");
    };
    let end = filling.ends_to_copy("X", Some(facts.clone()), DriveStep::Completed);
    let filled = applied(filling, end);
    assert_eq!(filled.drive("X").unwrap().facts, Some(facts.clone()));
    let file = serde_json::to_vec(&Exchange::of([&filled])).unwrap();
    let second: serde_json::Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(second["argosy_ledger"], 2);
    assert_eq!(read_exchange(&file).unwrap(), std::slice::from_ref(&filled));
    let serial = "X".to_owned();
    let again = filled.may(Change::Proven { serial, facts });
    let serial = "X".to_owned();
    assert_eq!(again, Err(Refused::ProvenTwice { serial }));
}
