//! Choosing a folder of the agent's machine, step by step.

use shared::api::{ApiError, FoldersReply};
use yew::prelude::*;

use super::FolderDialog;
use crate::app::use_page;

/// Properties of [`FolderChooser`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// What it asks for.
    pub title: AttrValue,
    /// Where it begins; empty for home.
    pub start: AttrValue,
    /// The person takes a folder.
    pub on_take: Callback<String>,
    /// The person is done with it, whether a folder was taken or not.
    pub on_done: Callback<()>,
}

/// Steps through folders until one is taken.
#[component]
pub fn FolderChooser(props: &Props) -> Html {
    let page = use_page();
    let found = use_state(|| Option::<Result<FoldersReply, ApiError>>::None);
    let on_step = {
        let (effects, found) = (page.effects.clone(), found.clone());
        Callback::from(move |path: Option<String>| {
            let found = found.clone();
            effects.folders(path, move |reply| found.set(Some(reply)));
        })
    };
    let on_take = {
        let (take, done) = (props.on_take.clone(), props.on_done.clone());
        Callback::from(move |folder: String| {
            take.emit(folder);
            done.emit(());
        })
    };
    html! {
        <FolderDialog title={props.title.clone()} start={props.start.clone()} found={(*found).clone()} {on_step}
            {on_take} on_leave={props.on_done.clone()} />
    }
}
