//! The command line of `cargo xtask`.

use std::path::PathBuf;

use crate::fuzz::{Budget, READERS};

/// What `cargo xtask` can be asked.
pub const USAGE: &str = "\
usage: cargo xtask <command>

  serve [--port N] [--no-open]  build the page and serve it on http://127.0.0.1:N (default 8080)
  build                         leave the page, ready to publish, in dist/
  sizes                         weigh what is in dist/ against its limits
  test [--cluster]              all tests: native, WebAssembly in Chromium, end to end; with --cluster also sweeps
                                under Slurm and GNU parallel, and their tables in DuckDB
  fuzz [--secs N | --inputs N] [READER ...]
                                feed what reads files, links and plans with inputs made to break it (60 s each)
  torture [--minutes N]         kill runs and sweeps at random moments and compare what they end with (10 minutes)
  seed-runs [--runs DIR]        train the seeds that the verdict is checked on, and keep what it is judged from
  tools                         install what the others need, and nothing else
  finish                        make what Trunk has built ready to publish; Trunk calls it";

/// One command with its options.
#[derive(Debug, PartialEq, Eq)]
pub enum Chore {
    /// Print [`USAGE`].
    Help,
    /// Install only.
    Tools,
    /// Build, watch and serve the page.
    Serve {
        /// TCP port on 127.0.0.1.
        port: u16,
        /// Whether to open a browser once the page is built.
        open: bool,
    },
    /// Build the page into `dist/`.
    Build,
    /// Make Trunk's output ready to publish.
    Finish,
    /// Weigh what a visitor downloads.
    Sizes,
    /// Fuzz.
    Fuzz {
        /// How long each reader is fed.
        budget: Budget,
        /// Which; all if empty.
        readers: Vec<String>,
    },
    /// Kill runs and sweeps.
    Torture {
        /// For how long.
        minutes: u32,
    },
    /// Train and thin the seeds of the verdict.
    SeedRuns {
        /// Where the runs are, if not in the target folder.
        runs: Option<PathBuf>,
    },
    /// Run every test.
    Test {
        /// Whether to set up Slurm, GNU parallel and DuckDB for the tests that need them.
        cluster: bool,
    },
}

