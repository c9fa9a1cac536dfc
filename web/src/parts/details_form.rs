//! What the service wants to know of a shipment: typed, or loaded from the file that the command line takes too.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use shared::handoff::Details;
use wasm_bindgen::JsCast;
use web_sys::{File, HtmlElement, HtmlInputElement};
use yew::prelude::*;

use super::DropZone;
use crate::app::{Context, use_page};
use crate::details::{ADDRESS, CARRIERS, Field, JOB, value};
use crate::handing::Handed;
use crate::state::Action;
use crate::state::handing::{Answer, Change};

/// The form; a fault stands beside its field.
#[component]
pub fn DetailsForm() -> Html {
    let page = use_page();
    use_focus_on_fault(&page.state.handing.answer);
    let on_files = {
        let page = page.clone();
        Callback::from(move |files: Vec<File>| {
            if let Some(file) = files.into_iter().next() {
                load(page.clone(), file);
            }
        })
    };
    let on_save = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| {
            // OK to expect: strings have a text.
            let text = serde_json::to_string_pretty(&page.state.handing.details);
            let text = text.expect("details have a text");
            page.effects
                .save_text("shipment.json", "application/json", &text);
        })
    };
    let unloaded = page.state.handing.unloaded.clone();
    html! {
        <div class="stack" id="details">
            <DropZone id="details-file" accept=".json,application/json" button="Load shipment.json"
                hint="or drop it here: the details file of argosy journal handoff. Or fill this in." {on_files} />
            if !unloaded.is_empty() {
                <p class="field-error" id="details-unloaded" role="alert">{ unloaded }</p>
            }
            { group(&page, "The job, and where the data goes", &JOB) }
            { group(&page, "Where the drives come back to", &ADDRESS) }
            { group(&page, "Who carries them", &CARRIERS) }
            <p class="actions">
                <button type="button" id="details-save" onclick={on_save}>{ "Save shipment.json" }</button>
            </p>
        </div>
    }
}

fn group(page: &Context, title: &'static str, fields: &'static [Field]) -> Html {
    html! {
        <fieldset class="stack">
            <legend class="label">{ title }</legend>
            <div class="fields form">{ for fields.iter().map(|field| input(page, field)) }</div>
        </fieldset>
    }
}

fn input(page: &Context, field: &'static Field) -> Html {
    let oninput = {
        let page = page.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let typed = Change::Typed(field.path, input.value());
            page.act(Action::Handing(Box::new(typed)));
        })
    };
    let id = id_of(field.path);
    let fault_id = format!("{id}-fault");
    let fault = page.state.handing.fault(field.path).map(str::to_owned);
    html! {
        <div class={classes!("field", (field.path == "storageAccountId").then_some("whole"))}>
            <label for={id.clone()}>{ field.label }</label>
            <input type="text" {id} {oninput} spellcheck="false" autocapitalize="none"
                value={value(&page.state.handing.details, field.path).to_owned()}
                placeholder={field.example} autocomplete={field.autocomplete}
                aria-invalid={fault.as_ref().map(|_| "true")}
                aria-describedby={fault.as_ref().map(|_| fault_id.clone())} />
            if let Some(fault) = fault {
                <span class="field-error" id={fault_id}>{ fault }</span>
            }
        </div>
    }
}

fn id_of(path: &str) -> String {
    format!("details-{}", path.replace('.', "-"))
}

/// Once the fault of a field is told, the field has the focus.
#[hook]
fn use_focus_on_fault(answer: &Answer) {
    let wrong = match answer {
        Answer::Is(handed) => match handed.as_ref() {
            Handed::Field { field, .. } => Some((Rc::as_ptr(handed), id_of(field))),
            _ => None,
        },
        _ => None,
    };
    use_effect_with(wrong, |wrong| {
        if let Some((_, id)) = wrong.clone() {
            // After the field was drawn with its fault.
            Timeout::new(0, move || {
                if let Some(input) = gloo::utils::document().get_element_by_id(&id) {
                    // What cannot be focused is still marked.
                    let _ = input.unchecked_into::<HtmlElement>().focus();
                }
            })
            .forget();
        }
    });
}

fn load(page: Context, file: File) {
    wasm_bindgen_futures::spawn_local(async move {
        let read = crate::local_file::read_whole(&file).await;
        let loaded = read
            .map_err(|cause| format!("{} cannot be read: {cause}.", file.name()))
            .and_then(|bytes| {
                Details::parse(&bytes)
                    .map_err(|error| format!("{} holds no details: {error}.", file.name()))
            });
        if loaded.is_ok() {
            page.act(Action::Say(format!("{} is loaded.", file.name())));
        }
        page.act(Action::Handing(Box::new(Change::Loaded(loaded))));
    });
}
