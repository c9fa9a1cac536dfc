//! Where a shipment stands, and where it can go from there: what cannot follow yet says what is missing.

use shared::ledger::{Change, Refused, Shipment, ShipmentState};
use yew::prelude::*;

use crate::app::use_page;
use crate::words::sentence;

/// The way of a shipment that nothing happens to.
const WAY: [ShipmentState; 6] = [
    ShipmentState::Creating,
    ShipmentState::Shipping,
    ShipmentState::Received,
    ShipmentState::Transferring,
    ShipmentState::Packaging,
    ShipmentState::Completed,
];

/// Properties of [`ShipmentMoves`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The shipment.
    pub shipment: Shipment,
}

/// The steps, and the choice of the next.
#[component]
pub fn ShipmentMoves(props: &Props) -> Html {
    let page = use_page();
    let shipment = &props.shipment;
    let wanted = use_state_eq(|| Option::<ShipmentState>::None);
    {
        // What was chosen was meant for where it stood then.
        let wanted = wanted.clone();
        use_effect_with(shipment.state, move |_| wanted.set(None));
    }
    let onsubmit = {
        let (page, shipment, wanted) = (page.clone(), shipment.clone(), *wanted);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(to) = wanted {
                page.write_down(&shipment.name, shipment.moves_on(to));
            }
        })
    };
    let next = shipment.state.next();
    html! {
        <div class="stack">
            <ol class="steps" aria-label="Where it stands">{ for steps(shipment) }</ol>
            if next.is_empty() {
                <p id="shipment-end">{ format!("It is {}: that is its end.", shipment.state) }</p>
            } else {
                <form class="stack" id="move" {onsubmit}>
                    <fieldset>
                        <legend class="label">{ "What is it now?" }</legend>
                        { for next.iter().map(|state| choice(shipment, *state, &wanted)) }
                    </fieldset>
                    <p class="actions">
                        <button type="submit" class="primary" id="move-on" disabled={wanted.is_none()}>
                            { wanted.map_or_else(|| "Write it down".to_owned(), |to| format!("Write down: {to}")) }
                        </button>
                    </p>
                </form>
            }
        </div>
    }
}

fn steps(shipment: &Shipment) -> Vec<Html> {
    let aside = !WAY.contains(&shipment.state);
    let at = shipment.state;
    let step = |state: &ShipmentState| {
        let is_here = *state == at;
        let is_behind = !aside && *state < at;
        let class = if is_behind { Some("behind") } else { None };
        html! { <li {class} aria-current={is_here.then_some("step")}>{ state.word() }</li> }
    };
    let mut steps: Vec<Html> = WAY.iter().map(step).collect();
    if aside {
        steps.push(html! { <li aria-current="step">{ at.word() }</li> });
    }
    steps
}

fn choice(
    shipment: &Shipment,
    to: ShipmentState,
    wanted: &UseStateHandle<Option<ShipmentState>>,
) -> Html {
    let missing = shipment.may(Change::Moved { to }).err();
    let onchange = {
        let wanted = wanted.clone();
        Callback::from(move |_: Event| wanted.set(Some(to)))
    };
    let id = format!("to-{to}");
    let why = format!("{id}-why");
    html! {
        <div>
            <label class="choice">
                <input type="radio" name="move-to" {id} {onchange} checked={**wanted == Some(to)}
                    disabled={missing.is_some()}
                    aria-describedby={missing.as_ref().map(|_| why.clone())} />
                <span>{ to.word() }</span>
            </label>
            if let Some(missing) = missing {
                <p class="hint indent" id={why}>{ reason(&missing) }</p>
            }
        </div>
    }
}

fn reason(missing: &Refused) -> String {
    let said = sentence(&missing.to_string());
    format!("{}.", said.trim_end_matches('.'))
}
