//! Whole drives that came back, copied home by the agent: asked for here, and how it stands.

use shared::api::{ReceiveRequest, Receiving, Secret};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::storage_panel::{Fault, focus_soon};
use super::{HomecomingAnswer, HomecomingFields, Trouble};
use crate::app::{Context, use_page};
use crate::state::homecoming::{Turn, may_be_received};
use crate::state::{Action, State};

/// The panel. The agent goes on by itself when the page is left.
#[component]
pub fn HomecomingPanel() -> Html {
    let page = use_page();
    let fault = use_state_eq(|| Option::<Fault>::None);
    let keys = use_node_ref();
    let begin = |dry_run: bool| {
        let (page, fault, keys) = (page.clone(), fault.clone(), keys.clone());
        move || {
            if page.state.homecoming.is_busy() {
                return;
            }
            match request(&page.state, &keys, dry_run) {
                Ok(request) => {
                    fault.set(None);
                    let (after, keys) = (page.clone(), keys.clone());
                    page.effects.receive_drives(request, move || {
                        // After a look the same keys are wanted again.
                        if let (Some(field), false) = (keys.cast::<HtmlTextAreaElement>(), dry_run)
                        {
                            field.set_value("");
                            after.act(Action::Homecoming(Box::new(Turn::Keys(Ok(String::new())))));
                        }
                    });
                }
                Err(wrong) => {
                    focus_soon(wrong.0);
                    fault.set(Some(wrong));
                }
            }
        }
    };
    let onsubmit = {
        let begin = begin(false);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            begin();
        })
    };
    let on_look = {
        let begin = begin(true);
        Callback::from(move |_: MouseEvent| begin())
    };
    let home = &page.state.homecoming;
    let busy = home.is_busy().then_some("true");
    html! {
        <section class="panel stack" id="homecoming" aria-labelledby="homecoming-title">
            <h2 id="homecoming-title">{ "Copy whole drives home" }</h2>
            <p class="quiet">{ "All drives at once, each file compared with the manifest on its drive. The drives are only read, \
                and no file that is there already is replaced. The agent goes on when this page is closed." }</p>
            <form class="stack" {onsubmit} novalidate=true autocomplete="off">
                <HomecomingFields fault={*fault} keys={keys.clone()} />
                <p class="actions">
                    <button type="submit" class="primary" id="homecoming-start" aria-disabled={busy}>{ "Copy home" }</button>
                    <button type="button" id="homecoming-look" aria-disabled={busy} onclick={on_look}
                        aria-describedby="homecoming-look-hint">{ "Look first" }</button>
                    { stop(&page) }
                    <span class="hint" id="homecoming-look-hint">{ "Looking opens the drives with the keys, says what would be \
                        copied and whether there is room, and writes nothing." }</span>
                </p>
            </form>
            if let Some(error) = &home.refused {
                <Trouble error={error.clone()} id="homecoming-refused" />
            }
            <HomecomingAnswer />
        </section>
    }
}

fn stop(page: &Context) -> Html {
    let Receiving::Running(run) = &page.state.homecoming.standing else {
        return html! {};
    };
    let effects = page.effects.clone();
    let onclick = Callback::from(move |_: MouseEvent| effects.stop_receiving());
    html! {
        <button type="button" id="homecoming-stop" {onclick} aria-disabled={run.is_stopping.then_some("true")}>
            { if run.is_stopping { "Stopping" } else { "Stop" } }
        </button>
    }
}

/// Returns what the agent is asked.
fn request(state: &State, keys: &NodeRef, dry_run: bool) -> Result<ReceiveRequest, Fault> {
    let home = &state.homecoming;
    let drives = home.chosen(state.drive_list());
    if drives.is_empty() {
        // Where there is none to be chosen, the list says so beside its button.
        let has_any = state.drive_list().iter().any(may_be_received);
        let field = if has_any {
            "homecoming-drive-1"
        } else {
            "homecoming-refresh"
        };
        return Err((field, "Choose at least one drive."));
    }
    let field = keys.cast::<HtmlTextAreaElement>();
    let text = field.map(|field| field.value()).unwrap_or_default();
    if text.trim().is_empty() {
        return Err((
            "homecoming-keys",
            "Paste the keys of the drives, or give their file.",
        ));
    }
    let keys = Secret::new(text);
    let to = home.to.trim();
    if to.is_empty() {
        return Err(("homecoming-to", "Name the folder that everything goes to."));
    }
    Ok(ReceiveRequest {
        drives,
        keys,
        to: to.to_owned(),
        names: home.names,
        dry_run,
    })
}
