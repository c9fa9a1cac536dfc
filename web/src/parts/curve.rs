//! A line against drives as two curves: time over the amount of data. The table beside it says the same in numbers.

use yew::prelude::*;

use super::segment::percent;
use crate::shipping::{Point, SERVICE_DAYS};
use crate::words;

/// The picture's own units; it is stretched to its place, the strokes are not.
const WIDTH: u64 = 1000;
const HEIGHT: u64 = 400;

/// Properties of [`Curve`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The curves.
    pub points: Vec<Point>,
    /// The data of the plan, in bytes.
    pub here: u64,
    /// The size from which on drives are quicker; none where there is none.
    pub even: Option<u64>,
}

/// The curves with their ends in words.
#[component]
pub fn Curve(props: &Props) -> Html {
    let most = props.points.last().map_or(1, |point| point.bytes);
    let times = props
        .points
        .iter()
        .map(|point| point.line.max(point.drives));
    let longest = times.max().unwrap_or(1);
    let path = |seconds: fn(&Point) -> u64| {
        let mut path = String::new();
        for point in &props.points {
            let letter = if path.is_empty() { 'M' } else { 'L' };
            let x = scaled(point.bytes, most, WIDTH);
            let y = HEIGHT.saturating_sub(scaled(seconds(point), longest, HEIGHT));
            path.push_str(&format!("{letter}{x} {y}"));
        }
        path
    };
    let here = scaled(props.here, most, WIDTH).to_string();
    let label = format!(
        "Time over the amount of data, up to {}: over the line, and by drives. The table says the same in numbers.",
        words::size(most)
    );
    html! {
        <figure class="curve">
            <p class="small quiet">{ words::duration(longest) }</p>
            <svg viewBox={format!("0 0 {WIDTH} {HEIGHT}")} preserveAspectRatio="none" role="img"
                aria-label={label}>
                <path class="here" d={format!("M{here} 0V{HEIGHT}")} />
                <path class="by-line" d={path(|point| point.line)} />
                <path class="by-drives" d={path(|point| point.drives)} />
            </svg>
            { tick(props.even.filter(|even| *even < most), most) }
            <p class="spread small quiet"><span>{ "0" }</span><span>{ words::size(most) }</span></p>
            <figcaption>
                <ul class="legend">
                    <li>{ stroke("by-line") }{ "over your line" }</li>
                    <li>{ stroke("by-drives") }{ format!("by drives, with {} days of the service", SERVICE_DAYS.1) }</li>
                    <li>{ stroke("here") }{ "this plan" }</li>
                </ul>
            </figcaption>
        </figure>
    }
}

/// A tick under the curves at the size from which on drives are quicker.
fn tick(even: Option<u64>, most: u64) -> Html {
    let Some(even) = even else {
        return html! {};
    };
    let place = words::permyriad(even, most);
    // At the ends the words would leave the picture.
    let anchor = match place {
        0..2000 => "start",
        8000.. => "end",
        _ => "middle",
    };
    let x = percent(place);
    html! {
        <svg class="tick" aria-hidden="true" focusable="false">
            <line x1={x.clone()} x2={x.clone()} y1="0" y2="25%" />
            <text {x} y="85%" text-anchor={anchor}>
                { format!("even at {}", words::size(even)) }
            </text>
        </svg>
    }
}

fn stroke(class: &'static str) -> Html {
    html! {
        <svg class="stroke" viewBox="0 0 28 8" aria-hidden="true" focusable="false">
            <path {class} d="M0 4H28" />
        </svg>
    }
}

fn scaled(part: u64, whole: u64, to: u64) -> u64 {
    let of = u128::from(words::permyriad(part, whole)).saturating_mul(u128::from(to));
    u64::try_from(of / 10_000).unwrap_or(to)
}
