//! A part of a bar, and the small square that goes with it in a legend or table.

use yew::prelude::*;

use crate::groups::Group;
use crate::stowed::join;

/// Colours that stay apart for colour-blind eyes; the ninth group has the first colour with a pattern.
const HUES: u32 = 8;
/// Tints of one colour, dark to light.
const TINTS: u32 = 4;

/// What a part looks like: everywhere on the page a top folder has the same colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The place of its top folder among the groups; none for what is in none of them.
    group: Option<u32>,
    /// Which tint of that colour.
    tint: u32,
}

impl Look {
    /// Returns how a top folder looks, by its place among the groups.
    #[must_use]
    pub(super) const fn of_group(place: u32) -> Self {
        Self {
            group: Some(place),
            tint: 0,
        }
    }

    /// Returns how a child of a folder looks: as its top folder where it is one, as a tint of its top folder below one,
    /// and else as a tint of no colour. `place` is its place among the folder's children.
    #[must_use]
    pub(super) fn of_child(groups: &[Group], folder: &str, name: &str, place: u32) -> Self {
        let path = join(folder, name);
        let at = |found: &dyn Fn(&Group) -> bool| {
            let place = groups
                .iter()
                .position(|group| !group.path.is_empty() && found(group));
            place.and_then(|place| u32::try_from(place).ok())
        };
        if let Some(place) = at(&|group| group.path == path) {
            return Self::of_group(place);
        }
        let is_within = |group: &Group| {
            let rest = folder.strip_prefix(group.path.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        Self {
            group: at(&is_within),
            tint: place % TINTS,
        }
    }

    fn classes(self) -> Classes {
        let hue = self.group.map_or_else(
            || "hue-none".to_owned(),
            |group| format!("hue-{}", group % HUES),
        );
        classes!(hue, (self.tint > 0).then(|| format!("tint-{}", self.tint)))
    }

    fn pattern(self) -> Option<&'static str> {
        (self.group >= Some(HUES)).then_some("url(#hatch)")
    }
}

/// Draws a part of a bar, in ten-thousandths of its width. Where it leads somewhere, a click goes there, as the buttons
/// beside do for a keyboard.
pub(super) fn part(
    look: Look,
    from: u64,
    width: u64,
    text: &str,
    leads: Option<Callback<MouseEvent>>,
) -> Html {
    let (x, width) = (percent(from), percent(width));
    html! {
        <g class={leads.is_some().then_some("leads")} onclick={leads}>
            <rect class={classes!("part", look.classes())} x={x.clone()} y="0"
                width={width.clone()} height="100%">
                <title>{ text }</title>
            </rect>
            if let Some(pattern) = look.pattern() {
                <rect class="hatching" x={x} y="0" width={width} height="100%" fill={pattern} />
            }
        </g>
    }
}

/// Draws the small square that goes with a part.
pub(super) fn swatch(look: Look) -> Html {
    html! {
        <svg class="swatch" aria-hidden="true" focusable="false">
            <rect class={look.classes()} width="100%" height="100%" />
            if let Some(pattern) = look.pattern() {
                <rect width="100%" height="100%" fill={pattern} />
            }
        </svg>
    }
}

/// The pattern of the second eight, drawn once.
pub(super) fn patterns() -> Html {
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

/// Returns ten-thousandths as an SVG length.
pub(super) fn percent(permyriad: u64) -> String {
    format!("{}.{:02}%", permyriad / 100, permyriad % 100)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn group(path: &str) -> Group {
        Group {
            path: path.to_owned(),
            ..Group::default()
        }
    }

    #[test]
    fn a_top_folder_keeps_its_colour_and_what_is_below_it_has_tints_of_that() {
        let groups = [group("film/b"), group("film/a"), group("")];
        let look = |folder: &str, place| Look::of_child(&groups, folder, "a", place);
        assert_eq!(look("film", 5), Look::of_group(1));
        let below = look("film/a/x", 5);
        assert_eq!((below.group, below.tint), (Some(1), 1));
        assert_eq!(look("film/ab", 2).group, None, "only begins like it");
        assert_eq!(look("", 2).group, None, "no group stands for all");
    }
}
