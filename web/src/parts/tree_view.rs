//! Folders and files of a drive. Only the lines in sight are drawn, so that a hundred thousand are as quick as ten; one
//! line is chosen, and the arrow keys lead on as in every tree.

use std::rc::Rc;

use web_sys::{Element, MouseEvent};
use yew::prelude::*;

use crate::app::{Context, use_page};
use crate::new_file::too_long;
use crate::state::Action;
use crate::state::receive::{Change, Compare, Receive, Save};
use crate::tree::{Line, What};
use crate::words;

/// Lines that are drawn beyond those in sight, on either side.
const SPARE: usize = 12;
/// Lines in sight before that is measured.
const SIGHT: usize = 16;
/// A line's height; the same stands in the style sheet. A double, for SVG.
const LINE_QUARTER_REMS: usize = 9;

/// The tree, and what can be done with the chosen line.
#[component]
pub fn TreeView() -> Html {
    let page = use_page();
    let node = use_node_ref();
    let top = use_state_eq(|| 0_usize);
    let receive = &page.state.receive;
    let count = receive.tree.lines.len();
    use_in_sight(&node, receive.at, count);
    let onscroll = {
        let (node, top) = (node.clone(), top.clone());
        Callback::from(move |_: Event| {
            if let Some(element) = node.cast::<Element>() {
                top.set(first_in_sight(&element, count));
            }
        })
    };
    let sight = node
        .cast::<Element>()
        .map_or(SIGHT, |element| in_sight(&element, count));
    let first = top.saturating_sub(SPARE).min(count);
    let last = top.saturating_add(sight).saturating_add(SPARE).min(count);
    let onkeydown = keys(&page, sight);
    let is_drawn = (first..last).contains(&receive.at);
    if count == 0 {
        return html! { <p class="quiet" id="tree-empty">{ "There is nothing on it." }</p> };
    }
    html! {
        <>
            <div class="tree" id="tree" role="tree" tabindex="0" aria-label="What is on the drive" ref={node}
                aria-activedescendant={is_drawn.then(|| line_id(receive.at))} {onscroll} {onkeydown}>
                { room(first) }
                { for (first..last).filter_map(|at| Some(line(&page, at, receive.tree.lines.get(at)?))) }
                { room(count.saturating_sub(last)) }
            </div>
            { chosen_line(&page) }
            { saving(receive, &page) }
        </>
    }
}

fn line_id(at: usize) -> String {
    format!("line-{at}")
}

/// Returns as much room as so many lines have.
fn room(lines: usize) -> Html {
    if lines == 0 {
        return html! {};
    }
    let quarters = lines.saturating_mul(LINE_QUARTER_REMS);
    let height = format!(
        "{}.{:02}rem",
        quarters / 4,
        (quarters % 4).saturating_mul(25)
    );
    html! { <svg width="1" {height} class="room" aria-hidden="true" focusable="false" /> }
}

fn line(page: &Context, at: usize, line: &Rc<Line>) -> Html {
    let receive = &page.state.receive;
    let is_chosen = receive.at == at;
    let onclick = {
        let page = page.clone();
        Callback::from(move |event: MouseEvent| {
            let on_mark = event
                .target_dyn_into::<Element>()
                .is_some_and(|element| element.closest(".mark").is_ok_and(|mark| mark.is_some()));
            page.act(change(Change::At(at)));
            if on_mark || event.detail() == 2 {
                toggle(&page, at);
            }
        })
    };
    let (expanded, mark, name, size) = match &line.what {
        What::File(row) => (None, "", row.name.clone(), words::size(row.bytes)),
        What::Folder { row, open } => {
            let (expanded, mark) = if *open {
                ("true", "\u{25be}")
            } else {
                ("false", "\u{25b8}")
            };
            (Some(expanded), mark, row.name.clone(), String::new())
        }
        What::More { from, .. } => (
            None,
            "\u{2026}",
            format!(
                "Show more: {} so far of {}",
                words::count(*from),
                words::count(line.of)
            ),
            String::new(),
        ),
    };
    html! {
        <div key={at} id={line_id(at)} role="treeitem" class="line" aria-level={line.level.to_string()}
            aria-setsize={line.of.to_string()} aria-posinset={line.place.to_string()} aria-expanded={expanded}
            aria-selected={if is_chosen { "true" } else { "false" }} {onclick}>
            <svg class="indent-by" width={format!("{}rem", line.level.saturating_sub(1).min(24))} height="1"
                aria-hidden="true" focusable="false" />
            <span class="mark" aria-hidden="true">{ mark }</span>
            <span class="name">{ name }</span>
            <span class="size">{ size }</span>
        </div>
    }
}

