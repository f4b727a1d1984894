//! The analyst's answers are the analysis' own, and nothing it is sent ends it.

use super::{Analyst, MOST_HELD};
use crate::analysis::checkpoint::{CheckpointAnalysis, ModularAnalysis};
use crate::analysis::checkpoint_measures::measure;
use crate::analysis::modular::ablation::{Ablation, Ablator, FreqSelection, GridEdit};
use crate::analysis::modular::forward::{AttentionEdit, HostModel};
use crate::analysis::modular::freq_ablation::losses_without_each_freq;
use crate::analysis::modular::key_freqs::current_key_freqs;
use crate::analysis::modular::marginals::GridTerms;
use crate::config::{ExperimentConfig, Preset};
use crate::model::init::initial_weights;
use crate::model::safetensors::{WeightLayout, WeightsFile};
use crate::model::{ModelShape, Weights};
use crate::protocol::analyst::{AnalystReply, AnalystRequest, WeightsId};
use crate::task::modular::ModularTask;

fn tiny(seed: u32) -> (ExperimentConfig, Weights) {
    let config = Preset::Tiny.config();
    let weights = initial_weights(&ModelShape::new(&config.data, &config.model), seed);
    // As a file of 32-bit floats has them.
    let rounded = weights.flat().iter().map(|&w| f64::from(w as f32)).collect();
    (config, Weights::from_flat(weights.shape().clone(), rounded))
}

fn file(config: Option<ExperimentConfig>, weights: Weights) -> Vec<u8> {
    WeightsFile { weights, config, step: Some(30) }.to_bytes(WeightLayout::PaperCode)
}

fn hold(weights_id: WeightsId, seed: u32) -> AnalystRequest {
    let (config, weights) = tiny(seed);
    AnalystRequest::LoadWeights {
        id: 90 + weights_id,
        weights_id,
        config: None,
        file: file(Some(config), weights),
    }
}

fn message(reply: AnalystReply, expected_id: u32) -> String {
    match reply {
        AnalystReply::Failed { id, error } => {
            assert_eq!(id, Some(expected_id), "the request is named");
            error.message
        }
        other => panic!("it should fail: {other:?}"),
    }
}

#[test]
fn every_answer_is_that_of_the_analysis() {
    let (config, weights) = tiny(1);
    let task = ModularTask::of(&config.data).expect("a modular task");
    let mut analyst = Analyst::default();
    let held = analyst.answer(hold(5, 1));
    let expected =
        AnalystReply::WeightsLoaded { id: 95, weights_id: 5, config: Some(Box::new(config)), step: Some(30) };
    assert_eq!(held, expected);

    let followed_freqs = Some(vec![1, 2]);
    let reply = analyst.answer(AnalystRequest::Snapshot { id: 1, weights_id: 5, followed_freqs });
    let snapshot = ModularAnalysis::new(&weights, &task, Some(&[1, 2])).unwrap();
    let snapshot = Box::new(CheckpointAnalysis::of_modular(30, snapshot));
    assert_eq!(reply, AnalystReply::Snapshot { id: 1, snapshot });

    let reply = analyst.answer(AnalystRequest::Measure { id: 2, weights_id: 5, followed_freqs: None });
    let measures = Box::new(measure(&weights, &task, &current_key_freqs(&weights)).unwrap());
    assert_eq!(reply, AnalystReply::Measures { id: 2, step: 30, measures });

    let logits = GridEdit { freqs: FreqSelection::Without(vec![1]), terms: GridTerms::AllProducts };
    let reply = analyst.answer(AnalystRequest::WithoutFreqs { id: 6, weights_id: 5, freqs: vec![2, 3] });
    let losses = losses_without_each_freq(&weights, &task).unwrap()[1..].to_vec();
    assert_eq!(reply, AnalystReply::WithoutFreqs { id: 6, losses });

    let ablation = Ablation { logits, ..Ablation::default() };
    let (scores, margins) = Ablator::with_own_freqs(&weights).scores_and_margins(&task, &ablation).unwrap();
    let reply = analyst.answer(AnalystRequest::Ablate { id: 3, weights_id: 5, ablation: Box::new(ablation) });
    let margins = margins.into_iter().map(|margin| margin as f32).collect();
    assert_eq!(reply, AnalystReply::Ablated { id: 3, scores, margins });
}

