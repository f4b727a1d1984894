//! The command line of `cargo xtask`.

/// What `cargo xtask` can be asked.
pub const USAGE: &str = "\
usage: cargo xtask <command>

  serve [--port N] [--no-open]  build the page and serve it on http://127.0.0.1:N (default 8080)
  build                         leave the page, ready to publish, in dist/
  sizes                         weigh what is in dist/ against its limits
  test                          all tests: native, WebAssembly in Chromium, end to end
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
    /// Run every test.
    Test,
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
            "tools" => Self::Tools,
            "build" => Self::Build,
            "finish" => Self::Finish,
            "sizes" => Self::Sizes,
            "test" => Self::Test,
            _ => return Err(format!("there is no command `{command}`")),
        };
        match arguments.next().as_deref() {
            None => Ok(chore),
            Some("--help" | "-h") => Ok(Self::Help),
            Some(other) => Err(format!("`{command}` takes no argument `{other}`")),
        }
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
    use super::Chore;

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
    fn what_means_nothing_is_refused() {
        let lines = [
            "",
            "sevre",
            "test --fast",
            "sizes dist",
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
