//! Bars and lines that show how far and how fast. Each has its numbers beside it.

use yew::prelude::*;

use crate::words;

/// Properties of [`Gauge`].
#[derive(Properties, PartialEq)]
pub struct GaugeProps {
    /// What it measures.
    pub name: AttrValue,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// Whether it shows what was proven.
    #[prop_or_default]
    pub verified: bool,
    /// A word instead of the amount, while it has not begun.
    #[prop_or_default]
    pub waiting: Option<AttrValue>,
}

/// One bar with its name and amount: three cells of a grid.
#[component]
pub fn Gauge(props: &GaugeProps) -> Html {
    let share = words::permyriad(props.done, props.total);
    let class = classes!("gauge", props.verified.then_some("verified"));
    let amount = match &props.waiting {
        Some(word) => word.to_string(),
        None => words::part_of(props.done, props.total),
    };
    let label = format!("{}: {amount}", props.name);
    html! {
        <div class="gauge-row">
            <span>{ &props.name }</span>
            <svg {class} viewBox="0 0 10000 100" preserveAspectRatio="none" role="img"
                aria-label={label}
                data-permyriad={share.to_string()}>
                <rect x="0" y="0" width={share.to_string()} height="100" />
            </svg>
            <span class="amount nowrap">{ amount }</span>
        </div>
    }
}

/// Properties of [`Trace`].
#[derive(Properties, PartialEq)]
pub struct TraceProps {
    /// The last speeds, in bytes a second.
    pub speeds: Vec<u64>,
}

/// A thin line of the last speeds.
#[component]
pub fn Trace(props: &TraceProps) -> Html {
    let highest = props.speeds.iter().copied().max().unwrap_or(0);
    if props.speeds.len() < 3 || highest == 0 {
        return html! {};
    }
    let last = u64::try_from(props.speeds.len().saturating_sub(1)).unwrap_or(1);
    let points: Vec<String> = (0..)
        .zip(&props.speeds)
        .map(|(place, speed)| {
            let x = words::permyriad(place, last);
            let y = 100_u64.saturating_sub(words::permyriad(*speed, highest) / 108);
            format!("{x},{y}")
        })
        .collect();
    let label = format!(
        "Speed over the last minute, at most {}",
        words::rate(highest)
    );
    html! {
        <svg class="trace" viewBox="0 0 10000 100" preserveAspectRatio="none" role="img"
            aria-label={label}>
            <line x1="0" y1="99" x2="10000" y2="99" />
            <polyline points={points.join(" ")} />
        </svg>
    }
}
