//! A dialog: focus inside, Escape leaves it, what is behind is out of reach.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// Properties of [`Modal`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// An id; the heading inside has this id with `-title` behind it.
    pub id: AttrValue,
    /// What it asks.
    pub title: AttrValue,
    /// What stands in it.
    pub children: Html,
    /// Its buttons; the one that leaves it has the attribute `autofocus`.
    pub buttons: Html,
    /// The person leaves it.
    pub on_leave: Callback<()>,
}

/// A modal dialog that is open for as long as it is drawn.
#[component]
pub fn Modal(props: &Props) -> Html {
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with((), move |()| {
            let dialog = node.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                // It fails only when it is open already.
                let _ = dialog.show_modal();
            }
            move || {
                if let Some(dialog) = dialog {
                    dialog.close();
                }
            }
        });
    }
    let leave = props.on_leave.clone();
    let oncancel = Callback::from(move |event: Event| {
        // The page closes it, so that page and dialog never disagree.
        event.prevent_default();
        leave.emit(());
    });
    let title_id = format!("{}-title", props.id);
    html! {
        <dialog ref={node} id={props.id.clone()} aria-labelledby={title_id.clone()} {oncancel}>
            <div class="dialog-body">
                <h2 id={title_id}>{ &props.title }</h2>
                { props.children.clone() }
            </div>
            <div class="dialog-foot">{ props.buttons.clone() }</div>
        </dialog>
    }
}
