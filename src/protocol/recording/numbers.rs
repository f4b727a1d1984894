//! Structured data apart from its numbers: a skeleton as JSON, the numbers as streams of bytes.
//!
//! Numbers of one kind lie together, so that what is alike stands side by side and compresses. Integers are
//! exact; floats keep three or four significant decimal digits, and come back as the float nearest to them.

use serde_json::{Map, Number, Value};

use super::container::wrong;
use crate::error::{LabError, Result};

/// How exact a float stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digits {
    /// Three significant digits: 0.5 % at worst.
    Three,
    /// Four: 0.05 % at worst.
    Four,
}

/// The numbers that were taken out, kind by kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct NumericStreams<T> {
    /// Integers, seven bits a byte, lowest first; of signed ones every second number.
    pub(super) integers: T,
    /// Decimal exponents, in the same form.
    pub(super) exponents: T,
    /// For three digits: the mantissa's code, high bytes.
    pub(super) high_three: T,
    /// Low bytes.
    pub(super) low_three: T,
    /// For four digits.
    pub(super) high_four: T,
    /// Low bytes.
    pub(super) low_four: T,
}

impl<T> NumericStreams<T> {
    /// The streams in the order in which they are stored.
    pub(super) fn each(&self) -> [&T; 6] {
        [&self.integers, &self.exponents, &self.high_three, &self.low_three, &self.high_four, &self.low_four]
    }

    /// The streams from their stored order.
    pub(super) fn from_each(streams: [T; 6]) -> Self {
        let [integers, exponents, high_three, low_three, high_four, low_four] = streams;
        Self { integers, exponents, high_three, low_three, high_four, low_four }
    }
}

/// In a skeleton, text that begins so stands for numbers: `#i`, `#3`, `#4`, or `#3:113` for a list of 113.
const MARK: char = '#';

impl NumericStreams<Vec<u8>> {
    /// Takes the numbers out of a value; floats in lists longer than `long` keep three digits, others four.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) for a number that is not finite (JSON has none,
    /// and serde makes it null) or a text that looks like a mark.
    pub(super) fn take_from(&mut self, value: &Value, long: usize) -> Result<Value> {
        Ok(match value {
            Value::Null => {
                return Err(not_finite());
            }
            Value::Bool(_) => value.clone(),
            Value::String(text) if text.starts_with(MARK) => {
                return Err(wrong(format!("the text {text:?} cannot be recorded: it begins with {MARK}")));
            }
            Value::String(_) => value.clone(),
            Value::Number(number) => Value::String(format!("{MARK}{}", self.push(number, Digits::Four)?)),
            Value::Array(items) => match plain_numbers(items) {
                Some(numbers) => {
                    let digits = if items.len() > long { Digits::Three } else { Digits::Four };
                    let kinds = numbers.iter().map(|n| self.push(n, digits)).collect::<Result<Vec<_>>>()?;
                    Value::String(format!("{MARK}{}:{}", kinds[0], kinds.len()))
                }
                None => {
                    let items = items.iter().map(|item| self.take_from(item, long));
                    Value::Array(items.collect::<Result<_>>()?)
                }
            },
            Value::Object(fields) => {
                // In the order of their names: whether a map remembers another one differs between builds.
                let mut names: Vec<&String> = fields.keys().collect();
                names.sort();
                let fields = names.into_iter().map(|name| {
                    let taken = self.take_from(&fields[name.as_str()], long)?;
                    Ok((name.clone(), taken))
                });
                Value::Object(fields.collect::<Result<Map<_, _>>>()?)
            }
        })
    }

    fn push(&mut self, number: &Number, digits: Digits) -> Result<char> {
        if let Some(integer) = number.as_i64().filter(|_| !number.is_f64()) {
            push_integer(&mut self.integers, integer);
            return Ok('i');
        }
        let (exponent, code) = match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => code_of(float, digits)?,
            None => return Err(wrong(format!("the number {number} is too large to be recorded"))),
        };
        push_integer(&mut self.exponents, i64::from(exponent));
        let [high, low] = code.to_be_bytes();
        let (highs, lows, kind) = match digits {
            Digits::Three => (&mut self.high_three, &mut self.low_three, '3'),
            Digits::Four => (&mut self.high_four, &mut self.low_four, '4'),
        };
        highs.push(high);
        lows.push(low);
        Ok(kind)
    }
}

