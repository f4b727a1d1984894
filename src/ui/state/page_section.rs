//! The sections of the page: each has an address, and one is open at a time below the curves.

/// A section of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PageSection {
    /// The model at the cursor.
    #[default]
    Explore,
    /// A run of one's own.
    Train,
    /// Ablations, and sums to ask.
    Ablate,
    /// The verdict on the paper's claims.
    Verdict,
    /// The runs at hand, and files.
    Runs,
    /// The paper's figures.
    Figures,
    /// The guided text.
    Reading,
    /// The story in large letters, for a room.
    Present,
}

impl PageSection {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 8] = [
        Self::Explore,
        Self::Train,
        Self::Ablate,
        Self::Verdict,
        Self::Runs,
        Self::Figures,
        Self::Reading,
        Self::Present,
    ];

    /// Its address: the fragment of a link, without `#`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Explore => "explore",
            Self::Train => "train",
            Self::Ablate => "ablate",
            Self::Verdict => "verdict",
            Self::Runs => "runs",
            Self::Figures => "figures",
            Self::Reading => "reading",
            Self::Present => "present",
        }
    }

    /// What stands in the page's address while it is open: nothing for the one that a page opens on.
    pub fn fragment(self) -> &'static str {
        if self == Self::default() { "" } else { self.id() }
    }

    /// Its name in the menu.
    pub fn title(self) -> &'static str {
        match self {
            Self::Explore => "Explore",
            Self::Train => "Train",
            Self::Ablate => "Ablate",
            Self::Verdict => "Verdict",
            Self::Runs => "Runs",
            Self::Figures => "Figures",
            Self::Reading => "Reading",
            Self::Present => "Present",
        }
    }

    /// The section of a fragment. Those of earlier links lead to the section that holds what they named.
    pub fn of_fragment(fragment: &str) -> Option<Self> {
        match fragment {
            "run" | "inside" => Some(Self::Explore),
            "kept" | "files" => Some(Self::Runs),
            id => Self::ALL.into_iter().find(|section| section.id() == id),
        }
    }

    /// Whether the panels of the checkpoint at the cursor stand above it, and not the curves alone.
    pub fn shows_checkpoint(self) -> bool {
        matches!(self, Self::Explore | Self::Ablate | Self::Reading | Self::Present)
    }
}

#[cfg(test)]
mod tests {
    use super::PageSection;

    #[test]
    fn every_section_has_an_address_and_old_ones_lead_somewhere() {
        for section in PageSection::ALL {
            assert_eq!(PageSection::of_fragment(section.id()), Some(section));
        }
        assert_eq!(PageSection::of_fragment("present"), Some(PageSection::Present));
        assert_eq!(PageSection::of_fragment("kept"), Some(PageSection::Runs));
        assert_eq!(PageSection::of_fragment("inside"), Some(PageSection::Explore));
        assert_eq!(PageSection::of_fragment(""), None);
        assert_eq!(PageSection::of_fragment("claim-3"), None, "a part of a section, not one");
    }
}
