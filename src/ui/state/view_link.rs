//! How the recorded run is looked at, as a part of the page's link: everybody has that run, so a link can lead to
//! one step of it, with the same parts removed. Pure.

use crate::plot::Scale;
use crate::ui::state::State;
use crate::ui::state::ablation_editor::{AblationEdit, edits_of};
use crate::ui::state::link::{self, ABLATE, CIRCLE, STEP, X};
use crate::ui::state::linked_view::LinkedView;
use crate::ui::state::run_view::Origin;
use crate::ui::state::view_choices::ViewChoices;

/// Between the removed parts.
const SEPARATOR: char = '.';

/// Reads the view's parts of a link, with a sentence for everything that was ignored.
pub fn from_pairs(pairs: &[(String, String)]) -> (Option<LinkedView>, Vec<String>) {
    let (mut view, mut notices) = (LinkedView::default(), Vec::new());
    for (name, value) in pairs {
        let count = || value.parse::<usize>().ok();
        let is_read = match name.as_str() {
            STEP => count().map(|step| view.step = Some(step)).is_some(),
            CIRCLE => count().map(|freq| view.circle = Some(freq)).is_some(),
            X => scale(value).map(|scale| view.x = Some(scale)).is_some(),
            ABLATE => {
                let edits: Option<Vec<_>> = value.split(SEPARATOR).map(AblationEdit::from_id).collect();
                edits.map(|edits| view.edits = edits).is_some()
            }
            _ => continue,
        };
        if !is_read {
            let allowed = match name.as_str() {
                X => "linear and log are allowed",
                ABLATE => "parts such as freq-41 and head-2 are allowed, with a dot between them",
                _ => "a whole number is allowed",
            };
            notices.push(format!("{name} = {value}: {allowed}"));
        }
    }
    ((view != LinkedView::default()).then_some(view), notices)
}

fn scale(text: &str) -> Option<Scale> {
    match text {
        "linear" => Some(Scale::Linear),
        "log" => Some(Scale::Log),
        _ => None,
    }
}

/// The link to the page as it is: its settings, and of the recorded run how it is looked at.
pub fn to_query(state: &State) -> String {
    let settings = link::to_query(&state.draft);
    let mut parts: Vec<String> = Vec::new();
    if state.run_view.as_ref().is_some_and(|run_view| run_view.origin == Origin::Recorded) {
        let (view, default) = (&state.view, ViewChoices::default());
        // While the cursor moves by itself the address stays.
        parts.extend(view.pin.filter(|_| !view.playing).map(|step| format!("{STEP}={step}")));
        parts.extend((view.x != default.x).then(|| format!("{X}=linear")));
        parts.extend(view.circle.map(|freq| format!("{CIRCLE}={freq}")));
        let edits = edits_of(&state.ablation_editor.ablation);
        if !edits.is_empty() {
            let ids: Vec<String> = edits.iter().map(AblationEdit::id).collect();
            parts.push(format!("{ABLATE}={}", ids.join(&SEPARATOR.to_string())));
        }
    }
    match (settings.is_empty(), parts.is_empty()) {
        (_, true) => settings,
        (true, false) => format!("v={}&{}", link::SCHEMA, parts.join("&")),
        (false, false) => format!("{settings}&{}", parts.join("&")),
    }
}

#[cfg(test)]
mod tests {
    use super::{LinkedView, from_pairs, to_query};
    use crate::config::{Preset, settings};
    use crate::plot::Scale;
    use crate::ui::state::ablation_editor::AblationEdit;
    use crate::ui::state::link::VIEW_NAMES;
    use crate::ui::state::run_view::{Origin, RunView};
    use crate::ui::state::run_view_sample::run_view;
    use crate::ui::state::{State, draft::Draft};

    fn pairs(query: &str) -> Vec<(String, String)> {
        let parts = query.split('&').filter_map(|part| part.split_once('='));
        parts.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn state(origin: Origin) -> State {
        let mut state = State::new(Draft::new(Preset::Quick), Vec::new());
        state.run_view = Some(RunView { origin, ..run_view(3) });
        state
    }

    #[test]
    fn a_link_leads_to_a_step_of_the_recorded_run_and_of_no_other() {
        let mut recorded = state(Origin::Recorded);
        assert_eq!(to_query(&recorded), "", "as on a page just opened");
        (recorded.view.pin, recorded.view.x, recorded.view.circle) = (Some(6_400), Scale::Linear, Some(41));
        recorded.ablation_editor.apply(&AblationEdit::Freq(41), &Default::default());
        recorded.ablation_editor.apply(&AblationEdit::Head(2), &Default::default());
        let query = to_query(&recorded);
        assert_eq!(query, "v=2&step=6400&x=linear&circle=41&ablate=freq-41.head-2");
        let (view, notices) = from_pairs(&pairs(&query));
        let expected = LinkedView {
            step: Some(6_400),
            x: Some(Scale::Linear),
            circle: Some(41),
            edits: vec![AblationEdit::Freq(41), AblationEdit::Head(2)],
        };
        assert_eq!((view, notices), (Some(expected), Vec::new()));

        recorded.draft.set(&settings::SEED, "3".into());
        assert!(to_query(&recorded).starts_with("v=2&preset=quick&seed=3&step=6400"), "settings come first");
        recorded.view.playing = true;
        assert!(!to_query(&recorded).contains("step"), "a moving cursor has no address");
        let mut own = state(Origin::Own);
        own.view.pin = Some(20);
        assert_eq!(to_query(&own), "", "nobody else has it");
    }

    #[test]
    fn what_cannot_be_read_is_told_and_left_out() {
        let (view, notices) = from_pairs(&pairs("step=soon&x=cubic&circle=41&ablate=freq-41.tail-1&p=97"));
        assert_eq!(view, Some(LinkedView { circle: Some(41), ..LinkedView::default() }));
        assert_eq!(notices.len(), 3, "{notices:?}");
        assert!(notices.iter().all(|notice| notice.contains("allowed")), "{notices:?}");
        assert_eq!(from_pairs(&pairs("p=97")), (None, Vec::new()));
    }

    #[test]
    fn no_setting_has_a_name_of_the_view() {
        for setting in settings::all() {
            assert!(!setting.names().any(|name| VIEW_NAMES.contains(&name)), "{}", setting.name);
        }
    }
}