/// The list if it holds numbers alone, all integers or all floats.
fn plain_numbers(items: &[Value]) -> Option<Vec<&Number>> {
    let numbers: Vec<&Number> = items.iter().map(Value::as_number).collect::<Option<_>>()?;
    let first = numbers.first()?;
    numbers.iter().all(|number| number.is_f64() == first.is_f64()).then_some(numbers)
}

impl NumericStreams<&[u8]> {
    /// Puts numbers back into a skeleton, and moves on behind them.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if a stream ends early or a mark is unknown.
    pub(super) fn put_into(&mut self, skeleton: &Value) -> Result<Value> {
        Ok(match skeleton {
            Value::String(text) => match text.strip_prefix(MARK) {
                None => skeleton.clone(),
                Some(mark) => match mark.split_once(':') {
                    None => Value::Number(self.next(mark)?),
                    Some((kind, len)) => {
                        let len: usize =
                            len.parse().map_err(|_| wrong(format!("a list of {len:?} numbers")))?;
                        // A number takes at least a byte of some stream.
                        let most = self.each().into_iter().map(|stream| stream.len()).max().unwrap_or(0);
                        if len > most {
                            return Err(wrong(format!("a list of {len} numbers, where {most} are left")));
                        }
                        let numbers = (0..len).map(|_| Ok(Value::Number(self.next(kind)?)));
                        Value::Array(numbers.collect::<Result<_>>()?)
                    }
                },
            },
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.put_into(item)).collect::<Result<_>>()?)
            }
            Value::Object(fields) => {
                let mut names: Vec<&String> = fields.keys().collect();
                names.sort();
                let fields =
                    names.into_iter().map(|name| Ok((name.clone(), self.put_into(&fields[name.as_str()])?)));
                Value::Object(fields.collect::<Result<Map<_, _>>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => skeleton.clone(),
        })
    }

    fn next(&mut self, kind: &str) -> Result<Number> {
        if kind == "i" {
            return Ok(next_integer(&mut self.integers)?.into());
        }
        let (highs, lows, digits) = match kind {
            "3" => (&mut self.high_three, &mut self.low_three, Digits::Three),
            "4" => (&mut self.high_four, &mut self.low_four, Digits::Four),
            _ => return Err(wrong(format!("numbers of an unknown kind {kind:?}"))),
        };
        let code = u16::from_be_bytes([next_byte(highs)?, next_byte(lows)?]);
        let exponent = next_integer(&mut self.exponents)?;
        float_of(exponent, code, digits)
            .and_then(Number::from_f64)
            .ok_or_else(|| wrong(format!("a float of code {code} and exponent {exponent}")))
    }
}

impl Digits {
    /// The least mantissa with as many digits.
    fn unit(self) -> u16 {
        match self {
            Self::Three => 100,
            Self::Four => 1000,
        }
    }

    fn after_the_first(self) -> i64 {
        match self {
            Self::Three => 2,
            Self::Four => 3,
        }
    }
}

/// The decimal exponent of a finite float, and its mantissa as a code: above 9 units the number is negative,
/// 18 units are zero.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) if it is not finite.
fn code_of(float: f64, digits: Digits) -> Result<(i32, u16)> {
    let unit = digits.unit();
    if float == 0.0 {
        return Ok((0, 18 * unit));
    }
    if !float.is_finite() {
        return Err(not_finite());
    }
    let text = format!("{:.*e}", digits.after_the_first() as usize, float.abs());
    let (mantissa, exponent) = text.split_once('e').expect("the format has an exponent");
    let mantissa: u16 = mantissa.replace('.', "").parse().expect("three or four digits");
    let exponent = exponent.parse().expect("the exponent of a float");
    Ok((exponent, mantissa - unit + if float < 0.0 { 9 * unit } else { 0 }))
}

/// The numbers of one forward pass of weights that have run away.
pub(super) fn not_finite() -> LabError {
    wrong("a number to be recorded is infinite or undefined: the weights are too large to be recorded")
}

