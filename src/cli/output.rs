//! What is printed: results and progress on standard output, errors and notes on standard error.
//!
//! Text of foreign files may hold what steers a terminal: whatever is printed goes through [`printable`].

use std::borrow::Cow;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::error::{LabError, Result};

/// Prints what a command was asked for.
///
/// # Errors
/// [`LabError::File`] if it cannot be written, on a full disk for example. A reader that goes away
/// (`grok … | head`) is no error.
pub(super) fn print_result(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", printable(text)).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(LabError::file("write", "standard output", error))
        }
        _ => Ok(()),
    }
}

/// Prints a line on the progress.
pub(super) fn print_line(text: &str) {
    // A closed pipe or a full disk must not end a run whose files are still being written.
    let _ = writeln!(std::io::stdout().lock(), "{}", printable(text));
}

/// Prints one line on standard error, whatever the message holds.
pub(super) fn print_error(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "error: {}", printable(&one_line(message)));
}

/// Prints one line on standard error that is no error.
pub(super) fn print_note(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "note: {}", printable(&one_line(message)));
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text with every control character but line ends and tabs as JSON writes it (`\u001b`), and so every one
/// that turns the direction of writing: a terminal takes either as a command.
fn printable(text: &str) -> Cow<'_, str> {
    let is_command = |c: char| {
        (c.is_control() && !"\n\t".contains(c))
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_command) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_command(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped.into()
}

/// A path as a shell reads it.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
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
    use std::path::Path;

    use super::{duration_text, one_line, printable, quoted};

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_sent() {
        assert_eq!(printable("tidy, a\tb\nc \u{2264} 3"), "tidy, a\tb\nc \u{2264} 3");
        assert_eq!(printable("a\u{1b}[31m\r\u{9b}2J\u{7f}\0"), r"a\u001b[31m\u000d\u009b2J\u007f\u0000");
        assert_eq!(printable("exe.\u{202e}gnp"), r"exe.\u202egnp");
    }

    #[test]
    fn a_path_survives_the_shell() {
        assert_eq!(quoted(Path::new("runs/a-1")), "runs/a-1");
        assert_eq!(quoted(Path::new("my run's")), r"'my run'\''s'");
    }

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
