//! The key of a drive: one field for what is typed, and a place for a key file.

use web_sys::{File, HtmlInputElement};
use yew::prelude::*;

use super::DropZone;
use crate::app::use_page;
use crate::receiving::{Key, Locked};
use crate::words;

/// Longest key file.
const KEY_BYTES_MAX: u64 = 1 << 20;

/// Properties of [`KeyForm`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The drive.
    pub locked: Locked,
    /// Whether a key is being tried.
    pub trying: bool,
}

/// The form. A key that is wrong is told beside the field, which keeps what was typed.
#[component]
pub fn KeyForm(props: &Props) -> Html {
    let page = use_page();
    let typed = use_state_eq(String::new);
    let missing = use_state_eq(String::new);
    let field = use_node_ref();
    let trying = props.trying;
    let onsubmit = {
        let (page, typed, missing) = (page.clone(), typed.clone(), missing.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if typed.trim().is_empty() {
                missing.set("Type the key, or give its file.".to_owned());
            } else if !trying {
                missing.set(String::new());
                page.effects.receiver.unlock(Key::Typed((*typed).clone()));
            }
        })
    };
    let oninput = {
        let typed = typed.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            typed.set(input.value());
        })
    };
    let on_files = {
        let (page, missing) = (page.clone(), missing.clone());
        Callback::from(move |files: Vec<File>| {
            let (page, missing) = (page.clone(), missing.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match key_file(files).await {
                    Ok(bytes) => {
                        missing.set(String::new());
                        page.effects.receiver.unlock(Key::File(bytes));
                    }
                    Err(why) => missing.set(why),
                }
            });
        })
    };
    let fault = if missing.is_empty() {
        props.locked.fault.clone()
    } else {
        (*missing).clone()
    };
    use_focus_on(&field, fault.clone(), trying);
    let is_wrong = !fault.is_empty() && !trying;
    html! {
        <section class="panel stack" id="locked" aria-labelledby="locked-title">
            <div class="spread">
                <h2 id="locked-title">{ "This drive is locked" }</h2>
                <span class="quiet small">
                    { format!("{}, {}", props.locked.name, words::size(props.locked.bytes)) }
                </span>
            </div>
            if !props.locked.opens.is_empty() {
                <p>{ format!("What opens it: {}.", props.locked.opens.join(", ")) }</p>
            }
            <form class="stack" {onsubmit} novalidate=true>
                <div class="field">
                    <label for="drive-key">{ "Key" }</label>
                    <input type="text" id="drive-key" class="mono" ref={field} value={(*typed).clone()} {oninput}
                        readonly={trying} spellcheck="false" autocomplete="off" autocapitalize="none"
                        aria-invalid={is_wrong.then_some("true")}
                        aria-describedby={if is_wrong { "drive-key-fault" } else { "drive-key-hint" }} />
                    if is_wrong {
                        <span class="field-error" id="drive-key-fault" role="alert">{ fault }</span>
                    }
                    <span class="hint" id="drive-key-hint">{ "The 48 digits of the recovery password in any \
                        spacing, an external key in base64, or a passphrase." }</span>
                </div>
                <p class="actions">
                    <button type="submit" class="primary" id="unlock" aria-disabled={trying.then_some("true")}>
                        { if trying { "Trying the key" } else { "Open the drive" } }
                    </button>
                </p>
            </form>
            <DropZone id="key-file" {on_files} button="Choose a key file"
                hint="or drop it here: .BEK, or the text file that Windows saves." />
        </section>
    }
}

async fn key_file(files: Vec<File>) -> Result<Vec<u8>, String> {
    let file = files.into_iter().next().ok_or("No file came.")?;
    if crate::local_file::file_bytes(&file) > KEY_BYTES_MAX {
        return Err(format!("{} is too long for a key file.", file.name()));
    }
    crate::local_file::read_whole(&file)
        .await
        .map_err(|cause| format!("{} cannot be read: {cause}.", file.name()))
}

/// Once a fault is told, the field has the focus, ready to be corrected.
#[hook]
fn use_focus_on(field: &NodeRef, fault: String, trying: bool) {
    let field = field.clone();
    use_effect_with((fault, trying), move |_| {
        if let (Some(input), false) = (field.cast::<HtmlInputElement>(), trying) {
            // Without the focus it is still there to be clicked.
            let _ = input.focus();
        }
    });
}
