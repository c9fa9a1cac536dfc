//! Choosing a source folder, step by step.

use shared::api::{ApiError, FoldersReply};
use yew::prelude::*;

use crate::app::use_page;
use crate::draft::Draft;
use crate::parts::FolderDialog;
use crate::state::Action;

#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// The person is done with it.
    pub(super) on_done: Callback<()>,
}

/// Steps through folders until one is taken, which is then scanned.
#[component]
pub(super) fn Chooser(props: &Props) -> Html {
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
        let (page, done) = (page.clone(), props.on_done.clone());
        Callback::from(move |folder: String| {
            page.act(Action::Draft(Draft {
                folder: folder.clone(),
                ..page.state.draft.clone()
            }));
            page.effects
                .scan(folder, page.state.draft.other_file_systems);
            done.emit(());
        })
    };
    html! {
        <FolderDialog start={page.state.draft.folder.clone()} found={(*found).clone()} {on_step}
            {on_take} on_leave={props.on_done.clone()} />
    }
}