fn change(change: Change) -> Action {
    Action::Receive(Box::new(change))
}

/// Opens or closes a folder, shows more, or saves a file.
fn toggle(page: &Context, at: usize) {
    let receive = &page.state.receive;
    let Some(line) = receive.tree.lines.get(at) else {
        return;
    };
    match &line.what {
        What::Folder { open: true, .. } => page.act(change(Change::Close(at))),
        What::Folder { row, .. } => page.effects.receiver.entries(row.id.clone(), 0),
        What::More { folder, from } => page.effects.receiver.entries(folder.clone(), *from),
        What::File(row) => {
            if can_save(receive, row.bytes, &row.why_not).is_ok() {
                page.effects.receiver.save(row.clone());
            }
        }
    }
}

/// Returns why a file cannot be saved now.
fn can_save(receive: &Receive, bytes: u64, why_not: &str) -> Result<(), String> {
    if !why_not.is_empty() {
        return Err(format!("It is {why_not}: there is nothing in it to save."));
    }
    if matches!(receive.save, Save::Working { .. }) {
        return Err("Another file is being saved.".to_owned());
    }
    if matches!(receive.compare, Compare::Working(_)) {
        return Err("The drive is being compared; files can be saved after it.".to_owned());
    }
    too_long(bytes).map_or(Ok(()), Err)
}

/// The keys of a tree, as the ARIA practices have them.
fn keys(page: &Context, sight: usize) -> Callback<KeyboardEvent> {
    let page = page.clone();
    Callback::from(move |event: KeyboardEvent| {
        let receive = &page.state.receive;
        let (at, lines) = (receive.at, &receive.tree.lines);
        let Some(line) = lines.get(at) else {
            return;
        };
        let go = |to: usize| page.act(change(Change::At(to)));
        let by = |lines: isize| page.act(change(Change::By(lines)));
        let sight = isize::try_from(sight).unwrap_or(1);
        match (event.key().as_str(), &line.what) {
            ("ArrowDown", _) => by(1),
            ("ArrowUp", _) => by(-1),
            ("PageDown", _) => by(sight),
            ("PageUp", _) => by(sight.saturating_neg()),
            ("Home", _) => go(0),
            ("End", _) => go(lines.len()),
            ("ArrowRight", What::Folder { open: true, .. }) => by(1),
            ("ArrowRight", What::Folder { .. }) | ("Enter" | " ", _) => toggle(&page, at),
            ("ArrowLeft", What::Folder { open: true, .. }) => toggle(&page, at),
            ("ArrowLeft", _) => go(receive.tree.parent(at).unwrap_or(at)),
            _ => return,
        }
        event.prevent_default();
    })
}

