//! Readers of single option values, each of whose errors says what is allowed.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use crate::config::MAX_P;

/// A number without fraction or sign that fits `T`.
pub(super) fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| {
        let n_bits = 8 * size_of::<T>() as u32;
        if n_bits == u64::BITS {
            return "allowed is a whole number without a sign".to_owned();
        }
        format!("allowed is a whole number from 0 to {}", (1_u64 << n_bits) - 1)
    })
}

/// A modulus; whether it is a prime is checked with the other settings.
pub(super) fn modulus(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("allowed is an odd prime from 3 to {MAX_P}"))
}

/// A number, with or without a fraction.
pub(super) fn real(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if f64::is_finite(number) => Ok(number),
        _ => Err("allowed is a number such as 0.3 or 1e-3".to_owned()),
    }
}

/// A share of the whole.
pub(super) fn fraction(text: &str) -> Result<f64, String> {
    real(text).map_err(|_| "allowed is a number strictly between 0 and 1".to_owned())
}

/// One of a few names, read as the configuration's own serde names.
pub(super) fn choice<T>(names: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| {
        let name: StrDeserializer<'_, ValueError> = name.as_str().into_deserializer();
        T::deserialize(name)
    })
}

#[cfg(test)]
mod tests {
    use super::{fraction, modulus, real, whole};

    #[test]
    fn numbers_outside_the_type_are_refused_with_its_range() {
        assert_eq!(whole::<u32>("4294967295"), Ok(u32::MAX), "the largest seed");
        let refused = whole::<u32>("4294967296").unwrap_err();
        assert!(refused.contains("from 0 to 4294967295"), "{refused}");
        assert!(whole::<usize>("-1").is_err() && whole::<usize>("1.5").is_err(), "no sign, no fraction");
        assert_eq!(real("1e-3"), Ok(1e-3));
        assert_eq!((modulus("113"), fraction("0.3")), (Ok(113), Ok(0.3)));
        assert!(modulus("x").unwrap_err().contains("odd prime") && fraction("x").is_err());
        for text in ["nan", "inf", "", "0,3"] {
            assert!(real(text).is_err(), "{text:?}");
        }
    }
}
