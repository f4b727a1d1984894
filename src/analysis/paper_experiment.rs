//! The paper's experiment for other weights than the paper's, and runs that differ from it in one thing.

use crate::config::{Activation, DataConfig, ExperimentConfig, ModelConfig, Preset};
use crate::model::ModelShape;

/// The paper's experiment with a model of these sizes: what is assumed of weights that come without theirs. Its
/// split is the paper's. It is not validated: another program's model may have sizes that this one cannot train.
pub fn paper_experiment_for(shape: &ModelShape) -> ExperimentConfig {
    let paper = Preset::Paper.config();
    let ModelShape { p, n_layers, d_model, n_heads, d_mlp, activation, .. } = *shape;
    let model = ModelConfig { n_layers, d_model, n_heads, d_mlp, activation, ..paper.model };
    ExperimentConfig { data: DataConfig { p, ..paper.data }, model, ..paper }
}

/// Whether an experiment is the paper's but for what `change` changes: the seeds and how it is computed are free.
pub(super) fn is_paper_except(config: &ExperimentConfig, change: &dyn Fn(&mut ExperimentConfig)) -> bool {
    let mut paper = Preset::Paper.config();
    change(&mut paper);
    (paper.model.seed, paper.data.split) = (config.model.seed, config.data.split);
    paper.run = config.run.clone();
    paper == *config
}

/// Why the paper's ranges are not meant for an experiment, if they are not: they are for its task, its train
/// fraction and its model. Decay, duration, seeds and engine are free.
pub(super) fn other_setup(ours: &ExperimentConfig) -> Option<String> {
    let paper = Preset::Paper.config();
    let sizes =
        |c: &ExperimentConfig| (c.data.p, c.model.n_layers, c.model.d_model, c.model.n_heads, c.model.d_mlp);
    if sizes(ours) != sizes(&paper) || ours.model.activation != Activation::Relu {
        return Some(format!(
            "the range is known for the paper's model only: p = 113, one block, d_model 128, 4 heads, 512 ReLUs; \
             this run has p = {}, n_layers {}, d_model {}, n_heads {}, d_mlp {}. grok reproduce --preset paper makes one",
            ours.data.p, ours.model.n_layers, ours.model.d_model, ours.model.n_heads, ours.model.d_mlp
        ));
    }
    (ours.data.frac_train != paper.data.frac_train).then(|| {
        format!(
            "the range is known for 30 % of the pairs; this run has {:.0} %",
            100.0 * ours.data.frac_train
        )
    })
}

#[cfg(test)]
mod tests {
    use super::paper_experiment_for;
    use crate::config::Preset;
    use crate::model::ModelShape;

    #[test]
    fn the_sizes_are_those_of_the_weights_and_all_else_is_the_papers() {
        let (paper, tiny) = (Preset::Paper.config(), Preset::Tiny.config());
        let shape = ModelShape::new(&tiny.data, &tiny.model);
        let config = paper_experiment_for(&shape);
        assert_eq!(ModelShape::new(&config.data, &config.model), shape);
        assert_eq!((config.data.frac_train, config.data.split), (paper.data.frac_train, paper.data.split));
        assert_eq!((&config.optim, &config.run), (&paper.optim, &paper.run));
    }
}
