//! The value of the Date field.

use std::time::{SystemTime, UNIX_EPOCH};

/// A time in the form of IMF-fixdate (RFC 9110, section 5.6.7). Formatting costs more than looking
/// whether the second has changed, so a loop keeps one and refreshes it.
#[derive(Clone, Debug)]
pub struct Date {
    second: u64,
    text: String,
}

impl Date {
    /// The current time.
    pub fn now() -> Self {
        let mut date = Self { second: u64::MAX, text: String::new() };
        date.refresh();
        date
    }

    /// Moves it to the current time; allocates nothing.
    pub fn refresh(&mut self) {
        use std::fmt::Write as _;

        let now = SystemTime::now();
        let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if second != self.second {
            self.second = second;
            self.text.clear();
            // A String takes all that is written to it.
            let _ = write!(self.text, "{}", httpdate::HttpDate::from(now));
        }
    }

    /// The text, like `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn it_has_the_form_of_imf_fixdate() {
        let date = Date::now();
        assert_eq!(date.as_str().len(), "Sun, 06 Nov 1994 08:49:37 GMT".len());
        assert!(httpdate::parse_http_date(date.as_str()).is_ok());
    }
}
