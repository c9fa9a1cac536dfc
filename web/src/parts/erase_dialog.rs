//! The one question before anything is lost.

use std::collections::{BTreeMap, BTreeSet};

use gloo::timers::callback::Timeout;
use shared::api::{ApiError, Confirmation, Drive, PlannedDriveSummary, StartReply};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::{Modal, Serial, Trouble, name_of};
use crate::words;

/// So long before its end a question says that it ends.
const WARNING_SECONDS: u64 = 30;

/// What was typed for each serial.
type Typed = BTreeMap<String, String>;

/// Properties of [`EraseDialog`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The drives as the agent listed them.
    pub listed: Vec<Drive>,
    /// The agent's plan.
    pub reply: std::rc::Rc<StartReply>,
    /// Why the last words were not taken.
    pub refused: Option<ApiError>,
    /// Whether the words are on their way.
    pub sending: bool,
    /// The question that the words answer; another one has its time anew.
    pub token: String,
    /// How many seconds it can be answered.
    pub seconds: u64,
    /// The person needs more time.
    pub on_extend: Callback<()>,
    /// The person typed every serial's end.
    pub on_confirm: Callback<Vec<Confirmation>>,
    /// The person leaves it.
    pub on_leave: Callback<()>,
}

/// The dialog. Nothing in it is filled in; leaving it changes nothing.
#[component]
pub fn EraseDialog(props: &Props) -> Html {
    let typed = use_state(Typed::new);
    let accepted = use_state(BTreeSet::<String>::new);
    let wrong = use_state_eq(|| Option::<String>::None);
    let ending = use_state_eq(|| false);
    use_effect_with((props.token.clone(), props.seconds), {
        let ending = ending.clone();
        move |(_, seconds)| {
            ending.set(false);
            let until = seconds.saturating_sub(WARNING_SECONDS).saturating_mul(1000);
            let until = u32::try_from(until).unwrap_or(u32::MAX);
            let warning = Timeout::new(until, move || ending.set(true));
            move || drop(warning)
        }
    });
    let drives = &props.reply.drives;
    let count = u64::try_from(drives.len()).unwrap_or(u64::MAX);
    let many = words::counted(count, "drive", "drives");
    let confirm = confirm(props, &typed, &accepted, &wrong);
    let leave = {
        let on_leave = props.on_leave.clone();
        Callback::from(move |_: MouseEvent| on_leave.emit(()))
    };
    let on_type = {
        let (typed, ending, on_extend) = (typed.clone(), ending.clone(), props.on_extend.clone());
        Callback::from(move |(serial, text): (String, String)| {
            // Who types is there: one key is enough.
            if *ending {
                on_extend.emit(());
            }
            let mut all = (*typed).clone();
            all.insert(serial, text);
            typed.set(all);
        })
    };
    let on_accept = {
        let accepted = accepted.clone();
        Callback::from(move |serial: String| {
            let mut all = (*accepted).clone();
            if !all.remove(&serial) {
                all.insert(serial);
            }
            accepted.set(all);
        })
    };
    let question = if count == 1 {
        "Everything on it is lost for good. Type the last four characters of its serial, as they \
             are printed on the drive's label."
    } else {
        "Everything on them is lost for good. Type the last four characters of each serial, as \
             they are printed on the drive's label."
    };
    let buttons = html! {
        <>
            <button type="button" id="erase-cancel" autofocus=true onclick={leave}>
                { "Cancel" }
            </button>
            <button type="button" id="erase-confirm" class="danger"
                aria-disabled={props.sending.then_some("true")} onclick={confirm}>
                { format!("Erase and fill {many}") }
            </button>
        </>
    };
    html! {
        <Modal id="erase" title={format!("Erase {many}?")} {buttons}
            on_leave={props.on_leave.clone()}>
            <p>{ question }</p>
            <ul class="erase-list">
                { for drives.iter().map(|drive| {
                    let is_wrong = wrong.as_deref() == Some(drive.serial.as_str());
                    let listed = props.listed.iter().find(|listed| listed.serial == drive.serial);
                    let doubt = sector_doubt(drive, accepted.contains(&drive.serial), is_wrong, &on_accept);
                    row(drive, listed, typed.get(&drive.serial), (is_wrong, doubt), &on_type)
                }) }
            </ul>
            if !props.reply.unused.is_empty() {
                <p class="quiet">
                    { format!("Not needed and not touched: {}.", props.reply.unused.join(", ")) }
                </p>
            }
            if props.reply.left_out_count > 0 {
                <p>{ format!("{} will not travel, as the plan says.",
                        words::counted(props.reply.left_out_count, "file", "files")) }</p>
            }
            if let Some(error) = &props.refused {
                <Trouble error={error.clone()} id="erase-refused" />
            }
            if *ending {
                { warning(props) }
            }
        </Modal>
    }
}

