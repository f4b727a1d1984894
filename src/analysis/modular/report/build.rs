//! Makes a report.

use std::cell::Cell;

use super::maps::ReportMaps;
use super::{AblationReport, InverseParticipation, NeuronReport, Report, Residual};
use crate::analysis::checkpoint_measures::own_measures;
use crate::analysis::context::AnalysisContext;
use crate::analysis::measure::{
    CIRCULARITY, DISTANCE_IRRELEVANCE, HEAD_COSINE, HEAD_ENTROPY_DEVIATION, IPR_W_E, IPR_W_L, LOGIT_SCALE,
    MEAN_MARGIN, Measure,
};
use crate::analysis::modular::ablation::{Ablation, Ablator, ForwardCache, PaperAblation};
use crate::analysis::modular::attention;
use crate::analysis::modular::controls::Controls;
use crate::analysis::modular::gradient_symmetricity::GradientSymmetricity;
use crate::analysis::modular::held_out::HeldOut;
use crate::analysis::modular::neurons::{self, MIN_CLUSTER_FVE, NeuronFit};
use crate::analysis::modular::{check, directions, logit_spectrum, neuron_logit_map};
use crate::analysis::progress::ByFreq;
use crate::analysis::progress::by_freq;
use crate::error::Result;
use crate::maths::matrix::Matrix;
use crate::maths::svd;
use crate::model::Weights;
use crate::task::modular::ModularTask;

/// The report on some weights; the task says which pairs were trained on.
///
/// # Errors
/// [`LabError::Setting`](crate::error::LabError::Setting) if the task has another modulus than the weights,
/// [`LabError::Content`](crate::error::LabError::Content)
/// if a weight is not finite.
pub fn analyse(weights: &Weights, task: &ModularTask) -> Result<Report> {
    check(weights, task)?;
    let ablator = Ablator::with_own_freqs(weights);
    Ok(report_with_norms(&AnalysisContext::of(&ablator, task)?, &ablator)?.0)
}

/// The report and the larger arrays that only figures need.
///
/// # Errors
/// As [`analyse`].
pub fn analyse_with_maps(weights: &Weights, task: &ModularTask) -> Result<(Report, ReportMaps)> {
    check(weights, task)?;
    let ablator = Ablator::with_own_freqs(weights);
    let (report, logit_norms) = report_with_norms(&AnalysisContext::of(&ablator, task)?, &ablator)?;
    let maps = ReportMaps::new(weights, &ablator.unablated().model, &report, logit_norms);
    Ok((report, maps))
}

