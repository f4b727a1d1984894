//! Numbers as people read them, the same on the page, in figures, in the verdict and on the command line.
//!
//! Files hold numbers in full precision; nothing here is meant to be read back by a program.

/// A number with four significant digits.
///
/// ```
/// use grokking_lab::format::number;
///
/// assert_eq!([4.7412, 0.012344, 955.21, 3.4121e-7].map(number), ["4.741", "0.01234", "955.2", "3.412e-7"]);
/// ```
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    // The exponent after rounding: 0.99996 is 1.000.
    let scientific = format!("{value:.3e}");
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    match exponent {
        Some(exponent @ -3..5) => format!("{value:.*}", (3 - exponent).max(0) as usize),
        // Also what is infinite or no number.
        _ => scientific,
    }
}

/// A fraction in per cent, to the nearest hundredth. Only the whole is `100 %`: a fraction below 1 is `99.99 %` at
/// most.
///
/// ```
/// use grokking_lab::format::percent;
///
/// assert_eq!([0.93214, 1.0, 0.999999].map(percent), ["93.21 %", "100 %", "99.99 %"]);
/// ```
pub fn percent(fraction: f64) -> String {
    if fraction == 1.0 || !fraction.is_finite() {
        return format!("{} %", 100.0 * fraction);
    }
    let hundredths = (fraction * 1e4).round();
    let hundredths = if fraction < 1.0 { hundredths.min(9_999.0) } else { hundredths };
    format!("{:.2} %", hundredths / 100.0)
}

/// A whole number with its thousands apart.
///
/// ```
/// assert_eq!(grokking_lab::format::count(12_000), "12,000");
/// ```
pub fn count(number: usize) -> String {
    group_thousands(&number.to_string())
}

/// Puts a comma between every three digits before the decimal point.
pub fn group_thousands(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::{count, group_thousands, number, percent};

    #[test]
    fn numbers_keep_four_digits_and_stay_numbers() {
        for (value, text) in [
            (4.7412, "4.741"),
            (0.932_14, "0.9321"),
            (0.012344, "0.01234"),
            (0.001, "0.001000"),
            (0.999_96, "1.000"),
            (26.0, "26.00"),
            (-43.6, "-43.60"),
            (955.16, "955.2"),
            (9_999.6, "10000"),
            (12_345.6, "12346"),
            (123_456.0, "1.235e5"),
            (2.4123e-7, "2.412e-7"),
            (0.0, "0"),
            (-0.0, "0"),
        ] {
            assert_eq!(number(value), text);
            let back: f64 = number(value).parse().expect("a program can read it");
            assert!((back - value).abs() <= 1e-3 * value.abs(), "{text} came back as {back}");
        }
        assert_eq!(
            (number(f64::NAN), number(f64::INFINITY)),
            ("NaN".into(), "inf".into()),
            "nothing is hidden"
        );
    }

    #[test]
    fn only_all_of_them_is_a_hundred_per_cent() {
        for (fraction, text) in [
            (1.0, "100 %"),
            (8938.0 / 8939.0, "99.99 %"),
            (0.999_999, "99.99 %"),
            (0.93205, "93.21 %"),
            (0.29, "29.00 %"),
            (0.0, "0.00 %"),
            (1.25, "125.00 %"),
            (f64::NAN, "NaN %"),
        ] {
            assert_eq!(percent(fraction), text);
        }
    }

    #[test]
    fn thousands_are_grouped_before_the_point_only() {
        for (plain, grouped) in
            [("0", "0"), ("999", "999"), ("12345", "12,345"), ("-1234567.8901", "-1,234,567.8901")]
        {
            assert_eq!(group_thousands(plain), grouped);
        }
        assert_eq!(count(226_816), "226,816");
    }
}
