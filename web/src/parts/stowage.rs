//! The stowage bars: each drive a bar, coloured by top folder. The table beside it says the same in numbers.

use yew::prelude::*;

use crate::groups::Group;
use crate::planning::{DriveView, PlanView};
use crate::words;

/// Colours that stay apart for colour-blind eyes; the ninth group has the first colour with a pattern.
const HUES: u32 = 8;

/// Properties of [`Stowage`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The plan.
    pub plan: std::rc::Rc<PlanView>,
}

/// The bars and their legend.
#[component]
pub fn Stowage(props: &Props) -> Html {
    let groups = &props.plan.groups;
    html! {
        <figure aria-label="Drives of the plan">
            { patterns() }
            <ol class="stowage" id="stowage">
                { for props.plan.drives.iter().map(|drive| bar(drive, groups)) }
            </ol>
            <figcaption>
                <ul class="legend" aria-label="Folders">
                    { for (0..).zip(groups).map(|(place, group)| legend(place, group)) }
                </ul>
            </figcaption>
        </figure>
    }
}

fn bar(drive: &DriveView, groups: &[Group]) -> Html {
    let share = words::share(drive.used_bytes, drive.capacity_bytes);
    let mut from = 0;
    let mut parts = Vec::new();
    let mut described = Vec::new();
    for &(group, bytes) in &drive.parts {
        // What files take beyond their bytes (clusters, records) is spread over the parts of the bar.
        let used = scaled(bytes, drive);
        let width = words::permyriad(used, drive.capacity_bytes);
        let place = usize::try_from(group).unwrap_or(usize::MAX);
        let name = groups.get(place).map_or("", |group| group.name.as_str());
        let text = format!("{name}: {}", words::size(bytes));
        parts.push(part(group, from, width, &text));
        described.push(text);
        from = from.saturating_add(width);
    }
    let label = format!("{}: {share} full. {}", drive.serial, described.join(", "));
    html! {
        <li data-test="stowage-drive">
            <span class="name">{ &drive.serial }</span>
            <svg class="bar" role="img" aria-label={label}>{ for parts }</svg>
            <span class="share nowrap">{ share }</span>
            <span class="time nowrap">{ words::counted(drive.files, "file", "files") }</span>
        </li>
    }
}

fn scaled(bytes: u64, drive: &DriveView) -> u64 {
    let scaled = u128::from(bytes).saturating_mul(u128::from(drive.used_bytes));
    let scaled = scaled.checked_div(u128::from(drive.bytes)).unwrap_or(0);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

fn part(group: u32, from: u64, width: u64, text: &str) -> Html {
    let (x, width) = (percent(from), percent(width));
    html! {
        <g>
            <rect class={classes!("part", format!("hue-{}", group % HUES))} x={x.clone()} y="0"
                width={width.clone()} height="100%">
                <title>{ text }</title>
            </rect>
            if let Some(pattern) = pattern(group) {
                <rect class="hatching" x={x} y="0" width={width} height="100%" fill={pattern} />
            }
        </g>
    }
}

fn legend(place: u32, group: &Group) -> Html {
    html! {
        <li>
            <svg class="swatch" aria-hidden="true" focusable="false">
                <rect class={format!("hue-{}", place % HUES)} width="100%" height="100%" />
                if let Some(pattern) = pattern(place) {
                    <rect width="100%" height="100%" fill={pattern} />
                }
            </svg>
            <span>{ &group.name }</span>
            <span class="quiet nowrap">{ words::size(group.bytes) }</span>
        </li>
    }
}

fn pattern(group: u32) -> Option<&'static str> {
    (group >= HUES).then_some("url(#hatch)")
}

/// The pattern of the second eight, drawn once.
fn patterns() -> Html {
    html! {
        <svg width="0" height="0" class="visually-hidden" aria-hidden="true" focusable="false">
            <defs>
                <pattern id="hatch" patternUnits="userSpaceOnUse" width="7" height="7"
                    patternTransform="rotate(45)">
                    <path class="hatch" d="M0 0v7" />
                </pattern>
            </defs>
        </svg>
    }
}

fn percent(permyriad: u64) -> String {
    format!("{}.{:02}%", permyriad / 100, permyriad % 100)
}
