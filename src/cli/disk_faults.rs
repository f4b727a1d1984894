//! Faults of the disk, put in on purpose: in a test, from the k-th change on, nothing reaches the disk any more, as when
//! the power fails or the program is killed there. Outside tests nothing of this is compiled.

#[cfg(not(test))]
use std::io;

/// Asked before a change that has no bytes of its own: a new name, a removal, a flush.
#[cfg(not(test))]
pub(super) fn before_change() -> io::Result<()> {
    Ok(())
}

/// Asked before bytes are written: how many of them arrive, and how the write ends.
#[cfg(not(test))]
pub(super) fn before_write(bytes: &[u8]) -> (&[u8], io::Result<()>) {
    (bytes, Ok(()))
}

#[cfg(test)]
pub(super) use planned::{before_change, before_write};

#[cfg(test)]
mod planned {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        static PLAN: Cell<Plan> = const { Cell::new(Plan::NONE) };
    }

    /// What happens on this thread.
    #[derive(Debug, Clone, Copy)]
    struct Plan {
        /// Changes that still reach the disk.
        n_left: usize,
        /// Whether half of the bytes of the first write that fails arrive.
        is_torn: bool,
    }

    impl Plan {
        const NONE: Self = Self { n_left: usize::MAX, is_torn: false };
    }

    /// Lets `n` changes through, and fails all that follow while `work` goes on. Returns whether any failed.
    pub(in crate::cli) fn failing_after(n: usize, is_torn: bool, work: impl FnOnce()) -> bool {
        PLAN.set(Plan { n_left: n, is_torn });
        work();
        PLAN.replace(Plan::NONE).n_left == 0
    }

    pub(in crate::cli) fn before_change() -> io::Result<()> {
        let plan = PLAN.get();
        match plan.n_left {
            usize::MAX => Ok(()),
            0 => Err(io::Error::other("a fault put in on purpose")),
            n => {
                PLAN.set(Plan { n_left: n - 1, ..plan });
                Ok(())
            }
        }
    }

    pub(in crate::cli) fn before_write(bytes: &[u8]) -> (&[u8], io::Result<()>) {
        match before_change() {
            Ok(()) => (bytes, Ok(())),
            Err(error) if PLAN.get().is_torn => {
                PLAN.set(Plan { is_torn: false, ..PLAN.get() });
                (&bytes[..bytes.len() / 2], Err(error))
            }
            Err(error) => (&[], Err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use temp_dir::TempDir;

    use super::planned::failing_after;
    use crate::cli::args::SettingArgs;
    use crate::cli::progress::Progress;
    use crate::cli::session::Session;
    use crate::cli::start::initial_state;
    use crate::cli::{Outcome, resume};
    use crate::config::{ExperimentConfig, Preset};
    use crate::error::Result;

    /// Three checkpoints, so that there is a first, a newest and a previous state.
    fn small() -> ExperimentConfig {
        let mut config = Preset::Tiny.config();
        (config.run.epochs, config.run.eval_every, config.run.checkpoint_every) = (20, 10, 10);
        (config.run.threads, config.run.reproducible) = (1, true);
        config
    }

    /// What somebody does who does not want to lose anything: goes on with the run, or else starts it, never by force.
    fn go_on_or_begin(root: &Path, config: &ExperimentConfig) -> Result<Session> {
        match resume::open(root, &SettingArgs::default(), None) {
            Ok(left) => Session::go_on(left),
            Err(_) => Session::begin(config.clone(), &initial_state(config, None)?, root, false),
        }
    }

    /// Trains to the end; the step of the newest state that was reported as saved.
    fn train(root: &Path, config: &ExperimentConfig) -> (Option<usize>, Result<()>) {
        match go_on_or_begin(root, config) {
            Err(error) => (None, Err(error)),
            Ok(mut session) => {
                let trained = session.train(&mut Progress::Silent, || false);
                let done = trained.and_then(|outcome| {
                    assert_eq!(outcome, Outcome::Done);
                    session.write_report()
                });
                (session.saved_step, done)
            }
        }
    }

    /// The files of a run by their names, but for its lock.
    fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
        let in_folder = |folder: &Path| -> Vec<_> { fs::read_dir(folder).unwrap().flatten().collect() };
        let entries = in_folder(root).into_iter().chain(in_folder(&root.join("checkpoints")));
        let files = entries.filter(|entry| entry.path().is_file() && entry.file_name() != ".lock");
        files
            .map(|entry| (entry.path().display().to_string(), fs::read(entry.path()).unwrap()))
            .map(|(path, bytes)| (path.replace(&root.display().to_string(), ""), bytes))
            .collect()
    }

    #[test]
    fn wherever_the_disk_fails_the_run_goes_on_to_the_same_bytes() {
        let config = small();
        let dir = TempDir::new().unwrap();
        let whole = dir.child("whole");
        train(&whole, &config).1.unwrap();
        let expected = files(&whole);
        for is_torn in [false, true] {
            let mut n_changes = 0;
            loop {
                let root = dir.child(format!("{is_torn}-{n_changes}"));
                let mut saved = None;
                let has_failed = failing_after(n_changes, is_torn, || saved = train(&root, &config).0);
                if !has_failed {
                    break;
                }
                let at = format!("change {n_changes} and all after it failed, torn: {is_torn}");
                let session = go_on_or_begin(&root, &config).unwrap_or_else(|error| panic!("{at}: {error}"));
                assert!(Some(session.engine.step()) >= saved, "{at}: the state of step {saved:?} is gone");
                drop(session);
                train(&root, &config).1.unwrap_or_else(|error| panic!("{at}: {error}"));
                let (found, mut wanted) = (files(&root), expected.clone());
                // The state before the newest is whichever was there.
                wanted.retain(|name, _| found.contains_key(name) || name != "/state.previous.safetensors");
                for (name, bytes) in &wanted {
                    let is_previous = name == "/state.previous.safetensors";
                    assert!(is_previous || found.get(name) == Some(bytes), "{at}: {name} is another");
                }
                let extra: Vec<_> = found.keys().filter(|name| !expected.contains_key(*name)).collect();
                assert!(extra.is_empty(), "{at}: left behind {extra:?}");
                n_changes += 1;
            }
            assert!(n_changes > 30, "only {n_changes} changes were seen: something writes past this check");
        }
    }
}
