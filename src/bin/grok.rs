//! The native program: see [`grokking_lab::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    grokking_lab::cli::main()
}
