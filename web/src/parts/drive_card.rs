//! One drive as a card: what it is, which one it is, what is on it, and why it may not be erased.

use shared::api::{Drive, FreeSpace, SerialSource};
use yew::prelude::*;

use super::{FreeSpaceChoice, Serial};
use crate::words::{self, sentence};

/// Properties of [`DriveCard`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The drive.
    pub drive: Drive,
    /// Whether the person chose it, and what they said of its free space.
    pub picked: Option<Option<FreeSpace>>,
    /// The person chooses it, or not any more.
    pub on_pick: Callback<bool>,
    /// The person says what becomes of its free space.
    pub on_free_space: Callback<FreeSpace>,
}

/// The card.
#[component]
pub fn DriveCard(props: &Props) -> Html {
    let drive = &props.drive;
    let name = name_of(&drive.model, &drive.bus);
    let class = classes!("card", (!drive.erasable).then_some("locked"));
    let chosen = props.picked.is_some().then_some("yes");
    let test = words::serial_parts(&drive.serial).1.to_owned();
    let on_pick = {
        let (on_pick, picked) = (props.on_pick.clone(), props.picked.is_some());
        Callback::from(move |_| on_pick.emit(!picked))
    };
    html! {
        <li {class} data-chosen={chosen} data-test="drive-card" data-serial={drive.serial.clone()}>
            { for drive.reasons.iter().map(|reason| html! {
                <p class="reason">{ sentence(&reason.message) }</p>
            }) }
            <h2>{ name }</h2>
            if drive.serial.is_empty() {
                <p class="quiet">
                    { "Its serial cannot be read. Give the one on its label: " }<code>{
                        format!("argosy prepare --drive {}=SERIAL", drive.path) }</code>
                </p>
            } else {
                <p><span class="quiet">
                    { "serial " }</span><Serial serial={drive.serial.clone()} />
                </p>
            }
            { facts(drive) }
            { for drive.warnings.iter().map(|warning| html! {
                <p class="small warning" data-test="warning">{ sentence(warning) }</p>
            }) }
            if drive.erasable && !drive.serial.is_empty() {
                <label class="choice pick">
                    <input type="checkbox" data-test={format!("pick-{test}")}
                        checked={props.picked.is_some()} onchange={on_pick} />
                    <span>
                        { "Use for this plan" }
                        <span class="visually-hidden">{ format!(": {name}, serial {}", drive.serial) }</span>
                    </span>
                </label>
                if let Some(free_space) = props.picked.filter(|_| drive.blank != Some(true)) {
                    <FreeSpaceChoice drive={drive.clone()} chosen={free_space}
                        name={test.clone()} on_choose={props.on_free_space.clone()} />
                }
            }
        </li>
    }
}

fn facts(drive: &Drive) -> Html {
    html! {
        <dl class="facts">
            <dt>{ "Size" }</dt><dd>{ words::size(drive.bytes) }</dd>
            <dt>{ "Holds" }</dt><dd data-test="holds">{ holds(drive) }</dd>
            if !drive.bus.is_empty() {
                <dt>{ "Attached" }</dt><dd>{ kind_name(&drive.bus) }</dd>
            }
            <dt>{ "Sectors" }</dt><dd>{ format!("{} bytes", drive.sector_bytes) }</dd>
            <dt>{ "Path" }</dt><dd class="mono">{ &drive.path }</dd>
            if drive.serial_source == SerialSource::Bridge {
                <dt>{ "Serial" }</dt><dd>{ "told by the dock; compare it with the label" }</dd>
            }
            if !drive.bridge_serial.is_empty() {
                <dt>{ "Dock" }</dt><dd>{ format!("says {} instead", drive.bridge_serial) }</dd>
            }
            if !drive.wwn.is_empty() {
                <dt>{ "WWN" }</dt><dd class="mono">{ &drive.wwn }</dd>
            }
        </dl>
    }
}

/// Returns what is on a drive in words.
pub(super) fn holds(drive: &Drive) -> String {
    if drive.contents.is_empty() {
        return match drive.blank {
            Some(true) => "nothing".to_owned(),
            Some(false) => "data that Argosy does not recognise".to_owned(),
            None => "not known: it cannot be read".to_owned(),
        };
    }
    let parts: Vec<String> = drive
        .contents
        .iter()
        .map(|content| {
            let mounted = if content.mounted.is_empty() {
                String::new()
            } else {
                format!(", in use at {}", content.mounted)
            };
            format!("{}, {}{mounted}", content.what, words::size(content.bytes))
        })
        .collect();
    parts.join("; ")
}

/// Returns what a drive is called: its model, or what it is where it has none.
pub fn name_of<'a>(model: &'a str, bus: &'a str) -> &'a str {
    match model {
        "" => kind_name(bus),
        // An image file's model only says that it is one.
        "image file" => "Image file",
        model => model,
    }
}

fn kind_name(bus: &str) -> &str {
    match bus {
        "" => "Drive",
        "image" | "image file" => "Image file",
        "loop" => "Loop device",
        "usb" => "USB",
        "sata" => "SATA",
        "nvme" => "NVMe",
        "virtio" => "Virtual drive",
        other => other,
    }
}
