//! Numbers as the page writes them: those that figures and files have too, times, rates and sizes.

pub use crate::format::{count, number, percent};

/// A phrase with a large first letter, as labels have it.
pub fn capitalised(phrase: &str) -> String {
    let mut letters = phrase.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

/// A length in CSS pixels, as a style has it.
pub fn px(pixels: f64) -> String {
    format!("{pixels:.1}px")
}

/// Updates per second with three significant digits.
pub fn rate(steps_per_s: f64) -> String {
    let decimals = if steps_per_s >= 100.0 {
        0
    } else if steps_per_s >= 10.0 {
        1
    } else {
        2
    };
    format!("{steps_per_s:.decimals$} steps/s")
}

/// A length of time in its two largest units: `48 s`, `3 min 20 s`, `2 h 05 min`.
pub fn duration(secs: f64) -> String {
    let secs = secs.clamp(0.0, 1e9).round() as u64;
    let (days, hours, minutes) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{secs} s"),
        (0, 0, _) => format!("{minutes} min {:02} s", secs % 60),
        (0, ..) => format!("{hours} h {minutes:02} min"),
        _ => format!("{days} d {hours:02} h"),
    }
}

/// A size: `512 B`, `37.4 kB`, `2.13 GB`.
pub fn bytes(n_bytes: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = n_bytes.max(0.0);
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = match value {
        _ if unit == 0 || value >= 99.95 => 0,
        value if value >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::{bytes, capitalised, duration, rate};

    #[test]
    fn times_show_their_two_largest_units() {
        for (secs, text) in [
            (0.4, "0 s"),
            (59.6, "1 min 00 s"),
            (200.0, "3 min 20 s"),
            (7_500.0, "2 h 05 min"),
            (90_000.0, "1 d 01 h"),
        ] {
            assert_eq!(duration(secs), text, "{secs} s");
        }
        assert_eq!(duration(f64::INFINITY), duration(1e9), "no overflow");
    }

    #[test]
    fn sizes_keep_three_digits() {
        for (n, text) in [
            (0.0, "0 B"),
            (512.0, "512 B"),
            (37_400.0, "37.4 kB"),
            (999_499.0, "999 kB"),
            (999_600.0, "1.00 MB"),
            (2.13e9, "2.13 GB"),
            (5e15, "5000 TB"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }

    #[test]
    fn labels_begin_large() {
        assert_eq!((capitalised("test loss"), capitalised("")), ("Test loss".into(), String::new()));
    }

    #[test]
    fn rates_keep_three_digits() {
        assert_eq!(rate(10.24), "10.2 steps/s");
        assert_eq!(rate(0.357), "0.36 steps/s");
        assert_eq!(rate(2154.0), "2154 steps/s");
    }
}
