//! Should I ship? The line against drives, which drives the service takes, and where renting is easier.

use std::rc::Rc;

use yew::prelude::*;

use super::edit;
use crate::app::Context;
use crate::draft::{Draft, Onto};
use crate::eligibility::{Taken, eligibility};
use crate::parts::{Curve, Serial};
use crate::planning::PlanView;
use crate::shipping::{Compared, Field, SERVICE_DAYS, Shipping, jobs, renting};
use crate::words;

/// Sizes of the small table, beside the plan's own.
const SIZES: [u64; 5] = [
    1_000_000_000_000,
    10_000_000_000_000,
    50_000_000_000_000,
    100_000_000_000_000,
    500_000_000_000_000,
];

/// What one field asks, and how it goes into the draft.
type Ask = (Field, &'static str, &'static str, fn(&mut Draft, String));

const FIELDS: [Ask; 5] = [
    (
        Field::Line,
        "ship-line",
        "Your line, Mbit/s up",
        |draft, text| {
            draft.shipping.set(Field::Line, text);
        },
    ),
    (
        Field::Share,
        "ship-share",
        "of it usable, %",
        |draft, text| {
            draft.shipping.set(Field::Share, text);
        },
    ),
    (
        Field::Rate,
        "ship-rate",
        "One drive, MB/s",
        |draft, text| {
            draft.shipping.set(Field::Rate, text);
        },
    ),
    (
        Field::Bays,
        "ship-bays",
        "Drives filled at once",
        |draft, text| {
            draft.shipping.set(Field::Bays, text);
        },
    ),
    (
        Field::Courier,
        "ship-courier",
        "Courier, days",
        |draft, text| {
            draft.shipping.set(Field::Courier, text);
        },
    ),
];

pub(super) fn ship_panel(page: &Context, view: &Rc<PlanView>) -> Html {
    html! {
        <section class="panel stack ship" id="ship" aria-labelledby="ship-title">
            <h2 id="ship-title">{ "Should I ship?" }</h2>
            <div class="fields">{ for FIELDS.iter().map(|ask| field(page, ask)) }</div>
            if let Some(shipping) = page.state.draft.shipping.read() {
                { compared(shipping, view) }
            } else {
                <p class="quiet">{ "As soon as the numbers above are well formed, both ways are compared here." }</p>
            }
            <p id="ship-renting">{ renting(view.bytes) }</p>
            <h3>{ "Which drives the service takes" }</h3>
            { rules(view) }
            { drives(page) }
        </section>
    }
}

fn field(page: &Context, (field, id, label, change): &Ask) -> Html {
    let typed = &page.state.draft.shipping;
    let fault = typed.fault(*field);
    let fault_id = format!("{id}-fault");
    html! {
        <div class="field tiny">
            <label for={*id}>{ *label }</label>
            <input type="text" inputmode="numeric" id={*id} value={typed.text(*field).to_owned()}
                oninput={edit(page, *change)} autocomplete="off"
                aria-invalid={fault.map(|_| "true")}
                aria-describedby={fault.map(|_| fault_id.clone())} />
            if let Some(fault) = fault {
                <span class="field-error" id={fault_id}>{ fault }</span>
            }
        </div>
    }
}

fn compared(shipping: Shipping, view: &Rc<PlanView>) -> Html {
    let used = view.drives.iter().map(|drive| drive.used_bytes);
    let compared = shipping.compare(view.bytes, used);
    let capacity = view.drives.iter().map(|drive| drive.capacity_bytes).max();
    let capacity = capacity.unwrap_or(1);
    let most = view.bytes.saturating_mul(2).max(10_000_000_000_000);
    let (points, even) = shipping.curve(most, capacity);
    let even = even.map_or_else(
        || "Up to 1 PB your line is as quick as the slowest service.".to_owned(),
        |bytes| {
            format!(
                "From {} on, drives are quicker even with the slowest service.",
                words::size(bytes)
            )
        },
    );
    let (best, worst) = SERVICE_DAYS;
    html! {
        <>
            <p class="sentence" id="ship-sentence">{ compared.sentence() }</p>
            <p class="hint">
                { format!("By drives: {} to fill and read back, {} on the road, {best} to {worst} days \
                    that the service takes itself as its target once the parcel is there. {even}",
                    words::duration(compared.fill), words::duration(compared.courier)) }
            </p>
            <Curve {points} here={view.bytes} />
            <details>
                <summary>{ "In numbers" }</summary>
                { table(shipping, view, compared, capacity) }
            </details>
        </>
    }
}

