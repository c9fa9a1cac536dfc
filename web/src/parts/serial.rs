//! A drive's serial, the last four larger: that is what a person compares with the label.

use yew::prelude::*;

use crate::words;

/// Properties of [`Serial`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The serial.
    pub serial: AttrValue,
}

/// The serial. Spoken, the last four come character by character.
#[component]
pub fn Serial(props: &Props) -> Html {
    let (quiet, last) = words::serial_parts(&props.serial);
    let spelled: Vec<String> = last.chars().map(String::from).collect();
    html! {
        <span class="serial">
            <span aria-hidden="true">{ quiet }<b>{ last }</b></span>
            <span class="visually-hidden">
                { format!("{quiet}, last characters: {}", spelled.join(" ")) }
            </span>
        </span>
    }
}