#[test]
fn votes_are_the_waves_of_the_sum_and_add_up_with_the_rest() {
    let (config, weights) = tiny(1);
    let p = ModularTask::of(&config.data).expect("sums").p;
    let mut analyst = Analyst::default();
    analyst.answer(hold(5, 1));
    let AnalystReply::Answer { logits, votes, .. } = analyst.answer(AnalystRequest::Ask {
        id: 4,
        weights_id: 5,
        a: 3,
        b: p - 1,
        ablation: Box::default(),
    }) else {
        panic!("an answer");
    };
    let all = HostModel::new(&weights, &AttentionEdit::default()).logits();
    let freqs: Vec<usize> = votes.iter().map(|(freq, _)| *freq).collect();
    assert_eq!(freqs, current_key_freqs(&weights), "one vote for each key frequency");
    for c in 0..p {
        assert_eq!(logits[c], all.row(3, p - 1)[c] as f32, "logit {c}");
        for (freq, vote) in &votes {
            // The definition: (2/p²) Σ over pairs of L cos w_k((a + b) - (a' + b')).
            let sum: f64 = (0..p * p)
                .map(|pair| {
                    let difference = (freq * (3 + p - 1 + 2 * p - pair / p - pair % p)) as f64;
                    let wave = (std::f64::consts::TAU * difference / p as f64).cos();
                    all.row(pair / p, pair % p)[c] * wave
                })
                .sum();
            let expected = 2.0 * sum / (p * p) as f64;
            assert!(
                (f64::from(vote[c]) - expected).abs() < 1e-6,
                "k = {freq}, c = {c}: {}, not {expected}",
                vote[c]
            );
        }
    }
}

#[test]
fn a_cut_model_is_asked_as_it_is_cut() {
    let (config, weights) = tiny(1);
    let task = ModularTask::of(&config.data).expect("a modular task");
    let p = task.p;
    let freq = current_key_freqs(&weights)[0];
    let logits = GridEdit { freqs: FreqSelection::Without(vec![freq]), terms: GridTerms::AllProducts };
    let ablation = Ablation { logits, ..Ablation::default() };
    let mut analyst = Analyst::default();
    analyst.answer(hold(5, 1));
    let mut ask = |ablation: &Ablation| {
        let ablation = Box::new(ablation.clone());
        match analyst.answer(AnalystRequest::Ask { id: 4, weights_id: 5, a: 3, b: 2, ablation }) {
            AnalystReply::Answer { logits, votes, .. } => (logits, votes),
            other => panic!("an answer: {other:?}"),
        }
    };
    let (whole, votes) = ask(&Ablation::default());
    let largest = |votes: &[(usize, Vec<f32>)]| {
        let own = votes.iter().find(|(other, _)| *other == freq).expect("it has a vote");
        own.1.iter().fold(0.0_f32, |most, vote| most.max(vote.abs()))
    };
    assert!(largest(&votes) > 1e-3, "the whole model hears it: {}", largest(&votes));
    let (cut, votes) = ask(&ablation);
    assert!(largest(&votes) < 1e-6, "what is cut has no vote: {}", largest(&votes));
    let left = Ablator::with_own_freqs(&weights);
    let expected = left.ablated_logits(&task, &ablation).unwrap();
    assert_eq!(cut, expected.row(3, 2).iter().map(|&logit| logit as f32).collect::<Vec<_>>());
    assert_ne!(cut, whole);
    assert_eq!(cut.len(), p);
    let absent = Ablation { removed_components: vec![[0, p]], ..Ablation::default() };
    let ablation = Box::new(absent);
    let request = AnalystRequest::Ask { id: 7, weights_id: 5, a: 0, b: 0, ablation };
    assert!(message(analyst.answer(request), 7).contains("freq"));
}

#[test]
fn weights_without_their_experiment_take_the_one_that_is_given_or_the_papers() {
    let (config, weights) = tiny(2);
    let mut analyst = Analyst::default();
    let mut given = config.clone();
    given.data.change_modular(|modular| modular.frac_train = 0.55);
    let mut hold = |given: Option<&ExperimentConfig>| {
        let config = given.map(|given| Box::new(given.clone()));
        analyst.answer(AnalystRequest::LoadWeights {
            id: 1,
            weights_id: 1,
            config,
            file: file(None, weights.clone()),
        })
    };
    let AnalystReply::WeightsLoaded { config: Some(found), .. } = hold(Some(&given)) else { panic!("held") };
    assert_eq!(*found, given, "as given");
    let AnalystReply::WeightsLoaded { config: Some(found), .. } = hold(None) else { panic!("held") };
    let sums = |config: &ExperimentConfig| config.data.modular().cloned().expect("sums");
    assert_eq!((sums(&found).p, sums(&found).split), (sums(&config).p, sums(&Preset::Paper.config()).split));
    assert_eq!(found.model.d_mlp, config.model.d_mlp, "the sizes are the weights' own");
    given.data.change_modular(|modular| modular.p = 5);
    assert!(message(hold(Some(&given)), 1).contains("modulo 5"));
}

