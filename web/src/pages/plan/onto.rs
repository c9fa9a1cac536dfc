//! On which drives: what if, or these.

use yew::prelude::*;

use super::edit;
use crate::app::Context;
use crate::draft::{Draft, Onto, SIZES};
use crate::parts::Serial;
use crate::state::Action;
use crate::words;

pub(super) fn onto_panel(page: &Context) -> Html {
    let draft = &page.state.draft;
    let onto = |onto: Onto| {
        let page = page.clone();
        Callback::from(move |_: Event| {
            page.act(Action::Draft(Draft {
                onto,
                ..page.state.draft.clone()
            }))
        })
    };
    let fault = draft.size_fault().filter(|_| draft.onto == Onto::WhatIf);
    let these_title = match page.state.picked_drives().count() {
        0 => "These drives".to_owned(),
        picked => format!("These drives: {picked} chosen"),
    };
    html! {
        <section class="panel stack" aria-labelledby="onto-title">
            <h2 id="onto-title">{ "On which drives?" }</h2>
            <fieldset class="stack">
                <legend class="visually-hidden">{ "On which drives?" }</legend>
                <label class="choice">
                    <input type="radio" name="onto" id="onto-what-if"
                        checked={draft.onto == Onto::WhatIf} onchange={onto(Onto::WhatIf)} />
                    <span>{ "What if: as many as it takes, of one size" }</span>
                </label>
                if draft.onto == Onto::WhatIf {
                    <div class="fields indent">
                        { size_field(page, fault.as_deref()) }
                    </div>
                }
                <label class="choice">
                    <input type="radio" name="onto" id="onto-these"
                        checked={draft.onto == Onto::These} onchange={onto(Onto::These)} />
                    <span>{ these_title }</span>
                </label>
                if draft.onto == Onto::These {
                    <div class="indent">{ these(page) }</div>
                }
            </fieldset>
        </section>
    }
}

fn size_field(page: &Context, fault: Option<&str>) -> Html {
    let oninput = edit(page, |draft, size| draft.size = size);
    html! {
        <div class="field short">
            <label for="drive-size">{ "Size of one drive" }</label>
            <input type="text" id="drive-size" list="drive-sizes"
                value={page.state.draft.size.clone()} {oninput} autocomplete="off"
                aria-invalid={fault.map(|_| "true")}
                aria-describedby={fault.map(|_| "drive-size-fault")} />
            <datalist id="drive-sizes">
                { for SIZES.iter().map(|size| html! { <option value={*size} /> }) }
            </datalist>
            if let Some(fault) = fault {
                <span class="field-error" id="drive-size-fault">{ fault }</span>
            }
        </div>
    }
}

fn these(page: &Context) -> Html {
    let drives = page.state.drive_list();
    if drives.is_empty() {
        let text = if page.state.is_connected() {
            "No drive is attached."
        } else {
            "Drives need the agent."
        };
        return html! { <p class="hint">{ text }</p> };
    }
    let erasable = drives.iter().filter(|drive| drive.erasable);
    html! {
        <ul>
            { for erasable.map(|drive| {
                let checked = page.state.draft.picked.contains_key(&drive.path);
                let onchange = {
                    let (page, path) = (page.clone(), drive.path.clone());
                    Callback::from(move |_: Event| page.act(Action::Pick(path.clone(), !checked)))
                };
                html! {
                    <li><label class="choice">
                        <input type="checkbox" {checked} {onchange}
                            data-test={format!("plan-pick-{}", words::serial_parts(&drive.serial).1)} />
                        <span><Serial serial={drive.serial.clone()} />
                            { format!(" {}", words::size(drive.bytes)) }
                        </span>
                    </label></li>
                }
            }) }
        </ul>
    }
}