impl Chore {
    /// Reads the arguments that follow `cargo xtask`.
    ///
    /// # Errors
    /// One sentence on the first argument that means nothing.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.into_iter();
        let Some(command) = arguments.next() else {
            return Err("which command?".into());
        };
        let chore = match command.as_str() {
            "help" | "--help" | "-h" => return Ok(Self::Help),
            "serve" => return Self::parse_serve(arguments),
            "fuzz" => return Self::parse_fuzz(arguments),
            "torture" => return Self::parse_torture(arguments),
            "seed-runs" => return Self::parse_seed_runs(arguments),
            "tools" => Self::Tools,
            "build" => Self::Build,
            "finish" => Self::Finish,
            "sizes" => Self::Sizes,
            "test" => return Self::parse_test(arguments),
            _ => return Err(format!("there is no command `{command}`")),
        };
        match arguments.next().as_deref() {
            None => Ok(chore),
            Some("--help" | "-h") => Ok(Self::Help),
            Some(other) => Err(format!("`{command}` takes no argument `{other}`")),
        }
    }

    fn parse_seed_runs(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let runs = match arguments.next().as_deref() {
            None => None,
            Some("--help" | "-h") => return Ok(Self::Help),
            Some("--runs") => Some(arguments.next().ok_or("`--runs` needs a folder")?.into()),
            Some(other) => return Err(format!("`seed-runs` takes no argument `{other}`")),
        };
        match arguments.next() {
            None => Ok(Self::SeedRuns { runs }),
            Some(other) => Err(format!("`seed-runs` takes no argument `{other}`")),
        }
    }

    fn parse_fuzz(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut budget, mut readers) = (Budget::Secs(60), Vec::new());
        while let Some(argument) = arguments.next() {
            let mut number = |of: &str| {
                let text = arguments.next().ok_or_else(|| format!("`{of}` needs a number"))?;
                text.parse::<u32>().map_err(|_| format!("`{of} {text}`: a whole number is needed"))
            };
            match argument.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--secs" => budget = Budget::Secs(number("--secs")?),
                "--inputs" => budget = Budget::Inputs(number("--inputs")?.into()),
                name if READERS.contains(&name) => readers.push(argument),
                other => {
                    return Err(format!(
                        "`fuzz` knows no reader `{other}`; there are {}",
                        READERS.join(", ")
                    ));
                }
            }
        }
        Ok(Self::Fuzz { budget, readers })
    }

    fn parse_torture(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let minutes = match arguments.next().as_deref() {
            None => 10,
            Some("--help" | "-h") => return Ok(Self::Help),
            Some("--minutes") => match arguments.next().map(|text| text.parse()) {
                Some(Ok(minutes)) => minutes,
                _ => return Err("`--minutes` needs a whole number".into()),
            },
            Some(other) => return Err(format!("`torture` takes no argument `{other}`")),
        };
        match arguments.next() {
            None => Ok(Self::Torture { minutes }),
            Some(other) => Err(format!("`torture` takes no argument `{other}`")),
        }
    }

    fn parse_test(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut cluster = false;
        for argument in arguments {
            match argument.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--cluster" => cluster = true,
                other => return Err(format!("`test` takes no argument `{other}`")),
            }
        }
        Ok(Self::Test { cluster })
    }

    fn parse_serve(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut port, mut open) = (8080, true);
        while let Some(argument) = arguments.next() {
            let value = match argument.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--no-open" => {
                    open = false;
                    continue;
                }
                "--port" => arguments.next().ok_or("`--port` needs a number")?,
                other => match other.strip_prefix("--port=") {
                    Some(value) => value.to_owned(),
                    None => return Err(format!("`serve` takes no argument `{other}`")),
                },
            };
            port = match value.parse() {
                Ok(0) | Err(_) => {
                    return Err(format!("`--port {value}`: a port is a number from 1 to 65535"));
                }
                Ok(port) => port,
            };
        }
        Ok(Self::Serve { port, open })
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Chore};

    fn parse(line: &str) -> Result<Chore, String> {
        Chore::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn serve_takes_its_options_in_any_order() {
        assert_eq!(parse("serve"), Ok(Chore::Serve { port: 8080, open: true }));
        assert_eq!(parse("serve --no-open --port 9000"), Ok(Chore::Serve { port: 9000, open: false }));
        assert_eq!(parse("serve --port=9000"), Ok(Chore::Serve { port: 9000, open: true }));
    }

    #[test]
    fn seed_runs_may_be_elsewhere() {
        assert_eq!(parse("seed-runs"), Ok(Chore::SeedRuns { runs: None }));
        assert_eq!(parse("seed-runs --runs a/b"), Ok(Chore::SeedRuns { runs: Some("a/b".into()) }));
    }

    #[test]
    fn tests_may_have_a_cluster() {
        assert_eq!(parse("test"), Ok(Chore::Test { cluster: false }));
        assert_eq!(parse("test --cluster"), Ok(Chore::Test { cluster: true }));
    }

    #[test]
    fn fuzzing_is_bounded_by_time_or_inputs() {
        assert_eq!(parse("fuzz"), Ok(Chore::Fuzz { budget: Budget::Secs(60), readers: vec![] }));
        let asked = Chore::Fuzz { budget: Budget::Inputs(5), readers: vec!["link".into()] };
        assert_eq!(parse("fuzz --inputs 5 link"), Ok(asked));
        assert!(parse("fuzz lnik").is_err() && parse("fuzz --secs").is_err());
    }

    #[test]
    fn torture_has_its_time() {
        assert_eq!(parse("torture"), Ok(Chore::Torture { minutes: 10 }));
        assert_eq!(parse("torture --minutes 3"), Ok(Chore::Torture { minutes: 3 }));
        assert!(parse("torture 3").is_err() && parse("torture --minutes").is_err());
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let lines = [
            "",
            "sevre",
            "test --fast",
            "sizes dist",
            "seed-runs 3",
            "seed-runs --runs",
            "seed-runs --runs a b",
            "serve 9000",
            "serve --port",
            "serve --port 0",
            "serve --port 70000",
        ];
        for line in lines {
            assert!(parse(line).is_err(), "`{line}` was taken");
        }
    }

    #[test]
    fn help_is_given_wherever_it_is_asked_for() {
        for line in ["--help", "help", "-h", "serve --help", "test --help"] {
            assert_eq!(parse(line), Ok(Chore::Help), "`{line}`");
        }
    }
}