#[test]
fn what_cannot_be_answered_is_said_and_survived() {
    let mut analyst = Analyst::default();
    analyst.answer(hold(1, 1));
    let p = 7;
    let broken =
        AnalystRequest::LoadWeights { id: 6, weights_id: 2, config: None, file: b"not weights".to_vec() };
    assert!(message(analyst.answer(broken), 6).contains("safetensors"));
    let unknown = AnalystRequest::Measure { id: 7, weights_id: 2, followed_freqs: None };
    assert!(message(analyst.answer(unknown), 7).contains("weights 2 are not held"));
    let absent = AnalystRequest::WithoutFreqs { id: 12, weights_id: 1, freqs: vec![0] };
    assert!(message(analyst.answer(absent), 12).contains("freq"));
    let absent = AnalystRequest::Measure { id: 8, weights_id: 1, followed_freqs: Some(vec![p]) };
    assert!(message(analyst.answer(absent), 8).contains("freq"));
    let ablation = Box::new(Ablation { removed_components: vec![[0, p]], ..Ablation::default() });
    assert!(
        message(analyst.answer(AnalystRequest::Ablate { id: 9, weights_id: 1, ablation }), 9)
            .contains("freq")
    );
    let beyond = AnalystRequest::Ask { id: 10, weights_id: 1, a: 0, b: p, ablation: Box::default() };
    assert!(message(analyst.answer(beyond), 10).contains(&format!("b = {p}")));
    let broken = AnalystRequest::LoadWeights { id: 13, weights_id: 3, config: None, file: Vec::new() };
    analyst.answer(hold(3, 1));
    message(analyst.answer(broken), 13);
    let stale = AnalystRequest::Measure { id: 14, weights_id: 3, followed_freqs: None };
    assert!(message(analyst.answer(stale), 14).contains("weights 3 are not held"), "and not the ones before");
    let fine =
        analyst.answer(AnalystRequest::Ask { id: 11, weights_id: 1, a: 0, b: 0, ablation: Box::default() });
    assert!(matches!(fine, AnalystReply::Answer { id: 11, .. }), "it still answers");
}

#[test]
fn what_was_found_of_weights_serves_them_under_every_number() {
    let mut analyst = Analyst::default();
    analyst.answer(hold(1, 1));
    let prepared = analyst.answer(AnalystRequest::Prepare { id: 20, weights_id: 1 });
    assert_eq!(prepared, AnalystReply::Prepared { id: 20 });
    analyst.answer(hold(2, 1));
    analyst.answer(hold(3, 2));
    let is_ready: Vec<_> =
        analyst.held.iter().map(|(id, held)| (*id, held.ablator.get().is_some())).collect();
    assert_eq!(is_ready, [(1, true), (2, true), (3, false)], "the third are others");
    analyst.answer(hold(1, 2));
    let ask = |weights_id| AnalystRequest::Measure { id: 1, weights_id, followed_freqs: None };
    assert_ne!(analyst.answer(ask(1)), analyst.answer(ask(2)), "each number goes its own way");
    let unknown = AnalystRequest::Prepare { id: 21, weights_id: 9 };
    assert!(message(analyst.answer(unknown), 21).contains("weights 9 are not held"));
}

#[test]
fn the_weights_asked_for_last_are_kept() {
    let mut analyst = Analyst::default();
    let n = MOST_HELD as WeightsId;
    (0..n).for_each(|i| drop(analyst.answer(hold(i, 1))));
    let ask = |weights_id| AnalystRequest::Measure { id: 1, weights_id, followed_freqs: None };
    analyst.answer(ask(0));
    analyst.answer(hold(n, 2));
    assert!(matches!(analyst.answer(ask(0)), AnalystReply::Measures { .. }), "asked for just before");
    message(analyst.answer(ask(1)), 1);
    analyst.answer(hold(n, 3));
    assert!(
        matches!(analyst.answer(ask(2)), AnalystReply::Measures { .. }),
        "a known number takes no other's place"
    );
}