fn float_of(exponent: i64, code: u16, digits: Digits) -> Option<f64> {
    let unit = digits.unit();
    let (sign, mantissa) = match code / (9 * unit) {
        0 => ("", code + unit),
        1 => ("-", code - 9 * unit + unit),
        _ if code == 18 * unit => return Some(0.0),
        _ => return None,
    };
    let exponent = exponent.checked_sub(digits.after_the_first())?;
    // Through text: the nearest float, as a reader of the digits would have it.
    format!("{sign}{mantissa}e{exponent}").parse().ok()
}

/// A float as it will come back with four digits.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) if it is not finite.
pub(super) fn rounded(float: f64) -> Result<f64> {
    let (exponent, code) = code_of(float, Digits::Four)?;
    // The largest floats have none with four digits above them.
    float_of(i64::from(exponent), code, Digits::Four).filter(|float| float.is_finite()).ok_or_else(not_finite)
}

fn push_integer(stream: &mut Vec<u8>, integer: i64) {
    // 0, -1, 1, -2, … become 0, 1, 2, 3, …: small numbers of either sign take one byte.
    let mut rest = ((integer << 1) ^ (integer >> 63)) as u64;
    while rest >= 0x80 {
        stream.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    stream.push(rest as u8);
}

fn next_integer(stream: &mut &[u8]) -> Result<i64> {
    let mut bits = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = next_byte(stream)?;
        bits |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok((bits >> 1) as i64 ^ -((bits & 1) as i64));
        }
    }
    Err(wrong("an integer of more than 64 bits"))
}

fn next_byte(stream: &mut &[u8]) -> Result<u8> {
    let (&first, rest) = stream.split_first().ok_or_else(|| wrong("it ends in the middle of its numbers"))?;
    *stream = rest;
    Ok(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{NumericStreams, rounded};

    fn back(streams: &NumericStreams<Vec<u8>>) -> NumericStreams<&[u8]> {
        NumericStreams::from_each(streams.each().map(Vec::as_slice))
    }

    #[test]
    fn structure_and_integers_come_back_exactly_and_floats_to_their_digits() {
        let value = json!({
            "b": [0.123456, -98765.4321, 1e-300, 0.0], "a": {"n": 12345678901_i64, "m": -3, "name": "cos"},
            "long": [1.23456, 9.9996, -2.0, 3.0], "mixed": [1, 2.5, [true]], "empty": [], "steps": [0, 100],
        });
        let mut streams = NumericStreams::default();
        let skeleton = streams.take_from(&value, 3).unwrap();
        let mut reader = back(&streams);
        let expected = json!({
            "b": [0.123, -98800.0, 1e-300, 0.0], "a": {"n": 12345678901_i64, "m": -3, "name": "cos"},
            "long": [1.23, 10.0, -2.0, 3.0], "mixed": [1, 2.5, [true]], "empty": [], "steps": [0, 100],
        });
        assert_eq!(reader.put_into(&skeleton).unwrap(), expected);
        assert!(reader.each().iter().all(|stream| stream.is_empty()), "all was read: {reader:?}");
        assert_eq!(rounded(0.123_456), Ok(0.1235), "four digits");
        assert_eq!(rounded(-9.999_96e17), Ok(-1e18), "a carry into the next power");
    }

    #[test]
    fn what_cannot_come_back_is_refused() {
        for value in [json!(null), json!("#i"), json!([f64::NAN]), json!(u64::MAX)] {
            assert!(NumericStreams::default().take_from(&value, 3).is_err(), "{value}");
        }
        for float in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MAX] {
            let error = rounded(float).unwrap_err().to_string();
            assert!(error.contains("infinite or undefined"), "{float}: {error}");
        }
    }

    #[test]
    fn streams_that_end_early_and_unknown_marks_are_errors() {
        for skeleton in
            ["#i", "#3", "#4", "#x", "#", "#3:99999999999", "#i:4", "#4:-1", "#3:99999999999999999999"]
        {
            let mut reader = NumericStreams::from_each([&[0x80_u8][..]; 6]);
            assert!(reader.put_into(&json!(skeleton)).is_err(), "{skeleton}");
        }
    }
}
