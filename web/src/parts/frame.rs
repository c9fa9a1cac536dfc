//! What stands around every page: head with navigation and the state of the agent, foot, and the voice.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::Icon;
use crate::app::use_page;
use crate::route::Route;
use crate::state::Link;

/// Name, navigation, and whether there is an agent.
#[component]
pub fn Head() -> Html {
    let page = use_page();
    let skip = Callback::from(|event: MouseEvent| {
        // The address names pages, so the jump is made here.
        event.prevent_default();
        if let Some(main) = gloo::utils::document().get_element_by_id("main") {
            // Where it cannot be focused the next key press goes on from the link.
            let _ = main.unchecked_into::<HtmlElement>().focus();
        }
    });
    html! {
        <>
            <a class="skip button primary" href="#main" onclick={skip}>{ "Skip to the content" }</a>
            <header class="head">
                <div class="head-row">
                    <a class="brand" href={Route::Plan.fragment()}>
                        <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
                            <path d="M2 10h12l-2 4H4z M7.4 1v8H3z M8.6 3v6H13z" />
                        </svg>
                        { "Argosy" }
                    </a>
                    <nav class="nav" aria-label="Pages">
                        <ul>
                            { for Route::ALL.into_iter().map(|route| entry(route, page.state.route)) }
                        </ul>
                    </nav>
                    { pill(&page.state.link) }
                </div>
            </header>
        </>
    }
}

fn entry(route: Route, current: Route) -> Html {
    let is_current = (route == current).then_some("page");
    html! {
        <li>
            <a href={route.fragment()} aria-current={is_current}
                data-test={format!("nav-{}", route.name().to_lowercase())}>
                <Icon {route} />
                { route.name() }
            </a>
        </li>
    }
}

fn pill(link: &Link) -> Html {
    let (state, text, more) = match link {
        Link::Connecting => ("connecting", "Looking for the agent", ""),
        Link::Connected => ("connected", "Agent connected", ""),
        Link::Lost => ("lost", "Agent lost, trying again", ""),
        Link::Locked => (
            "locked",
            "Agent locked",
            ": open the address that it printed",
        ),
        Link::Absent => ("absent", "No agent", ": planning and checking still work"),
    };
    html! {
        <p class="pill" id="agent-state" data-link={state}>
            <span class="dot" aria-hidden="true"></span>
            <span>{ text }<span class="pill-more">{ more }</span></span>
        </p>
    }
}

/// Where what is done here is done, and who hears of it.
const ALONE: &str =
    "Everything on this page is computed on this machine. Nothing is sent anywhere.";
const WITH_AGENT: &str = "This page speaks to its agent alone, and the agent to nobody but a storage account that you name.";

/// Version, and the page as one file to keep.
#[component]
pub fn Foot() -> Html {
    let page = use_page();
    let served = page.state.link != Link::Absent && page.state.link != Link::Connecting;
    html! {
        <footer class="foot">
            <p>
                <span>{ concat!("Argosy ", env!("CARGO_PKG_VERSION")) }</span>
                <span>{ if served { WITH_AGENT } else { ALONE } }</span>
                if served && !page.state.code.is_empty() {
                    <span id="agent-code">
                        { "Code of this agent: " }<span class="mono">{ &page.state.code }</span>
                        { ", as it printed it where it runs" }
                    </span>
                }
                if served {
                    <a href="/argosy.html" download="argosy.html" data-test="single-file">
                        { "This page as one file, to check journals anywhere" }
                    </a>
                }
            </p>
        </footer>
    }
}

/// Tells milestones to those who do not see the page.
#[component]
pub fn Milestones() -> Html {
    let page = use_page();
    html! {
        <div id="milestones" class="visually-hidden" role="status" aria-live="polite">
            { &page.state.milestone }
        </div>
    }
}
