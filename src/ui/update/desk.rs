//! What is asked of the analyst: what an ablation leaves, and sums.

use std::sync::Arc;

use super::Effect;
use crate::protocol::analyst::{AnalystReply, AnalystRequest, RequestId, WeightsId};
use crate::ui::exhibit::Origin;
use crate::ui::state::State;
use crate::ui::surgery::{Answer, Cut, Left, Surgery};

/// The number the weights under the knife have with the analyst; the page's other requests count upwards.
const WEIGHTS: WeightsId = WeightsId::MAX;

/// Where the page stands with the analyst.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Desk {
    held: Option<(Origin, usize)>,
    ablating: Option<RequestId>,
    asking: Option<RequestId>,
    /// Whether the weights were sent a second time: the analyst holds a few only.
    sent_again: bool,
    /// The sum that is asked for.
    pub pair: Option<(usize, usize)>,
    /// The answer to it.
    pub answer: Option<Answer>,
    /// Why the last request was not answered.
    pub failure: Option<String>,
}

fn next_id(state: &mut State) -> RequestId {
    state.analyst.last_request += 1;
    state.analyst.last_request
}

/// The step of the weights that are cut, and the file.
pub(super) fn weights(state: &State) -> Option<(usize, &Arc<Vec<u8>>)> {
    let exhibit = state.exhibit.as_ref()?;
    // A hovering pointer would have every checkpoint carried over.
    let step = state.view.pin.unwrap_or_else(|| exhibit.last_step());
    exhibit.weights.iter().min_by_key(|(at, _)| at.abs_diff(step)).map(|(at, file)| (*at, file))
}

/// Applies a cut.
pub(super) fn cut(state: &mut State, cut: &Cut) {
    let parts = weights(state).map(|(step, _)| step).and_then(|step| {
        let snapshot = state.exhibit.as_ref()?.snapshot_near(step)?;
        Some((snapshot.report.key_freqs.clone(), snapshot.report.attention.len()))
    });
    let Some((key_freqs, n_heads)) = parts else { return };
    state.surgery.apply(cut, &key_freqs, n_heads);
    state.desk.ablating = None;
}

/// Asks for a sum, if there is such a sum.
pub(super) fn ask(state: &mut State, a: usize, b: usize) {
    let p = state.exhibit.as_ref().map_or(0, |exhibit| exhibit.config.data.p);
    if a < p && b < p {
        state.desk.pair = Some((a, b));
        state.desk.asking = None;
    }
}

/// Another run is on show: nothing of it is cut.
pub(super) fn clear(state: &mut State) {
    (state.surgery, state.desk) = (Surgery::default(), Desk::default());
}

/// Sends what has to be asked and was not.
pub(super) fn work(state: &mut State) -> Vec<Effect> {
    let in_use = !state.surgery.is_whole() || state.desk.pair.is_some();
    if !in_use || !state.analyst.ready {
        return Vec::new();
    }
    let Some((step, file)) = weights(state).map(|(step, file)| (step, Arc::clone(file))) else {
        return Vec::new();
    };
    let Some(exhibit) = &state.exhibit else { return Vec::new() };
    let (origin, config) = (exhibit.origin.clone(), exhibit.config.clone());
    let mut requests = Vec::new();
    let here = Some((origin, step));
    if state.desk.held != here {
        let (id, config) = (next_id(state), Some(Box::new(config)));
        requests.push(AnalystRequest::Hold { id, weights_id: WEIGHTS, config, file: file.to_vec() });
        (state.desk.held, state.desk.ablating, state.desk.asking) = (here, None, None);
        (state.surgery.left, state.desk.answer) = (None, None);
    }
    if !state.surgery.is_whole() && state.surgery.left.is_none() && state.desk.ablating.is_none() {
        let id = next_id(state);
        state.desk.ablating = Some(id);
        let ablation = Box::new(state.surgery.ablation.clone());
        requests.push(AnalystRequest::Ablate { id, weights_id: WEIGHTS, ablation });
    }
    let answered = state.desk.answer.as_ref().map(|answer| answer.pair);
    let open = state.desk.pair.filter(|pair| Some(*pair) != answered && state.desk.asking.is_none());
    if let Some((a, b)) = open {
        let id = next_id(state);
        state.desk.asking = Some(id);
        requests.push(AnalystRequest::Ask { id, weights_id: WEIGHTS, a, b });
    }
    requests.into_iter().map(Effect::AskAnalyst).collect()
}