fn table(shipping: Shipping, view: &PlanView, plan: Compared, capacity: u64) -> Html {
    let sizes = SIZES.iter().map(|&bytes| {
        let compared = shipping.compare_size(bytes, capacity);
        row(words::size(bytes), compared)
    });
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Line and drives in numbers">
            <table class="cards-when-narrow" id="ship-table">
                <caption class="visually-hidden">{ "Line and drives in numbers" }</caption>
                <thead>
                    <tr>
                        <th scope="col">{ "Data" }</th>
                        <th scope="col" class="number">{ "Over your line" }</th>
                        <th scope="col" class="number">{ "Fill and read back" }</th>
                        <th scope="col" class="number">{ "By drives, soonest" }</th>
                        <th scope="col" class="number">{ "By drives, latest" }</th>
                    </tr>
                </thead>
                <tbody>
                    { row(format!("This plan, {}", words::size(view.bytes)), plan) }
                    { for sizes }
                </tbody>
            </table>
        </div>
    }
}

fn row(name: String, compared: Compared) -> Html {
    let time = words::duration;
    html! {
        <tr>
            <th scope="row">{ name }</th>
            <td class="number" data-label="Over your line">{ time(compared.line) }</td>
            <td class="number" data-label="Fill and read back">{ time(compared.fill) }</td>
            <td class="number" data-label="By drives, soonest">{ time(compared.drives_soonest) }</td>
            <td class="number" data-label="By drives, latest">{ time(compared.drives_latest) }</td>
        </tr>
    }
}

fn rules(view: &PlanView) -> Html {
    let count = u64::try_from(view.drives.len()).unwrap_or(u64::MAX);
    let these = match jobs(count) {
        1 => "these go in one".to_owned(),
        jobs => format!("these {count} drives are {jobs} jobs"),
    };
    html! {
        <ul class="stack small" id="ship-rules">
            <li>{ "Internal SATA: hard disks of 2.5 or 3.5 inches, SSDs of 2.5. No USB sticks, no external drives, no disks out of their cases." }</li>
            <li>{ "Hard disks that show logical sectors of 512 bytes; one of 4096 is sent back." }</li>
            <li>{ format!("At most 10 drives a job; {these}.") }</li>
        </ul>
    }
}

/// The drives that are attached, each with what the service would do.
fn drives(page: &Context) -> Html {
    let state = &page.state;
    let shown = state.drive_list().iter().filter(|drive| {
        state.draft.onto == Onto::WhatIf || state.draft.picked.contains_key(&drive.path)
    });
    let rows: Html = shown
        .map(|drive| {
            let found = eligibility(drive);
            let tone = match found.taken {
                Taken::Yes => "tone-good",
                Taken::Look => "tone-warn",
                Taken::No => "tone-bad",
            };
            html! {
                <tr>
                    <th scope="row"><Serial serial={drive.serial.clone()} /></th>
                    <td class={tone} data-label="The service">{ found.taken.word() }</td>
                    <td data-label="Why">{ found.reason }</td>
                </tr>
            }
        })
        .collect();
    if state.drive_list().is_empty() {
        return html! {
            <p class="hint">{ "With the agent, every attached drive is judged here." }</p>
        };
    }
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="Attached drives">
            <table class="cards-when-narrow" id="ship-drives">
                <caption class="visually-hidden">{ "Attached drives and what the service does with them" }</caption>
                <thead>
                    <tr>
                        <th scope="col">{ "Drive" }</th>
                        <th scope="col">{ "The service" }</th>
                        <th scope="col">{ "Why" }</th>
                    </tr>
                </thead>
                <tbody>{ rows }</tbody>
            </table>
        </div>
    }
}
