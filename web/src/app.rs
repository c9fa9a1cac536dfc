//! Joins everything: one store, one set of effects, the page that the address names.

use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::effects::Effects;
use crate::pages::{CheckPage, DrivesPage, LedgerPage, PlanPage, ReceivePage, RunPage};
use crate::parts::{Foot, Head, Milestones, Trouble};
use crate::route::Route;
use crate::state::{Action, Source, State, reduce};

/// What every page holds: the state as it is, and what can be done.
#[derive(Clone, PartialEq)]
pub struct Context {
    /// Everything the page knows.
    pub state: Rc<State>,
    /// What takes time.
    pub effects: Effects,
}

impl Context {
    /// Dispatches an action.
    pub fn act(&self, action: Action) {
        self.effects.act(action);
    }
}

/// Returns the context of the page.
///
/// # Panics
/// Outside of [`App`], which provides it to everything.
#[hook]
pub fn use_page() -> Context {
    // OK to expect: every page and part is drawn inside `App`.
    use_context::<Context>().expect("App provides the context")
}

#[derive(PartialEq, Default)]
struct Store(Rc<State>);

impl Reducible for Store {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        Rc::new(Self(Rc::new(reduce((*self.0).clone(), action))))
    }
}

/// The whole page.
#[component]
pub fn App() -> Html {
    let store = use_reducer(Store::default);
    let effects = {
        let dispatcher = store.dispatcher();
        use_memo((), move |()| {
            Effects::new(Rc::new(move |action| dispatcher.dispatch(action)))
        })
    };
    let context = Context {
        state: Rc::clone(&store.0),
        effects: (*effects).clone(),
    };
    use_beginning(&context);
    use_plan(&context);
    use_unsaved(context.state.ledger.unsaved);
    let route = context.state.route;
    use_page_turn(route);
    let page = match route {
        Route::Plan => html! { <PlanPage /> },
        Route::Drives => html! { <DrivesPage /> },
        Route::Run => html! { <RunPage /> },
        Route::Check => html! { <CheckPage /> },
        Route::Receive => html! { <ReceivePage /> },
        Route::Ledger => html! { <LedgerPage /> },
    };
    html! {
        <ContextProvider<Context> context={context.clone()}>
            <Head />
            <main id="main" class="page" tabindex="-1">
                { trouble(&context) }
                { page }
            </main>
            <Foot />
            <Milestones />
        </ContextProvider<Context>>
    }
}

/// What failed and belongs to no place on the page.
fn trouble(context: &Context) -> Html {
    let close = {
        let context = context.clone();
        Callback::from(move |()| context.act(Action::Trouble(None)))
    };
    html! {
        if let Some(error) = &context.state.trouble {
            <div class="trouble">
                <Trouble error={error.clone()} on_close={close} id="trouble" />
            </div>
        }
    }
}

/// Looks for an agent once, and follows the address.
#[hook]
fn use_beginning(context: &Context) {
    let effects = context.effects.clone();
    use_effect_with((), move |()| {
        // The address may still hold the launch token; it is taken before the address is read as a page.
        effects.connect();
        let follow = move || effects.act(Action::Go(Route::from_fragment(&fragment())));
        follow();
        let listener = EventListener::new(&gloo::utils::window(), "hashchange", move |_| follow());
        move || drop(listener)
    });
}

/// What is in the page alone is not closed without a question, which the browser asks.
#[hook]
fn use_unsaved(unsaved: bool) {
    use_effect_with(unsaved, |unsaved| {
        let options = EventListenerOptions::enable_prevent_default();
        let listener = unsaved.then(|| {
            let window = gloo::utils::window();
            EventListener::new_with_options(&window, "beforeunload", options, |event| {
                event.prevent_default();
            })
        });
        move || drop(listener)
    });
}

/// Plans whenever something that the plan depends on has changed.
#[hook]
fn use_plan(context: &Context) {
    let state = &context.state;
    let wish = match &state.source {
        Source::Ready {
            listed, version, ..
        } if listed.can_plan => state
            .draft
            .plan_request(state.drive_list(), state.creator.as_ref())
            .map(|request| (*version, request)),
        _ => None,
    };
    let effects = context.effects.clone();
    use_effect_with(wish, move |wish| match wish {
        Some((_, request)) => effects.plan(request.clone()),
        None => effects.clear_plan(),
    });
}

/// A new page is announced by its title and begins at its heading, as a page load would.
#[hook]
fn use_page_turn(route: Route) {
    let turned = use_mut_ref(|| false);
    use_effect_with(route, move |route| {
        let document = gloo::utils::document();
        document.set_title(&format!("{} - Argosy", route.name()));
        if turned.replace(true) {
            gloo::utils::window().scroll_to_with_x_and_y(0.0, 0.0);
            if let Some(heading) = document.get_element_by_id("page-title") {
                // A heading that cannot be focused is only not announced.
                let _ = heading.unchecked_into::<HtmlElement>().focus();
            }
        }
    });
}

fn fragment() -> String {
    gloo::utils::window().location().hash().unwrap_or_default()
}

/// Shows another page.
pub fn go(route: Route) {
    // Without an address to change there is no page to turn.
    let _ = gloo::utils::window().location().set_hash(route.fragment());
}

/// Draws the page into its place in the document; a document without one (that of a test) stays as it is.
pub fn draw() {
    if let Some(place) = gloo::utils::document().get_element_by_id("app") {
        place.set_inner_html("");
        yew::Renderer::<App>::with_root(place).render();
    }
}
