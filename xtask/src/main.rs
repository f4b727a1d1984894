//! The project's chores, `cargo xtask …`: installs what is missing, then serves, builds or tests.

mod arguments;
mod axe;
mod browser;
mod cluster;
mod fuzz;
mod page;
mod process;
mod publish;
mod seed_runs;
mod sizes;
mod tally;
mod tests;
mod tools;

use std::process::ExitCode;

use arguments::Chore;

fn main() -> ExitCode {
    let chore = match Chore::parse(std::env::args().skip(1)) {
        Ok(chore) => chore,
        Err(complaint) => {
            eprintln!("xtask: {complaint}\n\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(chore) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(complaint) => {
            eprintln!("xtask: {complaint}");
            ExitCode::FAILURE
        }
    }
}

/// Does the chore; `Ok(false)` means that it was done and found something wrong.
fn run(chore: Chore) -> process::Result<bool> {
    match chore {
        Chore::Help => println!("{}", arguments::USAGE),
        Chore::Tools => tools::install_all()?,
        Chore::Serve { port, open } => page::serve(port, open)?,
        Chore::Build => page::build()?,
        Chore::Torture { minutes } => return Ok(tests::torture(minutes)),
        Chore::Fuzz { budget, readers } => fuzz::run(budget, &readers)?,
        Chore::Finish => publish::staged()?,
        Chore::Sizes => return Ok(sizes::check(&page::dist())?.1 == 0),
        Chore::SeedRuns { runs } => {
            seed_runs::make_all(&runs.unwrap_or_else(seed_runs::default_folder))?;
        }
        Chore::Test { cluster } => return Ok(tests::run_all(cluster)),
    }
    Ok(true)
}
