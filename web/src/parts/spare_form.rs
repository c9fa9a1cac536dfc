//! Choosing the spare that takes a dead drive's place. Nothing is chosen beforehand.

use shared::api::{Drive, FreeSpace, PickedDrive};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::{FreeSpaceChoice, name_of};
use crate::words;

/// Properties of [`SpareForm`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Serial of the drive that died.
    pub serial: String,
    /// The drives to choose from.
    pub spares: Vec<Drive>,
    /// Whether the agent can be asked now.
    pub ready: bool,
    /// Whether the agent plans onto a spare.
    pub planning: bool,
    /// The person chose.
    pub on_choose: Callback<PickedDrive>,
}

/// The form.
#[component]
pub fn SpareForm(props: &Props) -> Html {
    let path = use_state_eq(String::new);
    let free_space = use_state_eq(|| Option::<FreeSpace>::None);
    let missing = use_state_eq(|| Option::<&'static str>::None);
    let (_, last) = words::serial_parts(&props.serial);
    let spare = props.spares.iter().find(|spare| spare.path == *path);
    let onchange = {
        let (path, free_space, missing) = (path.clone(), free_space.clone(), missing.clone());
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            path.set(select.value());
            free_space.set(None);
            missing.set(None);
        })
    };
    let on_free_space = {
        let (free_space, missing) = (free_space.clone(), missing.clone());
        Callback::from(move |choice| {
            free_space.set(Some(choice));
            missing.set(None);
        })
    };
    let onsubmit = submit(props, spare.cloned(), *free_space, missing.clone());
    let (id, error_id) = (format!("spare-{last}"), format!("spare-{last}-error"));
    html! {
        <form class="stack" data-test={format!("replace-{last}")} {onsubmit}>
            if props.spares.is_empty() {
                <p>{ format!("No drive is attached that could take the place of drive {last}. \
                     Attach one; it appears here.") }</p>
            } else {
                <div class="field">
                    <label for={id.clone()}>{ format!("Spare for drive {last}") }</label>
                    <select {id} {onchange} aria-invalid={missing.map(|_| "true")}
                        aria-describedby={missing.map(|_| error_id.clone())}>
                        <option value="" selected={path.is_empty()}>{ "Choose a drive" }</option>
                        { for props.spares.iter().map(|spare| html! {
                            <option value={spare.path.clone()} selected={spare.path == *path}>
                                { title(spare) }
                            </option>
                        }) }
                    </select>
                    if let Some(missing) = *missing {
                        <span class="field-error" id={error_id} role="alert">{ missing }</span>
                    }
                </div>
                if let Some(spare) = spare.filter(|spare| spare.blank != Some(true)) {
                    <FreeSpaceChoice drive={spare.clone()} chosen={*free_space}
                        name={format!("spare-free-{last}")} on_choose={on_free_space} />
                }
                <p class="actions">
                    <button type="submit" data-test={format!("use-spare-{last}")}
                        aria-disabled={(!props.ready).then_some("true")}>
                        { if props.planning { "The agent lists and plans" } else { "Review and erase the spare" } }
                    </button>
                </p>
            }
        </form>
    }
}

/// Returns what the button does: hands the choice on, or says what is missing.
fn submit(
    props: &Props,
    spare: Option<Drive>,
    free_space: Option<FreeSpace>,
    missing: UseStateHandle<Option<&'static str>>,
) -> Callback<SubmitEvent> {
    let (on_choose, ready) = (props.on_choose.clone(), props.ready);
    Callback::from(move |event: SubmitEvent| {
        event.prevent_default();
        let Some(spare) = &spare else {
            missing.set(Some("Choose the drive that takes its place."));
            return;
        };
        if spare.blank != Some(true) && free_space.is_none() {
            missing.set(Some("Say what becomes of the old data on it."));
            return;
        }
        if ready {
            on_choose.emit(PickedDrive {
                path: spare.path.clone(),
                serial: spare.serial.clone(),
                free_space: free_space.unwrap_or_default(),
            });
        }
    })
}

fn title(spare: &Drive) -> String {
    let name = name_of(&spare.model, &spare.bus);
    let (first, last) = words::serial_parts(&spare.serial);
    format!("{name}, {}, serial {first}{last}", words::size(spare.bytes))
}
