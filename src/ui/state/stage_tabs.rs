//! The tabs of the first screen on a phone, where one figure at a time stands below the curves. Pure.

/// A figure that has a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StageTab {
    /// The grid of all pairs.
    #[default]
    Pairs,
    /// A circle of the embedding.
    Circle,
    /// The spectra of W_E and W_L.
    Spectrum,
    /// The attention of the heads.
    Heads,
}

impl StageTab {
    /// All of them, from left to right.
    pub const ALL: [Self; 4] = [Self::Pairs, Self::Circle, Self::Spectrum, Self::Heads];

    /// The word on it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pairs => "Pairs",
            Self::Circle => "Circle",
            Self::Spectrum => "Spectrum",
            Self::Heads => "Heads",
        }
    }

    /// Its hook for tests.
    pub fn hook(self) -> &'static str {
        match self {
            Self::Pairs => "tab-pairs",
            Self::Circle => "tab-circle",
            Self::Spectrum => "tab-spectrum",
            Self::Heads => "tab-heads",
        }
    }

    /// The id of its panel.
    pub fn panel(self) -> &'static str {
        match self {
            Self::Pairs => "field",
            Self::Circle => "circle",
            Self::Spectrum => "spectrum",
            Self::Heads => "stage-heads",
        }
    }

    /// The tab that a key leads to from this one: the arrows go round, Home and End to the ends.
    pub fn after_key(self, key: &str) -> Option<Self> {
        let (at, n) = (self as usize, Self::ALL.len());
        let to = match key {
            "ArrowRight" => (at + 1) % n,
            "ArrowLeft" => (at + n - 1) % n,
            "Home" => 0,
            "End" => n - 1,
            _ => return None,
        };
        Some(Self::ALL[to])
    }
}

#[cfg(test)]
mod tests {
    use super::StageTab;
    use crate::plot::figures::checkpoint::CheckpointFigure;

    #[test]
    fn arrows_go_round_the_tabs() {
        let mut tab = StageTab::default();
        for expected in [StageTab::Circle, StageTab::Spectrum, StageTab::Heads, StageTab::Pairs] {
            tab = tab.after_key("ArrowRight").expect("there is a next one");
            assert_eq!(tab, expected);
        }
        assert_eq!(tab.after_key("ArrowLeft"), Some(StageTab::Heads));
        assert_eq!(
            (tab.after_key("End"), tab.after_key("Home")),
            (Some(StageTab::Heads), Some(StageTab::Pairs))
        );
        assert_eq!(tab.after_key("Enter"), None);
    }

    #[test]
    fn the_figures_beside_the_curves_have_the_first_tabs() {
        let panels = StageTab::ALL.map(StageTab::panel);
        assert!(CheckpointFigure::STAGE.iter().map(|view| view.id).eq(panels[..3].iter().copied()));
    }
}
