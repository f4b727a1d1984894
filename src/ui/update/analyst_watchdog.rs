//! Whether the analyst is still there. It answers one request after the other and nothing in between, so it cannot
//! be asked: one that owes an answer for too long is taken for dead, and another is begun.

use crate::ui::state::State;
use crate::ui::state::analyst::MOST_ENDS;
use crate::ui::state::run_view::RunView;
use crate::ui::update::analyst;

/// All of the paper's weights take it a second, and some on a slow phone beside a run that trains.
const PATIENCE_SECS: f64 = 20.0;
/// What it computes grows with p³: a larger modulus than the paper's gets as much more time,
const PAPER_P: f64 = 113.0;
/// but nobody waits longer than this for a sign of life.
const MAX_PATIENCE_SECS: f64 = 300.0;
/// Its program may have to come over a slow line first.
const PATIENCE_WHILE_LOADING_SECS: f64 = 120.0;

/// Some seconds have passed.
pub(super) fn tick(state: &mut State, secs: f64) {
    let Some(patience_secs) = patience_secs(state) else {
        state.analyst.silent_secs = 0.0;
        return;
    };
    state.analyst.silent_secs += secs;
    // It may only have been slow: the next one gets twice the time.
    if state.analyst.silent_secs < patience_secs * 2_f64.powi(state.analyst.n_ends as i32) {
        return;
    }
    let silent_secs = std::mem::take(&mut state.analyst.silent_secs);
    let reason = format!("the analysis worker has not answered for {silent_secs:.0} s");
    analyst::end(state, &reason);
    if state.analyst.n_ends <= MOST_ENDS {
        let words = format!(
            "The analysis worker has not answered for {silent_secs:.0} s: the browser has ended it, or it hangs. \
             Another one takes its place; what was measured stays."
        );
        // The reader is told once, with the newest number.
        let told_before = std::mem::replace(&mut state.analyst.silence_remark, words.clone());
        state.remarks.retain(|remark| *remark != told_before);
        state.remarks.push(words);
    }
}

/// How long the analyst may be silent now; none while it owes no answer.
fn patience_secs(state: &State) -> Option<f64> {
    if state.analyst.is_down {
        return None;
    }
    if !state.analyst.ready {
        return analyst::is_wanted(state).then_some(PATIENCE_WHILE_LOADING_SECS);
    }
    let owes_answer = state.analyst.job.is_some() || state.ablation_requests.awaits_answer();
    let p = state.run_views().filter_map(RunView::modulus).max().unwrap_or(0);
    let times_paper = (p as f64 / PAPER_P).powi(3).max(1.0);
    owes_answer.then_some((PATIENCE_SECS * times_paper).min(MAX_PATIENCE_SECS))
}

#[cfg(test)]
mod tests {
    use crate::protocol::PROTOCOL_VERSION;
    use crate::protocol::analyst::AnalystReply;
    use crate::ui::state::State;
    use crate::ui::state::ablation_editor::AblationEdit;
    use crate::ui::state::run::Phase;
    use crate::ui::update::analysed_sample::analysed;
    use crate::ui::update::analyst::tests::page;
    use crate::ui::update::analyst_sample::PromptAnalyst;
    use crate::ui::update::{Effect, Message, update};

    /// Lets seconds pass one by one; in which of them another analyst is begun.
    fn wait(state: &mut State, n_secs: usize) -> Vec<usize> {
        let mut begun = Vec::new();
        for second in 1..=n_secs {
            let now_ms = state.now_ms + 1_000.0;
            let effects = update(state, Message::Clock(now_ms));
            if effects.contains(&Effect::BeginAnalyst) {
                begun.push(second);
            }
        }
        begun
    }

    fn ready() -> Message {
        Message::FromAnalyst(AnalystReply::Ready { version: PROTOCOL_VERSION })
    }

    #[test]
    fn an_analyst_that_died_in_silence_is_told_of_and_begun_again() {
        let (mut state, _) = page(Phase::Detached);
        assert!(state.analyst.job.is_some(), "it is asked for the weights on show");
        assert_eq!(wait(&mut state, 30), [20]);
        let [told] = &state.remarks[..] else { panic!("{:?}", state.remarks) };
        assert!(told.contains("not answered for 20 s") && told.contains("Another one"), "{told}");
        let effects = update(&mut state, ready());
        let mut analyst = PromptAnalyst::default();
        analyst.work_off(&mut state, effects);
        assert_eq!(state.analyst.n_ends, 0, "it answered");
        assert!(wait(&mut state, 300).is_empty(), "and has nothing more to do");
    }

    #[test]
    fn one_that_is_only_slow_gets_more_time_the_second_time() {
        let (mut state, _) = page(Phase::Detached);
        assert_eq!(wait(&mut state, 20), [20]);
        update(&mut state, ready());
        assert_eq!(wait(&mut state, 50), [40]);
        assert_eq!(state.remarks.len(), 1, "told once, with the newest number: {:?}", state.remarks);
    }

    #[test]
    fn an_ablation_that_is_never_answered_counts_and_a_large_modulus_takes_longer() {
        let mut state = analysed();
        update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        state
            .run_view
            .as_mut()
            .expect("a run is on show")
            .config
            .data
            .change_modular(|modular| modular.p = 227);
        assert_eq!(wait(&mut state, 200), [163], "eight times as long");
    }

    #[test]
    fn one_that_never_came_is_fetched_again() {
        let (mut state, _) = page(Phase::Detached);
        update(&mut state, Message::AnalystDied("killed".into()));
        assert_eq!(wait(&mut state, 300), [240], "the second one did not get ready");
    }
}
