//! A page for the tests of the panels and of what they ask the analyst.

use std::sync::Arc;

use crate::analysis::progress::measure;
use crate::analysis::report::analyse;
use crate::analysis::snapshot::{Fields, Snapshot};
use crate::config::Preset;
use crate::model::ModelShape;
use crate::model::init::initial_weights;
use crate::task::Task;
use crate::ui::draft::Draft;
use crate::ui::exhibit_sample::exhibit;
use crate::ui::state::State;
use crate::ui::update::{Message, update};

/// A page that shows a run with weights at steps 0 and 30, both taken apart.
pub(in crate::ui) fn analysed() -> State {
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
