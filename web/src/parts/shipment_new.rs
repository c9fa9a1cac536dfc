//! Opening a shipment.

use shared::ledger::{Change, Direction, Service};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::app::use_page;

/// The form.
#[component]
pub fn ShipmentNew() -> Html {
    let page = use_page();
    let name = use_state_eq(String::new);
    let direction = use_state_eq(|| Option::<Direction>::None);
    let service = use_state_eq(|| Service::ImportExport);
    let known = page.state.ledger.all().len();
    {
        let name = name.clone();
        use_effect_with(known, move |_| name.set(String::new()));
    }
    let onsubmit = {
        let (page, name, direction, service) = (page.clone(), name.clone(), *direction, *service);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(direction) = direction {
                let opened = Change::Opened { direction, service };
                page.write_down(&name, vec![opened]);
            }
        })
    };
    let on_name = {
        let name = name.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            name.set(input.value());
        })
    };
    let on_service = {
        let service = service.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let chosen = Service::ALL
                .into_iter()
                .find(|one| one.name() == select.value());
            service.set(chosen.unwrap_or(Service::ImportExport));
        })
    };
    html! {
        <section class="note" aria-labelledby="new-shipment-title">
            <h2 id="new-shipment-title">{ "Open a shipment" }</h2>
            <form class="stack" {onsubmit}>
                <div class="field">
                    <label for="new-name">{ "What you and the service call it" }</label>
                    <input type="text" id="new-name" required=true maxlength="64" autocomplete="off" spellcheck="false"
                        value={(*name).clone()} oninput={on_name} />
                </div>
                <fieldset>
                    <legend class="label">{ "Where does the data go?" }</legend>
                    { way(Direction::Import, "From drives to storage", &direction) }
                    { way(Direction::Export, "From storage to drives", &direction) }
                </fieldset>
                <div class="field">
                    <label for="new-service">{ "Who has the storage?" }</label>
                    <select id="new-service" onchange={on_service}>
                        { for Service::ALL.into_iter().map(|one| html! {
                            <option value={one.name()} selected={one == *service}>{ one.name() }</option>
                        }) }
                    </select>
                </div>
                <p class="actions"><button type="submit" id="new-open">{ "Open it" }</button></p>
            </form>
        </section>
    }
}

fn way(
    direction: Direction,
    label: &'static str,
    chosen: &UseStateHandle<Option<Direction>>,
) -> Html {
    let onchange = {
        let chosen = chosen.clone();
        Callback::from(move |_: Event| chosen.set(Some(direction)))
    };
    html! {
        <label class="choice">
            <input type="radio" name="new-direction" id={format!("new-{}", direction.word())} required=true {onchange}
                checked={**chosen == Some(direction)} />
            <span>{ label }</span>
        </label>
    }
}
