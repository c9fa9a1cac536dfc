//! The stowage picture and what it is zoomed to.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::app::use_page;
use crate::parts::{Inside, Stowage, look_id};
use crate::planning::PlanView;
use crate::stowed::FolderView;

/// Properties of [`Picture`].
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// The plan.
    pub(super) plan: Rc<PlanView>,
}

/// The bars; under them the folder of the drive that the person looks into.
#[component]
pub(super) fn Picture(props: &Props) -> Html {
    let page = use_page();
    let inside = use_state_eq(|| None::<Rc<FolderView>>);
    {
        // Another plan: what was looked into is not there any more.
        let inside = inside.clone();
        use_effect_with(props.plan.clone(), move |_| inside.set(None));
    }
    {
        use_effect_with((*inside).clone(), |view| {
            if view.is_some() {
                focus("inside-title");
            }
        });
    }
    let on_look = {
        let (page, inside) = (page.clone(), inside.clone());
        Callback::from(move |(drive, folder): (u32, String)| {
            let inside = inside.clone();
            page.effects.look(drive, folder, move |view| {
                inside.set(Some(Rc::new(view)));
            });
        })
    };
    let open = inside.as_ref().map(|view| view.drive);
    let on_close = {
        let inside = inside.clone();
        Callback::from(move |()| {
            if let Some(view) = inside.as_ref() {
                focus(&look_id(view.drive));
            }
            inside.set(None);
        })
    };
    let within = inside.as_ref().and_then(|view| {
        let place = usize::try_from(view.drive).ok()?;
        let drive = props.plan.drives.get(place)?;
        let (number, on_look, on_close) = (view.drive, on_look.clone(), on_close.clone());
        Some(html! {
            <Inside view={view.clone()} plan={props.plan.clone()} serial={drive.serial.clone()} {on_close}
                on_look={move |folder| on_look.emit((number, folder))} />
        })
    });
    html! {
        <>
            <Stowage plan={props.plan.clone()} rate={page.state.draft.shipping.drive_rate()}
                {open} {on_look} {on_close} />
            // Always there: a list that grows or shrinks would draw the bars anew, and the focus on one would be lost.
            <div>{ within }</div>
        </>
    }
}

/// Gives an element the focus; one that is not there is left alone.
pub(super) fn focus(id: &str) {
    if let Some(element) = gloo::utils::document().get_element_by_id(id) {
        let _ = element.unchecked_into::<HtmlElement>().focus();
    }
}
