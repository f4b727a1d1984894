//! The sweep as a Slurm job array.

use std::path::Path;

use crate::cli::output::quoted;

/// A script for `sbatch`. The number of parts stands in it and is not asked of Slurm: whoever submits a few of the tasks
/// again gets the same parts.
pub(super) fn script(dir: &Path, program: &Path, n_tasks: usize, limit_secs: f64) -> String {
    let minutes = (limit_secs / 60.0).ceil().max(1.0) as u64;
    let (dir, program) = (quoted(dir), quoted(program));
    format!(
        "#!/bin/bash
# Carries out a sweep as a job array. A task that is stopped and requeued goes on where it was.
# What it needs besides: this directory and the program on every node.
#SBATCH --job-name=grok-sweep
#SBATCH --array=0-{last}
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=1G
#SBATCH --time={minutes}
#SBATCH --requeue
# The program saves its state when it is told to stop; this is how long before the limit it is told.
#SBATCH --signal=TERM@60
#SBATCH --open-mode=append
#SBATCH --output={dir}/slurm-%a.log
exec {program} sweep run {dir} --task \"$SLURM_ARRAY_TASK_ID\" --of {n_tasks} --jobs \"${{SLURM_CPUS_PER_TASK:-1}}\"
",
        last = n_tasks - 1,
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::script;

    #[test]
    fn a_script_names_its_parts_and_survives_a_path_with_spaces() {
        let text = script(Path::new("/data/my sweep"), Path::new("/opt/grok"), 8, 61.0);
        assert!(text.starts_with("#!/bin/bash\n"), "{text}");
        assert!(text.contains("--array=0-7\n") && text.contains("--time=2\n"), "{text}");
        let command = "exec /opt/grok sweep run '/data/my sweep' --task \"$SLURM_ARRAY_TASK_ID\" --of 8 ";
        assert!(text.contains(command), "{text}");
    }
}
