//! A folder of one drive, as a bar and as the table of the same: what the stowage picture zooms to.

use std::rc::Rc;

use yew::prelude::*;

use super::segment::{Look, part, swatch};
use super::table::{Column, Table};
use crate::planning::PlanView;
use crate::stowed::{Child, FolderView, join};
use crate::words;

/// Properties of [`Inside`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The folder.
    pub view: Rc<FolderView>,
    /// The plan, whose top folders have their colours.
    pub plan: Rc<PlanView>,
    /// What the drive is called.
    pub serial: AttrValue,
    /// The person wants another folder of the drive.
    pub on_look: Callback<String>,
    /// The person has seen enough.
    pub on_close: Callback<()>,
}

/// The way to the folder, its bar and its table. Escape leads up, and out at the top.
#[component]
pub fn Inside(props: &Props) -> Html {
    let view = &props.view;
    let onkeydown = {
        let (on_look, on_close, folder) = (
            props.on_look.clone(),
            props.on_close.clone(),
            view.folder.clone(),
        );
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.prevent_default();
                match folder.rsplit_once('/') {
                    Some((up, _)) => on_look.emit(up.to_owned()),
                    None => on_close.emit(()),
                }
            }
        })
    };
    let close = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <section class="inside stack" id="inside" aria-labelledby="inside-title" {onkeydown}>
            <div class="spread">
                <h3 id="inside-title" tabindex="-1">
                    { format!("Inside {}", props.serial) }
                    if !view.folder.is_empty() {
                        <span class="visually-hidden">{ format!(", folder {}", view.folder) }</span>
                    }
                </h3>
                <button type="button" class="plain" id="inside-close" onclick={close}>
                    { "Close" }
                </button>
            </div>
            { way(props) }
            { bar(props) }
            { table(props) }
        </section>
    }
}

/// The folders above, each a button, and the folder itself.
fn way(props: &Props) -> Html {
    let mut path = String::new();
    let mut steps = vec![(props.serial.to_string(), String::new())];
    for name in props.view.folder.split('/').filter(|name| !name.is_empty()) {
        path = join(&path, name);
        steps.push((name.to_owned(), path.clone()));
    }
    let last = steps.len().saturating_sub(1);
    html! {
        <nav aria-label="The way to this folder">
            <ol class="way">
                { for steps.into_iter().enumerate().map(|(place, (name, path))| html! {
                    <li>
                        if place == last {
                            <span aria-current="true">{ name }</span>
                        } else {
                            <button type="button" class="plain" onclick={looking(props, path)}>
                                { name }
                            </button>
                        }
                    </li>
                }) }
            </ol>
        </nav>
    }
}

fn bar(props: &Props) -> Html {
    let view = &props.view;
    let mut from = 0;
    let mut parts = Vec::new();
    for (place, child) in (0_u32..).zip(&view.children) {
        let width = words::permyriad(child.bytes, view.bytes);
        let text = format!(
            "{}: {}, {}",
            child.name,
            words::size(child.bytes),
            words::share(child.bytes, view.bytes)
        );
        let leads = child
            .is_folder
            .then(|| looking(props, join(&view.folder, &child.name)));
        parts.push(part(look(props, place, child), from, width, &text, leads));
        from = from.saturating_add(width);
    }
    let label = format!(
        "{}, {}: the table below says the same in numbers",
        words::counted(view.files, "file", "files"),
        words::size(view.bytes)
    );
    html! { <svg class="bar tall" role="img" aria-label={label}>{ for parts }</svg> }
}

fn table(props: &Props) -> Html {
    let view = &props.view;
    let columns = vec![
        Column::words("Name"),
        Column::number("Size"),
        Column::number("Share"),
        Column::number("Files"),
    ];
    let rows = (0_u32..).zip(&view.children).map(|(place, child)| {
        vec![
            name(props, place, child),
            words::size(child.bytes).into(),
            words::share(child.bytes, view.bytes).into(),
            words::count(child.files).into(),
        ]
    });
    html! {
        <Table id="inside-table" caption="What lies in this folder on this drive" {columns}
            rows={rows.collect::<Vec<Vec<Html>>>()} />
    }
}

fn name(props: &Props, place: u32, child: &Child) -> Html {
    html! {
        <span class="named">
            { swatch(look(props, place, child)) }
            if child.is_folder {
                <button type="button" class="plain"
                    onclick={looking(props, join(&props.view.folder, &child.name))}>
                    { &child.name }
                </button>
            } else {
                <span>{ &child.name }</span>
            }
            if child.is_split {
                <span class="quiet small">{ "the rest is on another drive" }</span>
            }
        </span>
    }
}

fn look(props: &Props, place: u32, child: &Child) -> Look {
    Look::of_child(&props.plan.groups, &props.view.folder, &child.name, place)
}

fn looking(props: &Props, path: String) -> Callback<MouseEvent> {
    let on_look = props.on_look.clone();
    Callback::from(move |_| on_look.emit(path.clone()))
}
