//! Readers of single option values, each of whose errors says what is allowed.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

/// A number without fraction or sign that fits `T`.
pub(super) fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| {
        let n_bits = 8 * size_of::<T>() as u32;
        let largest = u64::MAX >> (u64::BITS - n_bits);
        format!("allowed is a whole number from 0 to {largest}")
    })
}

/// A number, with or without a fraction.
pub(super) fn real(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if f64::is_finite(number) => Ok(number),
        _ => Err("allowed is a number such as 0.3 or 1e-3".to_owned()),
    }
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
    use super::{real, whole};

    #[test]
    fn numbers_outside_the_type_are_refused_with_its_range() {
        assert_eq!(whole::<u32>("4294967295"), Ok(u32::MAX), "the largest seed");
        let refused = whole::<u32>("4294967296").unwrap_err();
        assert!(refused.contains("from 0 to 4294967295"), "{refused}");
        assert!(whole::<usize>("-1").is_err() && whole::<usize>("1.5").is_err(), "no sign, no fraction");
        assert_eq!(real("1e-3"), Ok(1e-3));
        for text in ["nan", "inf", "", "0,3"] {
            assert!(real(text).is_err(), "{text:?}");
        }
    }
}