/// Takes in what the analyst says to the reader's requests; gives back what is for others.
pub(super) fn take(state: &mut State, reply: AnalystReply) -> Option<AnalystReply> {
    let desk = &mut state.desk;
    match reply {
        AnalystReply::Ablated { id, scores, margins } => {
            if desk.ablating == Some(id) {
                (desk.ablating, desk.failure, desk.sent_again) = (None, None, false);
                state.surgery.left = Some(Left { scores, margins });
            }
            None
        }
        AnalystReply::Answer { id, logits, votes } => {
            if let Some(pair) = desk.pair.filter(|_| desk.asking == Some(id)) {
                (desk.asking, desk.failure, desk.sent_again) = (None, None, false);
                desk.answer = Some(Answer { pair, logits, votes });
            }
            None
        }
        AnalystReply::Failed { id: Some(id), message }
            if desk.ablating == Some(id) || desk.asking == Some(id) =>
        {
            // It holds a few sets of weights only: ours may have had to go.
            if desk.sent_again {
                desk.failure = Some(message);
            } else {
                (desk.sent_again, desk.held) = (true, None);
            }
            None
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::analysis::ablation::Ablation;
    use crate::analysis::grid::{Parts, Scores};
    use crate::analysis::progress::measure;
    use crate::analysis::report::analyse;
    use crate::analysis::snapshot::{Fields, Snapshot};
    use crate::config::Preset;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::protocol::analyst::{AnalystReply, AnalystRequest};
    use crate::task::Task;
    use crate::ui::draft::Draft;
    use crate::ui::exhibit_sample::exhibit;
    use crate::ui::state::State;
    use crate::ui::surgery::Cut;
    use crate::ui::update::{Effect, Message, update};
    use crate::ui::view::Look;

    /// A page that shows a run with weights at steps 0 and 30, both taken apart.
    fn state() -> State {
        let config = Preset::Tiny.config();
        let task = Task::new(&config.data);
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
        let report = analyse(&weights, &task).expect("random weights can be analysed");
        let measures = measure(&weights, &task, &[1]).expect("and measured");
        let fields = Fields {
            attention_scores: Vec::new(),
            margins: Vec::new(),
            logit_norms: Vec::new(),
            circles: Vec::new(),
            neurons: Vec::new(),
        };
        let mut run = exhibit(4);
        for step in [0, 30] {
            let (report, measures, fields) = (report.clone(), measures.clone(), fields.clone());
            run.snapshots.insert(step, Arc::new(Snapshot { step, report, measures, fields }));
            run.weights.insert(step, Arc::new(vec![step as u8]));
        }
        run.progress = [0, 30].map(|step| (step, measures.clone())).into();
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        state.analyst.ready = true;
        update(&mut state, Message::AddExhibit { exhibit: Box::new(run), show: true });
        state
    }

    fn kinds(effects: &[Effect]) -> Vec<&'static str> {
        let kind = |effect: &Effect| match effect {
            Effect::AskAnalyst(AnalystRequest::Hold { .. }) => "hold",
            Effect::AskAnalyst(AnalystRequest::Ablate { .. }) => "ablate",
            Effect::AskAnalyst(AnalystRequest::Ask { .. }) => "ask",
            _ => "other",
        };
        effects.iter().map(kind).collect()
    }

    fn say(state: &mut State, reply: AnalystReply) -> Vec<Effect> {
        update(state, Message::FromAnalyst(reply))
    }

    fn scores(value: f64) -> Scores {
        let parts = Parts { train: value, test: value, all: value };
        Scores { loss: parts, accuracy: parts }
    }

    #[test]
    fn the_weights_are_sent_once_and_then_only_cuts() {
        let mut state = state();
        let effects = update(&mut state, Message::Cut(Cut::Freq(2)));
        assert_eq!(kinds(&effects), ["hold", "ablate"], "the last weights");
        assert!(
            matches!(&effects[0], Effect::AskAnalyst(AnalystRequest::Hold { file, .. }) if file == &[30])
        );
        let first = state.analyst.last_request;
        assert_eq!(kinds(&update(&mut state, Message::Cut(Cut::Head(0)))), ["ablate"], "they are there");

        say(&mut state, AnalystReply::Ablated { id: first, scores: scores(9.0), margins: Vec::new() });
        assert_eq!(state.surgery.left, None, "the answer to a cut that was changed since is dropped");
        say(&mut state, AnalystReply::Ablated { id: first + 1, scores: scores(5.0), margins: vec![1.0] });
        assert_eq!(state.surgery.left.as_ref().map(|left| left.scores.loss.all), Some(5.0));

        let effects = update(&mut state, Message::Look(Look::Pin(0.0)));
        assert_eq!(kinds(&effects), ["hold", "ablate"], "the same cut, of the cursor's weights");
        assert_eq!(kinds(&update(&mut state, Message::Look(Look::Hover(30.0)))), [""; 0], "hovering waits");
        assert_eq!(kinds(&update(&mut state, Message::Cut(Cut::Whole))), [""; 0], "nothing to ask");
        assert_eq!(state.surgery.ablation, Ablation::default());
    }

    #[test]
    fn weights_that_the_analyst_let_go_are_sent_again_once() {
        let mut state = state();
        update(&mut state, Message::Cut(Cut::Freq(2)));
        let fail = |state: &mut State| {
            let id = state.analyst.last_request;
            say(state, AnalystReply::Failed { id: Some(id), message: "gone".into() })
        };
        assert_eq!(kinds(&fail(&mut state)), ["hold", "ablate"], "again");
        assert_eq!(kinds(&fail(&mut state)), [""; 0], "not for ever");
        assert_eq!(state.desk.failure.as_deref(), Some("gone"), "said on the page");
    }

    #[test]
    fn a_sum_is_asked_once_and_only_if_there_is_such_a_sum() {
        let mut state = state();
        assert_eq!(kinds(&update(&mut state, Message::Ask(7, 0))), [""; 0], "there is no 7 modulo 7");
        assert_eq!(kinds(&update(&mut state, Message::Ask(3, 6))), ["hold", "ask"]);
        let id = state.analyst.last_request;
        let answer = AnalystReply::Answer { id, logits: vec![0.5; 7], votes: Vec::new() };
        assert_eq!(kinds(&say(&mut state, answer)), [""; 0]);
        assert_eq!(state.desk.answer.as_ref().map(|answer| answer.pair), Some((3, 6)));
    }
}
