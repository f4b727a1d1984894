//! How to cite the paper, and this lab with what it shows. Pure.

use crate::ui::state::State;
use crate::ui::state::run_name;
use crate::ui::state::run_view::Origin;

/// The paper that the lab reproduces.
const PAPER: &str = "@inproceedings{nanda2023progress,
  title = {Progress measures for grokking via mechanistic interpretability},
  author = {Nanda, Neel and Chan, Lawrence and Lieberum, Tom and Smith, Jess and Steinhardt, Jacob},
  booktitle = {International Conference on Learning Representations},
  year = {2023},
  url = {https://arxiv.org/abs/2301.05217}
}";

/// The paper, and the lab with its build, the run on show and the page's address, as BibTeX.
pub fn bibtex(state: &State, address: &str) -> String {
    let build = state.host.build.as_deref().unwrap_or("unpublished");
    let run = state.run_view.as_ref().map_or_else(
        || "no run".to_owned(),
        |run_view| match run_view.origin {
            Origin::Recorded => format!("the recorded run ({})", run_name::name(&run_view.config)),
            _ => run_name::name(&run_view.config),
        },
    );
    format!(
        "{PAPER}\n\n@software{{grokkinglab,\n  title = {{Grokking Lab}},\n  version = {{{} (build {build})}},\n  \
         note = {{Run: {run}}},\n  url = {{{address}}}\n}}\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::bibtex;
    use crate::config::Preset;
    use crate::ui::state::State;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run_view_sample::run_view;

    #[test]
    fn a_citation_names_paper_build_run_and_address() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        state.host.build = Some("0123abcd".into());
        state.run_view = Some(run_view(2));
        let text = bibtex(&state, "https://example.org/lab/?v=1&step=6400");
        for part in ["Nanda, Neel", "build 0123abcd", "Run: tiny", "https://example.org/lab/?v=1&step=6400"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "braces match");
    }
}
