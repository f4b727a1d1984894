//! Makes a report.

use super::maps::ReportMaps;
use super::{AblationReport, NeuronReport, Report, Residual, Spectra};
use crate::analysis::ablation::{Ablator, check_freqs};
use crate::analysis::attention;
use crate::analysis::cosines::CosineFit;
use crate::analysis::grid::Scores;
use crate::analysis::neurons::{self, MIN_CLUSTER_FVE, NeuronFit};
use crate::analysis::progress::{ByFreq, Excluded, Gini, ProgressMeasures, by_freq, exclude};
use crate::analysis::sum_waves::SumWaves;
use crate::analysis::weight_norms::sum_sq_weights;
use crate::analysis::{check, directions, embedding, key_freqs, logit_spectrum, neuron_logit_map};
use crate::error::Result;
use crate::maths::matrix::Matrix;
use crate::maths::{stats, svd};
use crate::model::Weights;
use crate::task::Task;

/// The report on some weights; the task says which pairs were trained on.
///
/// # Errors
/// [`LabError::Setting`](crate::error::LabError::Setting) if the task has another modulus than the weights,
/// [`LabError::Content`](crate::error::LabError::Content)
/// if a weight is not finite.
pub fn analyse(weights: &Weights, task: &Task) -> Result<Report> {
    check(weights, task)?;
    Ok(AnalysisContext::new(&Ablator::with_own_freqs(weights), task)?.report)
}

/// The report and the larger arrays that only figures need.
///
/// # Errors
/// As [`analyse`].
pub fn analyse_with_maps(weights: &Weights, task: &Task) -> Result<(Report, ReportMaps)> {
    check(weights, task)?;
    let ablator = Ablator::with_own_freqs(weights);
    let AnalysisContext { report, logit_norms, .. } = AnalysisContext::new(&ablator, task)?;
    let maps = ReportMaps::new(weights, &ablator.unablated().model, &report, logit_norms);
    Ok((report, maps))
}

/// A report, and what was computed on the way to it.
#[derive(Debug)]
pub struct AnalysisContext {
    /// The report.
    pub report: Report,
    /// The norms over c of the logits' 2-D Fourier coefficients, p × p by basis rows.
    pub logit_norms: Vec<f64>,
    waves: SumWaves,
}

impl AnalysisContext {
    /// Reads the report from a model that has run; its key frequencies must be its own.
    ///
    /// # Errors
    /// [`LabError::Setting`](crate::error::LabError::Setting) if the task has another modulus.
    pub fn new(ablator: &Ablator, task: &Task) -> Result<Self> {
        let weights = ablator.weights();
        check(weights, task)?;
        let p = task.p;
        let whole = ablator.unablated();
        let map = whole.model.map();
        let map_directions = neuron_logit_map::directions(map);
        let spectra =
            Spectra { w_e: embedding::spectrum(weights), w_l: neuron_logit_map::spectrum(&map_directions) };
        let keys = key_freqs::from_spectrum(&spectra.w_l);

        let scores = whole.logits.scores(task);
        let waves = SumWaves::new(&whole.logits);
        let restricted = waves.restricted(task, &keys);
        let (excluded_loss, excluded_accuracy) = exclude(task, &whole.logits, &waves, &keys);
        let fit = CosineFit::new(&whole.logits, waves.by_sum());
        let norm_ratio = neuron_logit_map::residual_norm_ratio(&spectra.w_l, &keys);
        let fits = whole.fits();
        let cluster = neurons::clusters(fits, MIN_CLUSTER_FVE);
        let logit_norms = logit_spectrum::norms(&whole.logits);
        let report = Report {
            p,
            loss: scores.loss,
            accuracy: scores.accuracy,
            restricted_loss: restricted.loss,
            restricted_accuracy: restricted.accuracy,
            restricted_per_freq: by_freq(&keys, |k| waves.restricted(task, &[k])),
            excluded_loss,
            excluded_accuracy,
            gini: Gini { w_e: stats::gini(&spectra.w_e), w_l: stats::gini(&spectra.w_l) },
            sum_sq_weights: sum_sq_weights(weights),
            logit_fve: fit.fve(&keys),
            alpha: by_freq(&keys, |k| fit.alpha(k)),
            cosine_fit_loss: fit.loss(&keys),
            cosine_coefficients: fit.coefficients(),
            w_l_residual: Residual { norm_ratio, squared_ratio: norm_ratio * norm_ratio },
            w_l_singular_values: svd::singular_values(map),
            logit_spectrum: logit_spectrum::summary(p, &logit_norms, &keys),
            neurons: neuron_report(fits, &cluster, &map_directions),
            directions: directions::table(p, &whole.projection(&keys)),
            attention: attention::heads(weights, &cluster),
            ablations: AblationReport::new(&keys, ablator.n_heads(), |ablation| {
                Ok(ablator.scores(task, ablation)?.loss.all)
            })?,
            min_margin: whole.logits.min_margin(),
            spectra,
            key_freqs: keys,
        };
        Ok(Self { report, logit_norms, waves })
    }

    /// The progress measures with given frequencies.
    ///
    /// # Errors
    /// [`LabError::Setting`](crate::error::LabError::Setting) for a frequency that is not there.
    pub fn measures(&self, ablator: &Ablator, task: &Task, freqs: &[usize]) -> Result<ProgressMeasures> {
        check_freqs(task.p, freqs)?;
        let report = &self.report;
        let with =
            |restricted: Scores, (excluded_loss, excluded_accuracy): (Excluded, Excluded)| ProgressMeasures {
                key_freqs: freqs.to_vec(),
                test_restricted_ratio: report.loss.test / restricted.loss.all,
                loss: report.loss,
                accuracy: Some(report.accuracy),
                restricted_loss: restricted.loss,
                restricted_accuracy: restricted.accuracy,
                excluded_loss,
                excluded_accuracy,
                gini: report.gini,
                sum_sq_weights: report.sum_sq_weights.clone(),
                cosine_coefficients: by_freq(freqs, |k| report.cosine_coefficients[k - 1]),
            };
        if freqs == report.key_freqs {
            let restricted = Scores { loss: report.restricted_loss, accuracy: report.restricted_accuracy };
            return Ok(with(restricted, (report.excluded_loss.clone(), report.excluded_accuracy.clone())));
        }
        let excluded = exclude(task, &ablator.unablated().logits, &self.waves, freqs);
        Ok(with(self.waves.restricted(task, freqs), excluded))
    }
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