/// Says what the chosen line is, and saves it.
fn chosen_line(page: &Context) -> Html {
    let receive = &page.state.receive;
    let Some(row) = receive
        .tree
        .lines
        .get(receive.at)
        .and_then(|line| line.row())
    else {
        return html! {};
    };
    let path = receive.tree.path(receive.at);
    let what = if row.is_folder {
        "Folder".to_owned()
    } else {
        words::size(row.bytes)
    };
    let why_not = can_save(receive, row.bytes, &row.why_not).err();
    let onclick = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| {
            let receive = &page.state.receive;
            let chosen = receive.tree.lines.get(receive.at);
            if let Some(row) = chosen.and_then(|line| line.row())
                && can_save(receive, row.bytes, &row.why_not).is_ok()
            {
                page.effects.receiver.save(row.clone());
            }
        })
    };
    html! {
        <div class="spread chosen" id="chosen">
            <span><span class="mono">{ path }</span>{ " " }<span class="quiet">{ what }</span></span>
            if !row.is_folder {
                <button type="button" id="save-file" {onclick}
                    aria-disabled={why_not.as_ref().map(|_| "true")}
                    aria-describedby={why_not.as_ref().map(|_| "save-why-not")}>
                    { "Save this file" }
                </button>
                if let Some(why_not) = why_not {
                    <p class="hint" id="save-why-not">{ why_not }</p>
                }
            }
        </div>
    }
}

fn saving(receive: &Receive, page: &Context) -> Html {
    match &receive.save {
        Save::Nothing => html! {},
        Save::Working { name, bytes, of } => {
            let stop = {
                let receiver = page.effects.receiver.clone();
                Callback::from(move |_: MouseEvent| receiver.stop_saving())
            };
            html! {
                <div class="spread" id="saving">
                    <span>{ format!("Saving {name}: {}", words::part_of(*bytes, *of)) }</span>
                    <button type="button" onclick={stop}>{ "Stop saving" }</button>
                </div>
            }
        }
        Save::Done { name, bytes } => html! {
            <p id="saved">{ format!("{name} is saved, {}.", words::size(*bytes)) }</p>
        },
        Save::Stopped(name) => html! {
            <p class="quiet" id="saved">{ format!("{name} was not saved.") }</p>
        },
        Save::Failed(error) => {
            html! { <super::Trouble error={error.clone()} id="save-failed" /> }
        }
    }
}

/// Brings the chosen line into sight when another one is chosen.
#[hook]
fn use_in_sight(node: &NodeRef, at: usize, count: usize) {
    let node = node.clone();
    use_effect_with((at, count), move |(at, count)| {
        let Some(element) = node.cast::<Element>() else {
            return;
        };
        let (first, sight) = (first_in_sight(&element, *count), in_sight(&element, *count));
        let height = line_height(&element, *count);
        let row = i32::try_from(*at).unwrap_or(i32::MAX);
        if *at < first || first_is_cut(&element, *count) && *at == first {
            element.set_scroll_top(row.saturating_mul(height));
        } else if *at >= first.saturating_add(sight) {
            let below = row.saturating_add(1).saturating_mul(height);
            element.set_scroll_top(below.saturating_sub(element.client_height()));
        }
    });
}

/// Returns the height of a line in pixels: all of them have the same.
fn line_height(element: &Element, count: usize) -> i32 {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    let all = element.scroll_height().max(1);
    let drawn = element
        .query_selector(".line")
        .ok()
        .flatten()
        .map_or(0, |line| line.client_height());
    if drawn > 0 {
        drawn
    } else {
        all.checked_div(count).unwrap_or(1).max(1)
    }
}

fn first_in_sight(element: &Element, count: usize) -> usize {
    let above = element
        .scroll_top()
        .checked_div(line_height(element, count));
    usize::try_from(above.unwrap_or(0)).unwrap_or(0)
}

fn first_is_cut(element: &Element, count: usize) -> bool {
    element
        .scroll_top()
        .checked_rem(line_height(element, count))
        != Some(0)
}

/// Returns how many whole lines are in sight.
fn in_sight(element: &Element, count: usize) -> usize {
    let lines = element
        .client_height()
        .checked_div(line_height(element, count));
    usize::try_from(lines.unwrap_or(1)).unwrap_or(1).max(1)
}
