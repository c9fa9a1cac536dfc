//! What can be added to a shipment: drives, a parcel, the way back, a note.

use shared::handoff::Details;
use shared::ledger::{Change, Sent, Shipment, Way};
use web_sys::{File, HtmlInputElement};
use yew::prelude::*;

use super::DropZone;
use crate::app::{Context, use_page};
use crate::details::{self, ADDRESS, Field};

/// Properties of [`ShipmentForms`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The shipment.
    pub shipment: Shipment,
}

/// The forms.
#[component]
pub fn ShipmentForms(props: &Props) -> Html {
    let page = use_page();
    let shipment = &props.shipment;
    let serial = "?".to_owned();
    let facts = None;
    let takes_drives = shipment.may(Change::Added { serial, facts }).is_ok();
    html! {
        <div class="stack">
            <h3>{ "Add to it" }</h3>
            if takes_drives {
                <details id="add-drive"><summary>{ "Drives" }</summary>{ drives(&page, shipment) }</details>
            }
            <details id="add-parcel"><summary>{ "A parcel" }</summary><ParcelForm shipment={shipment.clone()} /></details>
            <details id="add-address">
                <summary>{ "The address that the drives come back to" }</summary>
                <AddressForm shipment={shipment.clone()} />
            </details>
            <details id="add-note">
                <summary>{ "A note" }</summary>
                <LineForm shipment={shipment.clone()} id="note" label="In one line" button="Write the note down"
                    change={Callback::from(|text| Change::Note { text })} />
            </details>
        </div>
    }
}

fn drives(page: &Context, shipment: &Shipment) -> Html {
    let on_files = {
        let (page, name, direction) = (page.clone(), shipment.name.clone(), shipment.direction);
        Callback::from(move |files: Vec<File>| {
            page.add_journals(&name, direction, files);
        })
    };
    let added = Callback::from(|serial: String| Change::Added {
        serial: serial.split_whitespace().collect(),
        facts: None,
    });
    html! {
        <div class="stack">
            <DropZone id="ledger-journals" accept=".jrn" multiple=true {on_files} button="Choose journals"
                hint="or drop them here: drives that their journals prove. The keys in them stay in the page." />
            <LineForm shipment={shipment.clone()} id="serial" label="Or a serial, where there is no journal here"
                button="Add the drive" change={added} />
        </div>
    }
}

/// Properties of a form of one line.
#[derive(Properties, PartialEq)]
struct LineProps {
    shipment: Shipment,
    id: AttrValue,
    label: AttrValue,
    button: AttrValue,
    change: Callback<String, Change>,
}

/// One line, written down as a fact.
#[component]
fn LineForm(props: &LineProps) -> Html {
    let page = use_page();
    let text = use_state_eq(String::new);
    use_emptied(props.shipment.entries.len(), text.clone());
    let onsubmit = {
        let (page, name) = (page.clone(), props.shipment.name.clone());
        let (text, change) = (text.clone(), props.change.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            page.write_down(&name, vec![change.emit((*text).clone())]);
        })
    };
    let id = format!("ledger-{}", props.id);
    html! {
        <form class="with-buttons spread" {onsubmit}>
            <div class="field">
                <label for={id.clone()}>{ &props.label }</label>
                <input type="text" {id} required=true value={(*text).clone()} oninput={typed(&text)}
                    autocomplete="off" spellcheck="false" />
            </div>
            <button type="submit" data-test={format!("add-{}", props.id)}>{ &props.button }</button>
        </form>
    }
}

