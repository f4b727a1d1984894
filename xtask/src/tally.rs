//! Counting tests from what the test programs print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
    /// Tests that are among `passed` so far, but said that they were skipped.
    said_skipped: usize,
}

impl Tally {
    /// So many checks that went well and so many that did not.
    pub fn of(passed: usize, failed: usize) -> Self {
        Self { passed, failed, ..Self::default() }
    }

    /// Counts one line of a test program's output.
    ///
    /// `test result: …` lines are summed; ignored tests are skipped ones. A test that finds that it
    /// cannot run here prints one line whose first word is `skipped`, and ends well, so each such
    /// line moves one test from passed to skipped.
    pub fn read(&mut self, line: &str) {
        let line = line.trim_start();
        let first_word = line.split([' ', ':']).next().unwrap_or_default();
        if first_word.eq_ignore_ascii_case("skipped") {
            self.said_skipped += 1;
        } else if let Some((_, counts)) =
            line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        {
            for count in counts.split("; ") {
                let mut words = count.split_whitespace();
                let number = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
                match words.next() {
                    Some("passed") => self.passed += number,
                    Some("failed") => self.failed += number,
                    Some("ignored") => self.skipped += number,
                    _ => {}
                }
            }
        }
    }

    /// The part's final count. A part that failed without a failing test (it did not build, or
    /// died) counts as one failure, so that no failure hides behind a zero.
    pub fn close(self, succeeded: bool) -> Self {
        let n_skipped = self.said_skipped.min(self.passed);
        Self {
            passed: self.passed - n_skipped,
            failed: if succeeded { self.failed } else { self.failed.max(1) },
            skipped: self.skipped + n_skipped,
            said_skipped: 0,
        }
    }

    /// Whether anything failed.
    pub fn is_green(self) -> bool {
        self.failed == 0
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.said_skipped += other.said_skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn count(output: &str, succeeded: bool) -> String {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally.close(succeeded).to_string()
    }

    #[test]
    fn results_of_several_programs_are_summed() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 5 filtered out; finished in 0.01s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 filtered out; finished in 1.2s\n";
        assert_eq!(count(output, false), "15 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn a_test_that_says_it_was_skipped_did_not_pass() {
        let output = "test result: ok. 4 passed; 0 failed; 0 ignored\n    skipped: no page\nSKIPPED this: no page\nskipped_over\n";
        assert_eq!(count(output, true), "2 passed, 0 failed, 2 skipped");
    }

    #[test]
    fn what_did_not_build_counts_as_one_failure() {
        assert_eq!(count("", false), "0 passed, 1 failed, 0 skipped");
        assert_eq!(count("", true), "0 passed, 0 failed, 0 skipped");
    }
}