/// What is said when the time is nearly over.
fn warning(props: &Props) -> Html {
    let on_extend = props.on_extend.clone();
    html! {
        <div class="message" data-tone="warn" role="alert" id="erase-ending">
            <p class="title">{ format!("This question ends in {WARNING_SECONDS} s.") }</p>
            <p>{ "Type on, or ask for more time. What you typed stays; nothing was touched." }</p>
            <p class="actions">
                <button type="button" id="erase-extend" onclick={move |_| on_extend.emit(())}>
                    { "More time" }
                </button>
            </p>
        </div>
    }
}

/// Returns what the red button does: looks over what was typed, and hands it on when every serial's end is right.
fn confirm(
    props: &Props,
    typed: &UseStateHandle<Typed>,
    accepted: &UseStateHandle<BTreeSet<String>>,
    wrong: &UseStateHandle<Option<String>>,
) -> Callback<MouseEvent> {
    let (typed, accepted, wrong) = (typed.clone(), accepted.clone(), wrong.clone());
    let (reply, on_confirm, sending) =
        (props.reply.clone(), props.on_confirm.clone(), props.sending);
    Callback::from(move |_: MouseEvent| {
        if sending {
            return;
        }
        let word =
            |drive: &PlannedDriveSummary| typed.get(&drive.serial).cloned().unwrap_or_default();
        let is_accepted = |drive: &PlannedDriveSummary| accepted.contains(&drive.serial);
        let first_wrong = reply
            .drives
            .iter()
            .find(|drive| !is_right(drive, &word(drive)) || !is_taken(drive, is_accepted(drive)));
        wrong.set(first_wrong.map(|drive| drive.serial.clone()));
        if let Some(drive) = first_wrong {
            let is_word = !is_right(drive, &word(drive));
            focus(&if is_word {
                input_id(drive)
            } else {
                accept_id(drive)
            });
            return;
        }
        let words = reply.drives.iter().map(|drive| Confirmation {
            serial: drive.serial.clone(),
            typed: word(drive).trim().to_owned(),
            accepts_sectors: is_accepted(drive),
        });
        on_confirm.emit(words.collect());
    })
}

fn row(
    drive: &PlannedDriveSummary,
    listed: Option<&Drive>,
    typed: Option<&String>,
    (is_wrong, doubt): (bool, Html),
    on_type: &Callback<(String, String)>,
) -> Html {
    let lost = if drive.lost.is_empty() {
        "nothing".to_owned()
    } else {
        drive.lost.join("; ")
    };
    let name = name_of(&drive.model, listed.map_or("", |listed| &listed.bus));
    let bytes = listed.map_or(drive.capacity_bytes, |listed| listed.bytes);
    html! {
        <li data-test="erase-drive" data-serial={drive.serial.clone()}>
            <div>
                <h3>{ format!("{name}, {}", words::size(bytes)) }</h3>
                <p><span class="quiet">
                    { "serial " }</span><Serial serial={drive.serial.clone()} />
                </p>
                <p><span class="quiet">{ "holds " }</span>{ lost }</p>
                <p class="quiet">
                    { format!("gets {}, {}", words::counted(drive.files, "file", "files"), words::size(drive.used_bytes)) }
                </p>
                { doubt }
            </div>
            { field(drive, typed, is_wrong && !is_right(drive, typed.map_or("", String::as_str)), on_type) }
        </li>
    }
}

