//! What is in a shipment and what became of it: drives, parcels, the way back, and everything that was written down.

use std::collections::BTreeMap;

use shared::handoff::Address;
use shared::ledger::{Change, DriveStep, LedgerDrive, Sent, Shipment};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::{Column, Serial, Table};
use crate::app::use_page;
use crate::words;

/// Properties of [`ShipmentFacts`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The shipment.
    pub shipment: Shipment,
}

/// The facts.
#[component]
pub fn ShipmentFacts(props: &Props) -> Html {
    let shipment = &props.shipment;
    html! {
        <>
            <DriveSteps shipment={shipment.clone()} />
            if !shipment.sent.is_empty() {
                <h3>{ "Parcels" }</h3>
                <ul class="stack" id="parcels">{ for shipment.sent.iter().map(parcel) }</ul>
            }
            if let Some(address) = &shipment.return_address {
                <h3>{ "The drives come back to" }</h3>
                { postal(address) }
            }
            <details>
                <summary>{ format!("Everything that was written down ({})", shipment.entries.len()) }</summary>
                { history(shipment) }
            </details>
        </>
    }
}

fn parcel(sent: &Sent) -> Html {
    html! {
        <li data-test="parcel">
            { format!("{}, {}: ", sent.way.word(), sent.carrier) }<span class="mono">{ &sent.tracking }</span>
        </li>
    }
}

fn postal(address: &Address) -> Html {
    let lines = [
        address.recipient_name.clone(),
        address.street_address1.clone(),
        address.street_address2.clone(),
        format!("{} {}", address.postal_code, address.city),
        format!(
            "{} {}",
            address.state_or_province, address.country_or_region
        ),
        address.phone.clone(),
        address.email.clone(),
    ];
    let lines = lines.iter().map(|line| line.trim());
    html! {
        <address id="return-address">
            { for lines.filter(|line| !line.is_empty()).map(|line| html! { <div>{ line }</div> }) }
        </address>
    }
}

fn history(shipment: &Shipment) -> Html {
    let columns = vec![
        Column::words("When"),
        Column::words("What"),
        Column::words("Written down by"),
    ];
    let rows = shipment.entries.iter().map(|entry| {
        vec![
            html! { <span class="nowrap">{ entry.at.to_string() }</span> },
            html! { entry.change.told() },
            html! { &entry.by },
        ]
    });
    let (id, caption) = ("history", "Everything that was written down, oldest first");
    html! { <Table {id} {caption} {columns} rows={rows.collect::<Vec<_>>()} /> }
}

/// The drives, and what each of them is now.
#[component]
fn DriveSteps(props: &Props) -> Html {
    let page = use_page();
    let shipment = &props.shipment;
    let wanted = use_state_eq(BTreeMap::<String, DriveStep>::new);
    {
        let wanted = wanted.clone();
        use_effect_with(shipment.entries.len(), move |_| wanted.set(BTreeMap::new()));
    }
    if shipment.drives.is_empty() {
        return html! { <p>{ "No drive is in it yet." }</p> };
    }
    let onsubmit = {
        let (page, name, wanted) = (page.clone(), shipment.name.clone(), wanted.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let moved = wanted.iter().map(|(serial, to)| Change::DriveMoved {
                serial: serial.clone(),
                to: *to,
            });
            let changes: Vec<_> = moved.collect();
            if !changes.is_empty() {
                page.write_down(&name, changes);
            }
        })
    };
    let columns = vec![
        Column::words("Drive"),
        Column::words("Stands at"),
        Column::number("Files"),
        Column::number("Bytes"),
        Column::words("Its journal"),
        Column::words("What is it now?"),
    ];
    let rows = shipment.drives.iter();
    let rows: Vec<_> = rows.map(|drive| row(shipment, drive, &wanted)).collect();
    let can_any = shipment
        .drives
        .iter()
        .any(|drive| !allowed(shipment, drive).is_empty());
    let count = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
    html! {
        <form class="stack" {onsubmit}>
            <h3>{ "Drives" }</h3>
            <Table id="shipment-drives" caption="Drives of the shipment" {columns} {rows} />
            if can_any {
                <p class="actions">
                    <button type="submit" id="move-drives" disabled={count == 0}>
                        { if count == 0 { "Write it down".to_owned() } else {
                            format!("Write down {}", words::counted(count, "drive", "drives"))
                        } }
                    </button>
                </p>
            }
        </form>
    }
}

/// Returns what a drive can become now.
fn allowed(shipment: &Shipment, drive: &LedgerDrive) -> Vec<DriveStep> {
    let may = |to: &DriveStep| {
        let (serial, to) = (drive.serial.clone(), *to);
        shipment.may(Change::DriveMoved { serial, to }).is_ok()
    };
    drive.state.next().iter().copied().filter(may).collect()
}

fn row(
    shipment: &Shipment,
    drive: &LedgerDrive,
    wanted: &UseStateHandle<BTreeMap<String, DriveStep>>,
) -> Vec<Html> {
    let facts = drive.facts.as_ref();
    vec![
        html! { <Serial serial={drive.serial.clone()} /> },
        html! { <b>{ drive.state.word() }</b> },
        html! { facts.map_or_else(String::new, |facts| words::count(facts.files)) },
        html! { facts.map_or_else(String::new, |facts| words::size(facts.bytes)) },
        html! { facts.map_or_else(|| "none here".to_owned(), |facts| facts.verdict.to_string()) },
        next(shipment, drive, wanted),
    ]
}

fn next(
    shipment: &Shipment,
    drive: &LedgerDrive,
    wanted: &UseStateHandle<BTreeMap<String, DriveStep>>,
) -> Html {
    let allowed = allowed(shipment, drive);
    if allowed.is_empty() {
        let later: Vec<_> = drive.state.next().iter().map(|step| step.word()).collect();
        return match later.as_slice() {
            [] => html! { <span class="quiet">{ "that is its end" }</span> },
            later => {
                html! { <span class="quiet">{ format!("later: {}", later.join(" or ")) }</span> }
            }
        };
    }
    let chosen = wanted.get(&drive.serial).copied();
    let onchange = {
        let (wanted, serial, allowed) = (wanted.clone(), drive.serial.clone(), allowed.clone());
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let mut all = (*wanted).clone();
            let step = allowed.iter().find(|step| step.word() == select.value());
            match step {
                Some(step) => all.insert(serial.clone(), *step),
                None => all.remove(&serial),
            };
            wanted.set(all);
        })
    };
    html! {
        <select {onchange} aria-label={format!("What is drive {} now?", drive.serial)}
            data-test={format!("drive-to-{}", drive.serial)}>
            <option value="" selected={chosen.is_none()}>{ "as it is" }</option>
            { for allowed.iter().map(|step| html! {
                <option value={step.word()} selected={chosen == Some(*step)}>{ step.word() }</option>
            }) }
        </select>
    }
}
