//! What a phase may be called: its folder, its package, its program and the argument of `loadgen serve` are one name.

use std::fmt;

/// The lab's own phases come before this one.
const NUMBER_MIN: u8 = 5;
/// Two digits are all that tables and pictures have room for.
const NUMBER_MAX: u8 = 99;
/// A longer name leaves a table on a terminal no room for its numbers.
const WORD_BYTES_MAX: usize = 20;
/// Words that mean something else wherever rows are named.
const RESERVED: [&str; 2] = ["canned", "target"];

/// A name that a phase may have, `phase5-mine`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(super) number: u8,
    pub(super) word: String,
}

impl Name {
    /// Reads one for a phase that is to be made.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some(name) = Self::of_any(text) else {
            return Err(
                "a phase is called phaseN-word, such as phase5-mine: N is its place in the climb, and the \
                        word is of lowercase letters and digits, with single hyphens in it if it has to be"
                    .into(),
            );
        };
        let Self { number, word } = &name;
        if *number < NUMBER_MIN {
            return Err(format!("phases 0 to 4 are the lab's own; yours begin at phase{NUMBER_MIN}-{word}"));
        }
        if *number > NUMBER_MAX {
            return Err(format!("{number} is too high a number; {NUMBER_MAX} is the highest"));
        }
        if word.len() > WORD_BYTES_MAX {
            return Err(format!("'{word}' is too long; {WORD_BYTES_MAX} letters are the most"));
        }
        if RESERVED.contains(&word.as_str()) {
            return Err(format!("'{word}' is reserved: in a report it is something else; take another word"));
        }
        Ok(name)
    }

    /// The name of any phase there may be, the lab's own among them.
    pub(super) fn of_any(text: &str) -> Option<Self> {
        let (digits, word) = text.strip_prefix("phase")?.split_once('-')?;
        let number: u8 = digits.parse().ok()?;
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let is_word =
            word.starts_with(|first: char| first.is_ascii_lowercase()) && word.split('-').all(is_part);
        // Not +5, nor 05.
        (is_word && number.to_string() == digits).then(|| Self { number, word: word.to_owned() })
    }

    /// The lowest number that a phase of that word can still have; `None` where all are taken.
    pub(super) fn first_free(word: &str, known: &[Self]) -> Option<Self> {
        let is_free = |number: &u8| known.iter().all(|known| known.number != *number);
        let number = (NUMBER_MIN..=NUMBER_MAX).find(is_free)?;
        Some(Self { number, word: word.to_owned() })
    }

    /// What Rust calls the crate.
    pub(super) fn ident(&self) -> String {
        self.to_string().replace('-', "_")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "phase{}-{}", self.number, self.word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_number_and_a_word() {
        for text in ["phase5-mine", "phase12-io-uring", "phase99-x2"] {
            assert_eq!(Name::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Name::parse("phase12-io-uring").unwrap().ident(), "phase12_io_uring");
    }

    #[test]
    fn the_first_free_number_fills_a_gap() {
        let known =
            ["phase4-keepalive", "phase5-mine", "phase7-late"].map(|name| Name::of_any(name).unwrap());
        assert_eq!(Name::first_free("x", &known).unwrap().to_string(), "phase6-x");
        assert_eq!(Name::first_free("x", &known[..1]).unwrap().to_string(), "phase5-x");
        let all: Vec<_> = (5..=99).map(|number| Name { number, word: "x".into() }).collect();
        assert_eq!(Name::first_free("x", &all), None);
    }

    #[test]
    fn what_no_phase_can_be_called_is_refused_with_the_reason() {
        for text in [
            "",
            "mine",
            "phase5",
            "phase5-",
            "phase-mine",
            "phase5_mine",
            "Phase5-mine",
            "phase5-Mine",
            "phase05-mine",
            "phase+5-mine",
            "phase5-2nd",
            "phase5--mine",
            "phase5-mine-",
            "phase5-mine/..",
            "../phase5-mine",
            "phase5-m\u{fc}",
            "phase5-a b",
            "phase300-mine",
            "loadgen",
            "canned",
        ] {
            assert!(Name::parse(text).unwrap_err().contains("phaseN-word"), "{text}");
        }
        for (text, why) in [
            ("phase4-mine", "yours begin at phase5-mine"),
            ("phase0-serial", "the lab's own"),
            ("phase100-mine", "99 is the highest"),
            ("phase5-canned", "reserved"),
            ("phase5-antidisestablishmentarianism", "too long"),
        ] {
            assert!(Name::parse(text).unwrap_err().contains(why), "{text}");
        }
    }
}