/// What the data centre would say to the drive as it is attached here, and the box that takes it all the same.
fn sector_doubt(
    drive: &PlannedDriveSummary,
    accepted: bool,
    is_wrong: bool,
    on_accept: &Callback<String>,
) -> Html {
    if drive.sector_doubt.is_empty() {
        return html! {};
    }
    let id = accept_id(drive);
    let (doubt_id, is_wrong) = (format!("{id}-why"), is_wrong && !accepted);
    let onchange = {
        let (on_accept, serial) = (on_accept.clone(), drive.serial.clone());
        Callback::from(move |_: Event| on_accept.emit(serial.clone()))
    };
    html! {
        <>
            <p id={doubt_id.clone()} data-test="sector-doubt">
                { words::sentence(&drive.sector_doubt) }
            </p>
            <label class="choice">
                <input type="checkbox" {id} checked={accepted} {onchange}
                    aria-invalid={is_wrong.then_some("true")} aria-describedby={doubt_id} />
                <span>{ "Fill it all the same: it is not for the data centre" }</span>
            </label>
            if is_wrong {
                <span class="field-error" role="alert">
                    { "Accept this, or take another drive. Nothing was touched." }
                </span>
            }
        </>
    }
}

fn field(
    drive: &PlannedDriveSummary,
    typed: Option<&String>,
    is_wrong: bool,
    on_type: &Callback<(String, String)>,
) -> Html {
    let id = input_id(drive);
    let error_id = format!("{id}-error");
    let oninput = {
        let (on_type, serial) = (on_type.clone(), drive.serial.clone());
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            on_type.emit((serial.clone(), input.value()));
        })
    };
    let what = if drive.word_characters < 4 {
        "type the whole serial".to_owned()
    } else {
        format!("type the last {}", drive.word_characters)
    };
    html! {
        <div class="field">
            <label for={id.clone()}>
                { what }<span class="visually-hidden">{ format!(" of serial {}", drive.serial) }</span>
            </label>
            <input type="text" {id} data-test={format!("word-{}", drive.serial)}
                value={typed.cloned().unwrap_or_default()} {oninput}
                autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="64"
                aria-invalid={is_wrong.then_some("true")}
                aria-describedby={is_wrong.then(|| error_id.clone())} />
            if is_wrong {
                <span class="field-error" id={error_id} role="alert">
                    { "This is not how the serial ends. Nothing was touched." }
                </span>
            }
        </div>
    }
}

/// Only spares a question to the agent, which asks the same of the drive itself. A blank drive is named too: one rule, no
/// exception to remember.
fn is_right(drive: &PlannedDriveSummary, typed: &str) -> bool {
    let (_, last) = words::serial_parts(&drive.serial);
    typed.trim().eq_ignore_ascii_case(last)
}

/// A drive that the data centre would send back is filled only when the person says so.
const fn is_taken(drive: &PlannedDriveSummary, accepted: bool) -> bool {
    drive.sector_doubt.is_empty() || accepted
}

fn accept_id(drive: &PlannedDriveSummary) -> String {
    format!("accept-{}", shared::blob_name::file_name(&drive.serial))
}

fn input_id(drive: &PlannedDriveSummary) -> String {
    format!("word-{}", shared::blob_name::file_name(&drive.serial))
}

fn focus(id: &str) {
    use wasm_bindgen::JsCast;
    if let Some(input) = gloo::utils::document().get_element_by_id(id) {
        // Where it cannot be focused the message beside it still says which one.
        let _ = input.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}
