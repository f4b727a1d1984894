//! What the tests of many runs need besides: a Slurm cluster of this one machine, GNU parallel, and DuckDB. Whatever
//! cannot be had is told, and its test then says that it was skipped.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::browser::install;
use crate::process::{self, Result, root};

/// The version of DuckDB that reads our tables.
const DUCKDB: &str = "duckdb==1.4.2";

/// What could be set up; taken down when dropped.
pub struct Cluster {
    slurm: Option<PathBuf>,
    variables: Vec<(&'static str, OsString)>,
}

impl Cluster {
    /// Sets up whatever can be.
    pub fn up() -> Self {
        let mut cluster = Self { slurm: None, variables: Vec::new() };
        let complain = |complaint: String| eprintln!("xtask: {complaint}");
        match slurm() {
            Ok(dir) => {
                cluster.variables.push(("SLURM_CONF", dir.join("slurm.conf").into()));
                cluster.slurm = Some(dir);
            }
            Err(complaint) => complain(complaint),
        }
        match ensure("parallel", &["parallel"]) {
            Ok(()) => cluster.variables.push(("GROK_TEST_PARALLEL", "1".into())),
            Err(complaint) => complain(complaint),
        }
        match duckdb() {
            Ok(python) => cluster.variables.push(("GROK_TEST_DUCKDB", python.into())),
            Err(complaint) => complain(complaint),
        }
        cluster
    }

    /// Variables by which the tests find it.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, &OsString)> {
        self.variables.iter().map(|(name, value)| (*name, value))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(dir) = &self.slurm
            && let Err(complaint) = script("down", dir)
        {
            eprintln!("xtask: {complaint}");
        }
    }
}

/// Starts Slurm; the folder of its files.
fn slurm() -> Result<PathBuf> {
    for (program, package) in [("slurmctld", "slurmctld"), ("slurmd", "slurmd"), ("munged", "munge")] {
        ensure(program, &[package])?;
    }
    // Sockets have short paths.
    let dir = std::env::temp_dir().join(format!("grok-slurm-{}", std::process::id()));
    script("up", &dir)?;
    Ok(dir)
}

fn script(action: &str, dir: &Path) -> Result<()> {
    let mut script = process::command(root().join("tests/slurm/cluster.sh"));
    script.arg(action).arg(dir);
    process::run(&mut script, "Slurm's test is skipped: it needs root, slurmctld, slurmd and munge")
}

/// A Python that has DuckDB, in the target folder.
fn duckdb() -> Result<PathBuf> {
    let dir = process::tools_dir().join(DUCKDB.replace("==", "-"));
    let python = dir.join("bin/python");
    let has_it = |python: &Path| {
        let answer = process::command(python).args(["-c", "import duckdb"]).output();
        answer.is_ok_and(|answer| answer.status.success())
    };
    if has_it(&python) {
        return Ok(python);
    }
    let advice = "the test that reads Parquet with DuckDB is skipped: it needs python3 with venv and PyPI";
    ensure("python3", &["python3", "python3-venv"])?;
    process::run(process::command("python3").args(["-m", "venv"]).arg(&dir), advice)?;
    process::run(process::command(&python).args(["-m", "pip", "install", "--quiet", DUCKDB]), advice)?;
    if has_it(&python) { Ok(python) } else { Err(advice.to_owned()) }
}

/// Installs packages unless a program of theirs is there.
fn ensure(program: &str, packages: &[&str]) -> Result<()> {
    if is_there(program) {
        return Ok(());
    }
    install(packages, &format!("the test that needs {program} is skipped"))?;
    if is_there(program) { Ok(()) } else { Err(format!("{program} was installed but cannot be found")) }
}

/// Daemons lie where a user's PATH may not look.
fn is_there(program: &str) -> bool {
    process::find(program).is_some() || Path::new("/usr/sbin").join(program).is_file()
}
