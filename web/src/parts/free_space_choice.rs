//! What becomes of old data on a drive where no new file lies. Nothing is chosen beforehand.

use shared::api::{Drive, FreeSpace};
use yew::prelude::*;

use crate::words;

/// Properties of [`FreeSpaceChoice`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The drive.
    pub drive: Drive,
    /// What was chosen.
    pub chosen: Option<FreeSpace>,
    /// Tells this choice from others on the page.
    pub name: String,
    /// The person chooses.
    pub on_choose: Callback<FreeSpace>,
}

/// The two choices.
#[component]
pub fn FreeSpaceChoice(props: &Props) -> Html {
    let radio = |choice: FreeSpace, text: String| {
        let on_choose = props.on_choose.clone();
        html! {
            <label class="choice">
                <input type="radio" name={format!("free-{}-{}", props.name, props.drive.path)}
                    data-test={format!("{}-{}", choice.code(), props.name)}
                    checked={props.chosen == Some(choice)}
                    onchange={move |_| on_choose.emit(choice)} />
                <span>{ text }</span>
            </label>
        }
    };
    let size = words::size(props.drive.bytes);
    html! {
        <fieldset class="small">
            <legend class="label">{ "What becomes of old data where no new file lies?" }</legend>
            { radio(FreeSpace::Wipe, format!("Overwrite it: the whole {size} is written, which \
                 takes longer")) }
            { radio(FreeSpace::Keep, "Leave it: whoever gets the drive can read what was \
                 there".to_owned()) }
        </fieldset>
    }
}
