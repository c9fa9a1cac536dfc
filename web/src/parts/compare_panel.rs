//! The comparison of a drive with its manifest.

use yew::prelude::*;

use super::{DriveCheckPanel, Gauge, Message, Trouble};
use crate::app::{Context, use_page};
use crate::checking::Tone;
use crate::receiving::{Told, stopped};
use crate::state::receive::{Compare, Drive, Save};
use crate::words;

/// Properties of [`ComparePanel`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Name of the manifest; empty when the drive has none.
    pub manifest: String,
}

/// The panel.
#[component]
pub fn ComparePanel(props: &Props) -> Html {
    let page = use_page();
    html! {
        <section class="panel stack" id="compare" aria-labelledby="compare-title">
            <h2 id="compare-title">{ "Is everything right?" }</h2>
            if props.manifest.is_empty() {
                <p id="compare-none">{ "This drive has no manifest in its root, so there is nothing here to compare its \
                    files with." }</p>
            } else {
                { state(&page, &props.manifest) }
            }
        </section>
    }
}

fn state(page: &Context, manifest: &str) -> Html {
    let receive = &page.state.receive;
    let busy = matches!(receive.save, Save::Working { .. });
    let again = !matches!(receive.compare, Compare::Nothing);
    let start = {
        let receiver = page.effects.receiver.clone();
        Callback::from(move |_: MouseEvent| {
            if !busy {
                receiver.compare();
            }
        })
    };
    let button = html! {
        <p class="actions">
            <button type="button" class={(!again).then_some("primary")} id="compare-start" onclick={start}
                aria-disabled={busy.then_some("true")}>
                { if again { "Compare again" } else { "Compare every file with the manifest" } }
            </button>
        </p>
    };
    match &receive.compare {
        Compare::Nothing => html! {
            <>
                <p class="quiet">
                    { "Every byte of every file is read and compared with " }<span class="mono">{ manifest }</span>
                    { ", the file system is checked, and what the manifest does not name is told." }
                </p>
                { button }
            </>
        },
        Compare::Working(told) => working(page, told),
        Compare::Done(check) => html! {
            <>
                <DriveCheckPanel check={(**check).clone()} />
                { button }
            </>
        },
        Compare::Stopped(told) => html! {
            <>
                <Message tone={Tone::Warn} id="compare-stopped" title="Stopped by you; nothing is proven.">
                    <p>{ format!("It was at {}. What was compared so far says nothing about the rest.",
                        words::part_of(told.bytes, told.of.max(told.bytes))) }</p>
                    if told.wrong > 0 {
                        <p>{ format!("By then {} wrong:", words::counted(told.wrong, "thing was", "things were")) }</p>
                    }
                </Message>
                if let Some(check) = stopped(told, image(&receive.drive)) {
                    <DriveCheckPanel {check} />
                }
                { button }
            </>
        },
        Compare::Failed(error) => html! {
            <>
                <Trouble error={error.clone()} id="compare-failed" />
                { button }
            </>
        },
    }
}

/// What is compared: the image's name.
fn image(drive: &Drive) -> &str {
    match drive {
        Drive::Open(view) => &view.name,
        _ => "",
    }
}

fn working(page: &Context, told: &Told) -> Html {
    let stop = {
        let (receiver, told) = (page.effects.receiver.clone(), told.clone());
        Callback::from(move |_: MouseEvent| receiver.stop_comparing(told.clone()))
    };
    let words = if told.words.is_empty() {
        "Beginning".to_owned()
    } else {
        told.words.clone()
    };
    html! {
        <div class="stack" id="comparing">
            <p>{ format!("{words}.") }</p>
            if told.of > 0 {
                <div class="gauges"><Gauge name="compared" done={told.bytes} total={told.of} verified=true /></div>
            }
            if told.wrong > 0 {
                <p class="warning">{ format!("{} wrong so far.", words::counted(told.wrong, "thing is", "things are")) }</p>
            }
            <p class="actions"><button type="button" id="compare-stop" onclick={stop}>{ "Stop" }</button></p>
        </div>
    }
}
