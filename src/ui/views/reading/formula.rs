//! Formulas: a small tree of symbols, drawn as MathML.

use leptos::math as mathml;
use leptos::prelude::*;

/// A formula or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Formula {
    /// A variable, or the name of a function.
    Name(&'static str),
    /// A number.
    Number(&'static str),
    /// An operator, a bracket or a comma.
    Sign(&'static str),
    /// Words.
    Words(&'static str),
    /// One after the other.
    Row(Vec<Formula>),
    /// The base and what stands below it to the right.
    Below(Box<[Formula; 2]>),
    /// The base and what stands above it to the right.
    Above(Box<[Formula; 2]>),
    /// The base, below, above.
    BelowAbove(Box<[Formula; 3]>),
    /// A sum sign with what stands under it.
    SumOver(Box<Formula>),
    /// Numerator and denominator.
    Fraction(Box<[Formula; 2]>),
    /// A square root.
    Root(Box<Formula>),
    /// One under the other.
    Lines(Vec<Formula>),
}

/// A text stands for what its first character is: digits for a number, a letter for a name, all else
/// for a sign.
impl From<&'static str> for Formula {
    fn from(text: &'static str) -> Self {
        match text.chars().next() {
            Some(first) if first.is_ascii_digit() => Self::Number(text),
            Some(first) if first.is_alphabetic() => Self::Name(text),
            _ => Self::Sign(text),
        }
    }
}

/// Parts in a row: `row!["a", "+", "b"]`.
macro_rules! row {
    ($($part:expr),* $(,)?) => {
        $crate::ui::views::reading::formula::Formula::Row(vec![
            $($crate::ui::views::reading::formula::Formula::from($part)),*
        ])
    };
}
pub(super) use row;

/// Words among symbols.
pub(super) fn words(text: &'static str) -> Formula {
    Formula::Words(text)
}

/// `base` with a subscript.
pub(super) fn sub(base: impl Into<Formula>, below: impl Into<Formula>) -> Formula {
    Formula::Below(Box::new([base.into(), below.into()]))
}

/// `base` with a superscript.
pub(super) fn sup(base: impl Into<Formula>, above: impl Into<Formula>) -> Formula {
    Formula::Above(Box::new([base.into(), above.into()]))
}

/// `base` with both.
pub(super) fn subsup(
    base: impl Into<Formula>,
    below: impl Into<Formula>,
    above: impl Into<Formula>,
) -> Formula {
    Formula::BelowAbove(Box::new([base.into(), below.into(), above.into()]))
}

/// The sum over `under`.
pub(super) fn sum(under: impl Into<Formula>) -> Formula {
    Formula::SumOver(Box::new(under.into()))
}

/// `above` over `below`.
pub(super) fn frac(above: impl Into<Formula>, below: impl Into<Formula>) -> Formula {
    Formula::Fraction(Box::new([above.into(), below.into()]))
}

/// The square root of `inside`.
pub(super) fn root(inside: impl Into<Formula>) -> Formula {
    Formula::Root(Box::new(inside.into()))
}

/// A formula that is too long for one line of a narrow page.
pub(super) fn lines<const N: usize>(lines: [Formula; N]) -> Formula {
    Formula::Lines(lines.into())
}

/// `w_k`, the angle per unit of frequency k.
pub(super) fn w_k() -> Formula {
    sub("w", "k")
}

/// A function of something in brackets: `cos(…)`.
pub(super) fn of(function: impl Into<Formula>, argument: impl Into<Formula>) -> Formula {
    Formula::Row(vec![function.into(), "(".into(), argument.into(), ")".into()])
}

impl Formula {
    /// The formula within a line of text.
    pub(super) fn inline(&self) -> AnyView {
        mathml::math().child(self.draw()).into_any()
    }

    /// The formula on a line of its own.
    pub(super) fn display(&self) -> AnyView {
        mathml::math().display("block").child(self.draw()).into_any()
    }

    fn draw(&self) -> AnyView {
        match self {
            Self::Name(name) => mathml::mi().child(*name).into_any(),
            Self::Number(digits) => mathml::mn().child(*digits).into_any(),
            Self::Sign(sign) => mathml::mo().child(*sign).into_any(),
            Self::Words(words) => mathml::mtext().child(*words).into_any(),
            Self::Row(parts) => mathml::mrow().child(draw_all(parts)).into_any(),
            Self::Below(parts) => mathml::msub().child(draw_all(&parts[..])).into_any(),
            Self::Above(parts) => mathml::msup().child(draw_all(&parts[..])).into_any(),
            Self::BelowAbove(parts) => mathml::msubsup().child(draw_all(&parts[..])).into_any(),
            Self::SumOver(under) => {
                mathml::munder().child([mathml::mo().child("∑").into_any(), under.draw()]).into_any()
            }
            Self::Fraction(parts) => mathml::mfrac().child(draw_all(&parts[..])).into_any(),
            Self::Root(inside) => mathml::msqrt().child(inside.draw()).into_any(),
            Self::Lines(lines) => {
                let line = |formula: &Self| {
                    mathml::mtr().child(mathml::mtd().child(formula.draw()).into_any()).into_any()
                };
                mathml::mtable().child(lines.iter().map(line).collect::<Vec<_>>()).into_any()
            }
        }
    }
}

fn draw_all(parts: &[Formula]) -> Vec<AnyView> {
    parts.iter().map(Formula::draw).collect()
}

#[cfg(test)]
mod tests {
    use super::Formula;

    #[test]
    fn a_text_is_read_by_its_first_character() {
        assert_eq!(Formula::from("113"), Formula::Number("113"));
        assert_eq!(Formula::from("cos"), Formula::Name("cos"));
        assert_eq!(Formula::from("α"), Formula::Name("α"));
        assert_eq!(Formula::from("("), Formula::Sign("("));
        assert_eq!(Formula::from("−"), Formula::Sign("−"));
    }
}
