//! A recovery password: hidden until somebody asks, then in its eight groups.

use yew::prelude::*;

/// Properties of [`Password`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The drive's serial.
    pub serial: AttrValue,
    /// The password while it is shown.
    pub shown: Option<AttrValue>,
    /// The person asks for it, or has seen it.
    pub on_show: Callback<bool>,
    /// The person wants it copied.
    pub on_copy: Callback<String>,
    /// The person wants it as a file.
    pub on_save: Callback<String>,
}

/// The password and what can be done with it.
#[component]
pub fn Password(props: &Props) -> Html {
    let show = |value: bool| {
        let on_show = props.on_show.clone();
        Callback::from(move |_: MouseEvent| on_show.emit(value))
    };
    let Some(password) = &props.shown else {
        return html! {
            <div class="spread">
                <span>{ "Recovery password: " }<span class="quiet">{ "hidden; the journal also \
                     holds it" }</span></span>
                <button type="button" data-test="show-password" onclick={show(true)}>
                    { "Show" }<span class="visually-hidden">{ format!(" the recovery password of \
                         {}", props.serial) }</span>
                </button>
            </div>
        };
    };
    let with = |callback: &Callback<String>| {
        let (callback, password) = (callback.clone(), password.to_string());
        Callback::from(move |_: MouseEvent| callback.emit(password.clone()))
    };
    html! {
        <section class="stack" aria-label={format!("Recovery password of {}", props.serial)}>
            <p>{ "Recovery password. Whoever has it and the drive can read everything on it; the \
                 journal also holds it." }</p>
            <ol class="password" data-test="password">
                { for (1..).zip(password.split('-')).map(|(place, group): (u32, &str)| html! {
                    <li>
                        <span class="label">{ format!("Group {place}") }</span>
                        <span class="group">{ group }</span>
                    </li>
                }) }
            </ol>
            <p class="actions">
                <button type="button" onclick={with(&props.on_copy)}>{ "Copy" }</button>
                <button type="button" data-test="save-password" onclick={with(&props.on_save)}>
                    { "Save" }
                </button>
                <button type="button" onclick={show(false)}>{ "Hide" }</button>
            </p>
        </section>
    }
}
