//! Should I ship? The line against drives, which drives the service takes, and where renting is easier.

use std::rc::Rc;

use shared::plan::DRIVES_PER_JOB;
use yew::prelude::*;

use super::comparison::Comparison;
use super::edit;
use crate::app::Context;
use crate::draft::Onto;
use crate::eligibility::{Taken, eligibility};
use crate::parts::{Column, Serial, Table};
use crate::planning::PlanView;
use crate::shipping::{Field, renting};

/// What each field asks, and its id.
const FIELDS: [(Field, &str, &str); 5] = [
    (
        Field::Line,
        "ship-line",
        "Upload speed of your line, Mbit/s",
    ),
    (
        Field::Share,
        "ship-share",
        "Share of the line you may use, %",
    ),
    (Field::Rate, "ship-rate", "Speed of one drive, MB/s"),
    (Field::Bays, "ship-bays", "Drives filled at once"),
    (Field::Courier, "ship-courier", "Days with the courier"),
];

pub(super) fn ship_panel(page: &Context, view: &Rc<PlanView>) -> Html {
    html! {
        <section class="panel stack ship" id="ship" aria-labelledby="ship-title">
            <h2 id="ship-title">{ "Should I ship?" }</h2>
            <div class="fields">{ for FIELDS.iter().map(|ask| field(page, ask)) }</div>
            if let Some(shipping) = page.state.draft.shipping.read() {
                <Comparison {shipping} plan={view.clone()} />
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

fn field(page: &Context, &(field, id, label): &(Field, &'static str, &'static str)) -> Html {
    let typed = &page.state.draft.shipping;
    let fault = typed.fault(field);
    let fault_id = format!("{id}-fault");
    html! {
        <div class="field tiny">
            <label for={id}>{ label }</label>
            <input type="text" inputmode="numeric" {id} value={typed.text(field).to_owned()}
                oninput={edit(page, move |draft, text| draft.shipping.set(field, text))}
                autocomplete="off"
                aria-invalid={fault.map(|_| "true")}
                aria-describedby={fault.map(|_| fault_id.clone())} />
            if let Some(fault) = fault {
                <span class="field-error" id={fault_id}>{ fault }</span>
            }
        </div>
    }
}

fn rules(view: &PlanView) -> Html {
    let these = match view.jobs().len() {
        1 => "these go in one".to_owned(),
        jobs => format!("these {} drives are {jobs} jobs", view.drives.len()),
    };
    html! {
        <ul class="stack small" id="ship-rules">
            <li>{ "Internal SATA: hard disks of 2.5 or 3.5 inches, SSDs of 2.5. No USB sticks, no external drives, no disks out of their cases." }</li>
            <li>{ "Hard disks that show logical sectors of 512 bytes; a hard disk that shows 4096 is sent back." }</li>
            <li>{ format!("At most {DRIVES_PER_JOB} drives a job; {these}.") }</li>
        </ul>
    }
}

/// The drives that are attached or, where drives are chosen, those, each with what the service would do.
fn drives(page: &Context) -> Html {
    let state = &page.state;
    let shown = state.drive_list().iter().filter(|drive| {
        state.draft.onto == Onto::WhatIf || state.draft.picked.contains_key(&drive.path)
    });
    let rows: Vec<Vec<Html>> = shown
        .map(|drive| {
            let found = eligibility(drive);
            let tone = match found.taken {
                Taken::Yes => "tone-good",
                Taken::Look => "tone-warn",
                Taken::No => "tone-bad",
            };
            vec![
                html! { <Serial serial={drive.serial.clone()} /> },
                html! { <span class={tone}>{ found.taken.word() }</span> },
                found.reason.into(),
            ]
        })
        .collect();
    if rows.is_empty() {
        let hint = if !state.is_connected() {
            "With the agent, every attached drive is judged here."
        } else if state.drive_list().is_empty() {
            "No drive is attached; as soon as one is, it is judged here."
        } else {
            "Choose drives above, and they are judged here."
        };
        return html! { <p class="hint" id="ship-no-drives">{ hint }</p> };
    }
    let columns = ["Drive", "The service", "Why"].map(Column::words).to_vec();
    html! {
        <Table id="ship-drives" caption="Drives, and what the service does with them" {columns}
            {rows} />
    }
}
