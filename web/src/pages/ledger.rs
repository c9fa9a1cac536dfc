//! Ledger: every shipment, where it stands, and what happens to it next. The agent's, or that of a file.

use shared::ledger::{Entry, Shipment};
use web_sys::File;
use yew::prelude::*;

use crate::app::{Context, use_page};
use crate::checking::Tone;
use crate::parts::{
    Column, DropZone, Message, PageHead, ShipmentFacts, ShipmentForms, ShipmentMoves, ShipmentNew,
    Table, Trouble,
};
use crate::state::Action;
use crate::state::ledger::Turn;
use crate::words;

/// The page.
#[component]
pub fn LedgerPage() -> Html {
    let page = use_page();
    let connected = page.state.is_connected();
    {
        let effects = page.effects.clone();
        use_effect_with(connected, move |connected| {
            if *connected {
                effects.read_ledger();
            }
        });
    }
    html! {
        <>
            <PageHead title="Ledger"
                purpose="Every shipment from the day it is opened to the day its drives are back: \
                    where it stands, what is in it, who carries it." />
            <div class="columns">
                <div class="column">
                    { refused(&page) }
                    { unsaved(&page) }
                    { all(&page) }
                    { one(&page) }
                </div>
                <div class="column aside">
                    <ShipmentNew />
                    { files(&page, page.state.has_agents_ledger()) }
                    <section class="note" aria-labelledby="ledger-about">
                        <h2 id="ledger-about">{ "What is written down" }</h2>
                        <p>{ "Each fact is added to those before it; nothing is ever changed or taken back. \
                            So two sites can pass a shipment back and forth as a file, and see at once \
                            when they wrote down different things." }</p>
                        <p>{ "No key of a drive is in it. Addresses are: give the file only to those who \
                            may read them." }</p>
                    </section>
                </div>
            </div>
        </>
    }
}

fn refused(page: &Context) -> Html {
    let on_close = {
        let page = page.clone();
        Callback::from(move |()| page.act(Action::Ledger(Box::new(Turn::Close))))
    };
    html! {
        if let Some(error) = &page.state.ledger.refused {
            <Trouble error={error.clone()} {on_close} id="ledger-refused" />
        }
    }
}

/// What was written down in the page is in no file yet.
fn unsaved(page: &Context) -> Html {
    html! {
        if page.state.ledger.unsaved {
            <Message tone={Tone::Warn} id="ledger-unsaved" title="This is in the page alone until it is saved.">
                <p class="actions">{ save(page, "Save the ledger", "ledger-save-now") }</p>
            </Message>
        }
    }
}

fn all(page: &Context) -> Html {
    let ledger = &page.state.ledger;
    let Some(shipments) = &ledger.shipments else {
        return html! {
            if ledger.working { <p class="quiet" id="ledger-reading">{ "Reading the ledger." }</p> }
        };
    };
    if shipments.is_empty() {
        return html! {
            <p id="ledger-empty">{ "No shipment yet. Open one here, or take over another site's file." }</p>
        };
    }
    let columns = vec![
        Column::words("Shipment"),
        Column::words("Stands at"),
        Column::words("Way"),
        Column::number("Drives"),
        Column::words("Last written down"),
    ];
    let rows: Vec<_> = shipments.iter().map(|one| row(page, one)).collect();
    html! { <Table id="shipments" caption="Shipments" {columns} {rows} /> }
}

fn row(page: &Context, shipment: &Shipment) -> Vec<Html> {
    let is_chosen = page.state.ledger.chosen.as_ref() == Some(&shipment.name);
    let onclick = {
        let (page, name) = (page.clone(), shipment.name.clone());
        Callback::from(move |_: MouseEvent| {
            page.act(Action::Ledger(Box::new(Turn::Choose(name.clone()))));
        })
    };
    let drives = u64::try_from(shipment.drives.len()).unwrap_or(u64::MAX);
    let last = shipment.entries.last();
    let last = last.map_or_else(String::new, |entry| {
        format!("{}, {}", entry.change.told(), minute(entry))
    });
    vec![
        html! {
            <button type="button" class="plain" {onclick} data-test={format!("shipment-{}", shipment.name)}
                aria-pressed={if is_chosen { "true" } else { "false" }}>{ &shipment.name }</button>
        },
        html! { <b>{ shipment.state.word() }</b> },
        html! { format!("{}, {}", shipment.direction.word(), shipment.service.name()) },
        html! { words::count(drives) },
        html! { last },
    ]
}

/// When something was written down, to the minute.
fn minute(entry: &Entry) -> String {
    entry.at.to_string().chars().take(16).collect()
}

fn one(page: &Context) -> Html {
    let Some(shipment) = page.state.ledger.chosen() else {
        return html! {};
    };
    let name = shipment.name.clone();
    // Another shipment begins with empty fields.
    html! {
        <section class="panel stack" id="shipment" aria-labelledby="shipment-title" key={name.clone()}>
            <h2 id="shipment-title">{ &name }</h2>
            <p class="quiet">{ format!("An {} with {}.", shipment.direction.word(), shipment.service.name()) }</p>
            <ShipmentMoves shipment={shipment.clone()} />
            <ShipmentFacts shipment={shipment.clone()} />
            <ShipmentForms shipment={shipment.clone()} />
        </section>
    }
}

/// Files in and out.
fn files(page: &Context, with_agent: bool) -> Html {
    let on_files = {
        let effects = page.effects.clone();
        Callback::from(move |files: Vec<File>| {
            effects.open_ledgers(with_agent, files);
        })
    };
    let (title, about) = if with_agent {
        (
            "Pass it on",
            "A site that goes on with a shipment takes the file over, and gives it back.",
        )
    } else {
        (
            "Open a ledger",
            "Without an agent the ledger is read and written here, in the page, and saved as a file.",
        )
    };
    let has_any = !page.state.ledger.all().is_empty();
    html! {
        <section class="note" aria-labelledby="ledger-files-title">
            <h2 id="ledger-files-title">{ title }</h2>
            <p>{ about }</p>
            <DropZone id="ledger-file" accept=".json,application/json" multiple=true {on_files}
                button={if with_agent { "Take over files" } else { "Open files" }}
                hint="or drop it here: what argosy jobs export, or this page, wrote." />
            if has_any {
                <p class="actions">{ save(page, "Save all as a file", "ledger-save") }</p>
            }
        </section>
    }
}

fn save(page: &Context, label: &'static str, id: &'static str) -> Html {
    let onclick = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| {
            page.effects
                .save_ledger("ledger.json", page.state.ledger.all());
        })
    };
    html! { <button type="button" {id} {onclick}>{ label }</button> }
}
