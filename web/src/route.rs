//! Which page is shown: the fragment of the address, so that it works from a server and from a file alike.

/// A page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// What travels, where to, on which drives.
    #[default]
    Plan,
    /// The drives that the agent sees.
    Drives,
    /// Jobs at work and ended.
    Run,
    /// Journals and manifests, checked here.
    Check,
    /// Drives that came back, opened here.
    Receive,
    /// Shipments, from the day they are opened to the day their drives are back.
    Ledger,
}

impl Route {
    /// Every page, in the order of the navigation.
    pub const ALL: [Self; 6] = [
        Self::Plan,
        Self::Drives,
        Self::Run,
        Self::Check,
        Self::Receive,
        Self::Ledger,
    ];

    /// Returns the page of a fragment (`#/run`); the first page for any other.
    #[must_use]
    pub fn from_fragment(fragment: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|route| route.fragment() == fragment)
            .unwrap_or_default()
    }

    /// Returns the fragment, with `#`.
    #[must_use]
    pub const fn fragment(self) -> &'static str {
        match self {
            Self::Plan => "#/plan",
            Self::Drives => "#/drives",
            Self::Run => "#/run",
            Self::Check => "#/check",
            Self::Receive => "#/receive",
            Self::Ledger => "#/ledger",
        }
    }

    /// Returns the page's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "Plan",
            Self::Drives => "Drives",
            Self::Run => "Run",
            Self::Check => "Check",
            Self::Receive => "Receive",
            Self::Ledger => "Ledger",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_by_its_own_fragment() {
        for route in Route::ALL {
            assert_eq!(Route::from_fragment(route.fragment()), route);
        }
    }

    #[test]
    fn any_other_fragment_shows_the_first_page() {
        for fragment in ["", "#", "#/", "#token=abc", "#/runs", "/run"] {
            assert_eq!(Route::from_fragment(fragment), Route::Plan, "{fragment}");
        }
    }
}
