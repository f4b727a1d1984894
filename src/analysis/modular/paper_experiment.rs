//! The paper's experiment for other weights than the paper's, and runs that differ from it in one thing.

use crate::analysis::modular::modulus::{check_shape, modulus};
use crate::config::{Activation, ExperimentConfig, ModelConfig, Preset};
use crate::error::Result;
use crate::model::ModelShape;

/// The paper's experiment with a model of these sizes: what is assumed of weights that come without theirs. Its
/// split is the paper's. It is not validated: another program's model may have sizes that this one cannot train.
///
/// # Errors
/// As [`check_shape`], if such a model is not trained on sums.
pub fn paper_experiment_for(shape: &ModelShape) -> Result<ExperimentConfig> {
    check_shape(shape)?;
    let p = modulus(shape);
    let paper = Preset::Paper.config();
    let ModelShape { n_layers, d_model, n_heads, d_head, d_mlp, activation, .. } = *shape;
    let d_head = if n_heads * d_head == d_model { 0 } else { d_head };
    let model = ModelConfig { n_layers, d_model, n_heads, d_head, d_mlp, activation, ..paper.model };
    let mut config = ExperimentConfig { model, ..paper };
    config.data.change_modular(|modular| modular.p = p);
    Ok(config)
}

/// The fraction of the table in the train set; no number for an experiment on another task.
pub(in crate::analysis) fn frac_train(config: &ExperimentConfig) -> f64 {
    config.data.modular().map_or(f64::NAN, |modular| modular.frac_train)
}

/// Whether an experiment is the paper's but for what `change` changes: the seeds and how it is computed are free.
pub(in crate::analysis) fn is_paper_except(
    config: &ExperimentConfig,
    change: &dyn Fn(&mut ExperimentConfig),
) -> bool {
    let mut paper = Preset::Paper.config();
    change(&mut paper);
    paper.model.seed = config.model.seed;
    paper.data.copy_seed(&config.data);
    paper.run = config.run.clone();
    paper == *config
}

/// Why the paper's ranges are not meant for an experiment, if they are not: they are for its task, its train
/// fraction and its model. Decay, duration, seeds and engine are free.
pub(in crate::analysis) fn other_setup(ours: &ExperimentConfig) -> Option<String> {
    let paper = Preset::Paper.config();
    let modulus = |c: &ExperimentConfig| c.data.modular().map_or(0, |modular| modular.p);
    let sizes = |c: &ExperimentConfig| {
        (modulus(c), c.model.n_layers, c.model.d_model, c.model.n_heads, c.model.d_mlp)
    };
    if sizes(ours) != sizes(&paper) || ours.model.activation != Activation::Relu {
        return Some(format!(
            "the claim is about the paper's model: p = 113, one block, d_model 128, 4 heads, 512 ReLUs; \
             this run has p = {}, n_layers {}, d_model {}, n_heads {}, d_mlp {}. grok reproduce --preset paper makes one",
            modulus(ours),
            ours.model.n_layers,
            ours.model.d_model,
            ours.model.n_heads,
            ours.model.d_mlp
        ));
    }
    (frac_train(ours) != frac_train(&paper)).then(|| {
        format!("the claim is about 30 % of the pairs; this run has {:.0} %", 100.0 * frac_train(ours))
    })
}

#[cfg(test)]
mod tests {
    use super::paper_experiment_for;
    use crate::config::{ExperimentConfig, Preset};
    use crate::model::ModelShape;

    #[test]
    fn the_sizes_are_those_of_the_weights_and_all_else_is_the_papers() {
        let (paper, tiny) = (Preset::Paper.config(), Preset::Tiny.config());
        let shape = ModelShape::new(&tiny.data, &tiny.model);
        let config = paper_experiment_for(&shape).expect("a model that adds");
        assert_eq!(ModelShape::new(&config.data, &config.model), shape);
        let split =
            |config: &ExperimentConfig| config.data.modular().map(|sums| (sums.frac_train, sums.split));
        assert_eq!(split(&config), split(&paper));
        assert_eq!((&config.optim, &config.run), (&paper.optim, &paper.run));
    }
}
