//! Words to the user: results on standard output, complaints on standard error.
//!
//! A reader that goes away (`grok … | head`) is no error.

use std::io::Write;

/// Prints a line of results.
pub(super) fn say(text: &str) {
    // A closed pipe must not end a run whose files are still being written.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints one line on standard error, whatever the message holds.
pub(super) fn complain(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "error: {}", one_line(message));
}

/// Prints a remark on standard error.
pub(super) fn remark(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "note: {}", one_line(message));
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A duration as one would say it: `4.2 s`, `12 min 30 s`, `2 h 05 min`.
pub(super) fn duration_text(secs: f64) -> String {
    let whole = secs.round() as u64;
    match whole {
        0..10 => format!("{secs:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::{duration_text, one_line};

    #[test]
    fn a_message_is_one_line_whatever_it_holds() {
        assert_eq!(one_line("cannot read a\nb:\r\n  gone"), "cannot read a b: gone");
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(duration_text(4.24), "4.2 s");
        assert_eq!(duration_text(750.0), "12 min 30 s");
        assert_eq!(duration_text(7500.0), "2 h 05 min");
    }
}