/// Who carries a parcel, and its number.
#[component]
fn ParcelForm(props: &Props) -> Html {
    let page = use_page();
    let carrier = use_state_eq(String::new);
    let tracking = use_state_eq(String::new);
    let back = use_state_eq(|| false);
    use_emptied(props.shipment.entries.len(), carrier.clone());
    use_emptied(props.shipment.entries.len(), tracking.clone());
    let onsubmit = {
        let (page, name) = (page.clone(), props.shipment.name.clone());
        let (carrier, tracking, back) = (carrier.clone(), tracking.clone(), *back);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let sent = Sent {
                way: if back { Way::Back } else { Way::There },
                carrier: (*carrier).clone(),
                tracking: (*tracking).clone(),
            };
            page.write_down(&name, vec![Change::Sent(sent)]);
        })
    };
    let on_back = {
        let back = back.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            back.set(input.checked());
        })
    };
    html! {
        <form class="stack" {onsubmit}>
            <div class="fields">
                <div class="field">
                    <label for="parcel-carrier">{ "Carrier" }</label>
                    <input type="text" id="parcel-carrier" required=true placeholder="DHL" autocomplete="off"
                        value={(*carrier).clone()} oninput={typed(&carrier)} />
                </div>
                <div class="field">
                    <label for="parcel-tracking">{ "Its tracking number" }</label>
                    <input type="text" id="parcel-tracking" required=true autocomplete="off" spellcheck="false"
                        value={(*tracking).clone()} oninput={typed(&tracking)} />
                </div>
            </div>
            <label class="choice">
                <input type="checkbox" id="parcel-back" checked={*back} onchange={on_back} />
                <span>{ "It brings the drives back" }</span>
            </label>
            <p class="actions"><button type="submit" id="parcel-send">{ "Write the parcel down" }</button></p>
        </form>
    }
}

/// The return address, typed or loaded from the hand-over's file.
#[component]
fn AddressForm(props: &Props) -> Html {
    let page = use_page();
    let filled = use_state_eq(|| {
        let mut blank = details::blank();
        if let Some(address) = &props.shipment.return_address {
            blank.return_address = address.clone();
        }
        blank
    });
    let unloaded = use_state_eq(String::new);
    let onsubmit = {
        let (page, name, filled) = (page.clone(), props.shipment.name.clone(), filled.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let address = filled.return_address.clone();
            page.write_down(&name, vec![Change::ReturnAddress { address }]);
        })
    };
    let on_files = {
        let (filled, unloaded) = (filled.clone(), unloaded.clone());
        Callback::from(move |files: Vec<File>| {
            if let Some(file) = files.into_iter().next() {
                load(file, filled.clone(), unloaded.clone());
            }
        })
    };
    html! {
        <form class="stack" {onsubmit}>
            <DropZone id="address-file" accept=".json,application/json" {on_files} button="Load shipment.json"
                hint="or drop it here: the details file of the hand-over. Or fill this in." />
            if !unloaded.is_empty() {
                <p class="field-error" role="alert">{ (*unloaded).clone() }</p>
            }
            <div class="fields form">{ for ADDRESS.iter().map(|field| address_field(field, &filled)) }</div>
            <p class="actions"><button type="submit" id="address-write">{ "Write the address down" }</button></p>
        </form>
    }
}

fn address_field(field: &'static Field, filled: &UseStateHandle<Details>) -> Html {
    let oninput = {
        let filled = filled.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let mut details = (*filled).clone();
            details::set(&mut details, field.path, input.value());
            filled.set(details);
        })
    };
    let id = format!("ledger-{}", field.path.replace('.', "-"));
    let required = !field.label.contains("optional");
    html! {
        <div class="field">
            <label for={id.clone()}>{ field.label }</label>
            <input type="text" {id} {oninput} {required} spellcheck="false" placeholder={field.example}
                autocomplete={field.autocomplete} value={details::value(filled, field.path).to_owned()} />
        </div>
    }
}

fn load(file: File, filled: UseStateHandle<Details>, unloaded: UseStateHandle<String>) {
    wasm_bindgen_futures::spawn_local(async move {
        let read = crate::local_file::read_whole(&file).await;
        let loaded =
            read.and_then(|bytes| Details::parse(&bytes).map_err(|error| error.to_string()));
        match loaded {
            Ok(details) => {
                filled.set(details);
                unloaded.set(String::new());
            }
            Err(cause) => unloaded.set(format!("{} holds no details: {cause}.", file.name())),
        }
    });
}

fn typed(text: &UseStateHandle<String>) -> Callback<InputEvent> {
    let text = text.clone();
    Callback::from(move |event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        text.set(input.value());
    })
}

/// What was typed is taken away once something was written down; what was refused stays.
#[hook]
fn use_emptied(entries: usize, text: UseStateHandle<String>) {
    use_effect_with(entries, move |_| text.set(String::new()));
}