/// The report on a model that has run with its own key frequencies, and the norms over c of the logits' 2-D Fourier
/// coefficients, p × p by basis rows. The context must be of that model.
///
/// # Errors
/// [`LabError::Setting`](crate::error::LabError::Setting) if the task has another modulus.
pub(in crate::analysis) fn report_with_norms(
    context: &AnalysisContext,
    ablator: &Ablator,
) -> Result<(Report, Vec<f64>)> {
    let (weights, task, whole) = (context.weights(), context.task(), ablator.unablated());
    let (p, spectra, fit) = (task.p, context.spectra(), context.cosine_fit());
    let measures = own_measures(context).clone();
    let taken = measures.further;
    let further = |measure: &Measure| taken.get(measure.id).copied();
    let (logit_scale, distance_irrelevance) = (further(&LOGIT_SCALE), further(&DISTANCE_IRRELEVANCE));
    let ipr = Some(InverseParticipation { w_e: further(&IPR_W_E), w_l: further(&IPR_W_L) });
    let keys = measures.key_freqs;
    let norm_ratio = neuron_logit_map::residual_norm_ratio(&spectra.w_l, &keys);
    let fits = whole.fits();
    let cluster = neurons::clusters(fits, MIN_CLUSTER_FVE);
    let logit_norms = logit_spectrum::norms(&whole.logits);
    let complement = PaperAblation::ComplementWl.ablation(&keys, ablator.n_heads());
    let complement_accuracy = Cell::new(f64::NAN);
    let loss = |ablation: &Ablation| {
        let scores = ablator.scores(task, ablation)?;
        if *ablation == complement {
            complement_accuracy.set(scores.accuracy.all);
        }
        Ok(scores.loss.all)
    };
    let ablations = AblationReport::new(&keys, ablator.n_heads(), loss)?;
    let report = Report {
        p,
        loss: measures.loss,
        accuracy: context.scores().accuracy,
        restricted_loss: measures.restricted_loss,
        restricted_accuracy: measures.restricted_accuracy,
        restricted_per_freq: by_freq(&keys, |k| context.waves().restricted(task, &[k])),
        excluded_loss: measures.excluded_loss,
        excluded_accuracy: measures.excluded_accuracy,
        gini: measures.gini,
        sum_sq_weights: measures.sum_sq_weights,
        logit_fve: fit.fve(&keys),
        alpha: by_freq(&keys, |k| fit.alpha(k)),
        cosine_fit_loss: fit.loss(&keys),
        cosine_coefficients: fit.coefficients(),
        w_l_residual: Residual { norm_ratio, squared_ratio: norm_ratio * norm_ratio },
        w_l_singular_values: svd::singular_values(whole.model.map()),
        logit_spectrum: logit_spectrum::summary(p, &logit_norms, &keys),
        neurons: neuron_report(fits, &cluster, context.map_directions()),
        directions: directions::table(p, &whole.projection(&keys)),
        attention: attention::heads(weights, &cluster),
        ablations,
        min_margin: whole.logits.min_margin(),
        clustered_variance: Some(clustered_variance(whole, &cluster)),
        held_out: Some(HeldOut::new(&whole.logits, task)),
        controls: Some(Controls::new(context, ablator, &keys, &cluster, complement_accuracy.get())?),
        logit_scale,
        distance_irrelevance,
        ipr,
        ildr: context.ildr(),
        circularity: further(&CIRCULARITY),
        gradient_symmetricity: GradientSymmetricity::new(weights),
        effective_rank: Some(context.effective_ranks()),
        mean_margin: further(&MEAN_MARGIN),
        head_cosine: further(&HEAD_COSINE),
        head_entropy_deviation: further(&HEAD_ENTROPY_DEVIATION),
        spectra: spectra.clone(),
        key_freqs: keys,
    };
    Ok((report, logit_norms))
}

/// The part of Σ Var(N_n) ‖W_L[:, n]‖² that clustered neurons have; 0 of neurons that say nothing.
fn clustered_variance(whole: &ForwardCache, cluster: &[usize]) -> f64 {
    let weight = whole.model.map().transposed().row_norms();
    let (mut clustered, mut total) = (0.0, 0.0);
    for ((variation, weight), &freq) in whole.neurons().variation().iter().zip(weight).zip(cluster) {
        let told = variation * weight * weight;
        total += told;
        clustered += if freq > 0 { told } else { 0.0 };
    }
    if total > 0.0 { clustered / total } else { 0.0 }
}

fn neuron_report(fits: &[NeuronFit], cluster: &[usize], map_directions: &Matrix) -> NeuronReport {
    let mut per_freq = ByFreq::new();
    for &freq in cluster.iter().filter(|&&freq| freq > 0) {
        *per_freq.entry(freq).or_insert(0) += 1;
    }
    let norms = |&freq: &usize| (freq, neuron_logit_map::spectrum_of(map_directions, |n| cluster[n] == freq));
    NeuronReport {
        clustered: per_freq.values().sum(),
        w_l_norms: per_freq.keys().map(norms).collect(),
        per_freq,
        freq: fits.iter().map(|fit| fit.freq).collect(),
        fve: fits.iter().map(|fit| fit.fve).collect(),
    }
}
