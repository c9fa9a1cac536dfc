use shared::job::Moment;
use shared::ledger::{Change, Direction, Entry, Exchange, Service, ShipmentState, read_exchange};

use super::{Shipments, ShipmentsError, Taken};

fn entry(change: Change) -> Entry {
    Entry {
        at: Moment(1),
        by: "station-1".to_owned(),
        change,
    }
}

fn first() -> Vec<Entry> {
    vec![entry(Change::Opened {
        direction: Direction::Import,
        service: Service::Own,
    })]
}

fn note(text: &str) -> Vec<Entry> {
    let text = text.to_owned();
    vec![entry(Change::Note { text })]
}

#[test]
fn what_was_written_down_is_there_when_the_ledger_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Shipments::open(folder.path()).unwrap();
    assert_eq!(ledger.all().unwrap(), []);
    ledger.begin("reel-2", first()).unwrap();
    ledger.begin("reel-1", first()).unwrap();
    let shipment = ledger.add("reel-1", note("packed by hand")).unwrap();
    drop(ledger);
    let ledger = Shipments::open(folder.path()).unwrap();
    assert_eq!(ledger.get("reel-1").unwrap(), shipment);
    let names: Vec<_> = ledger
        .all()
        .unwrap()
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, ["reel-1", "reel-2"]);
}

#[test]
fn of_several_facts_none_is_written_down_when_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Shipments::open(folder.path()).unwrap();
    let before = ledger.begin("reel-1", first()).unwrap();
    let mut facts = note("nothing of this");
    facts.push(entry(Change::Moved {
        to: ShipmentState::Packaging,
    }));
    let refused = ledger.add("reel-1", facts).unwrap_err();
    assert!(
        matches!(refused, ShipmentsError::Refused { .. }),
        "{refused}"
    );
    assert_eq!(ledger.get("reel-1").unwrap(), before);
    let exists = ledger.begin("reel-1", first()).unwrap_err();
    assert!(matches!(exists, ShipmentsError::Exists(_)), "{exists}");
    let unknown = ledger.add("reel-2", note("x")).unwrap_err();
    assert!(matches!(unknown, ShipmentsError::Unknown(_)), "{unknown}");
}

#[test]
fn two_sites_pass_a_shipment_back_and_forth_and_two_stories_are_refused_whole() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (here, there) = (
        Shipments::open(here.path()).unwrap(),
        Shipments::open(there.path()).unwrap(),
    );
    let pass = |from: &Shipments, to: &Shipments| {
        let file = serde_json::to_vec(&Exchange::of(&from.all().unwrap())).unwrap();
        to.take(&read_exchange(&file).unwrap())
    };
    here.begin("reel-1", first()).unwrap();
    assert_eq!(pass(&here, &there).unwrap(), [Taken::New]);
    there.add("reel-1", note("arrived wet")).unwrap();
    there.add("reel-1", note("dried")).unwrap();
    assert_eq!(pass(&there, &here).unwrap(), [Taken::Newer(2)]);
    assert_eq!(pass(&here, &there).unwrap(), [Taken::Known]);
    // Another shipment in the same file is not taken either.
    there.begin("reel-0", first()).unwrap();
    here.add("reel-1", note("one story")).unwrap();
    there.add("reel-1", note("another story")).unwrap();
    let diverged = pass(&there, &here).unwrap_err();
    assert!(
        matches!(&diverged, ShipmentsError::Diverged { name, number: 4 } if name == "reel-1"),
        "{diverged}"
    );
    assert_eq!(here.all().unwrap().len(), 1);
}
