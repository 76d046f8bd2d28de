//! The value of the Date field.

use std::cell::Cell;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// A time in the form of IMF-fixdate (RFC 9110, section 5.6.7). Formatting costs more than looking
/// whether the second has changed, so a loop keeps one and refreshes it.
#[derive(Clone, Copy, Debug)]
pub struct Date {
    second: u64,
    text: [u8; IMF_FIXDATE_BYTES],
}

/// The length of `Sun, 06 Nov 1994 08:49:37 GMT`, and of every other one.
const IMF_FIXDATE_BYTES: usize = 29;

impl Date {
    /// The current time, formatted anew once a second on each thread.
    pub fn now() -> Self {
        thread_local! {
            static LAST: Cell<Date> = const { Cell::new(Date::NEVER) };
        }
        let mut date = LAST.get();
        if date.refresh() {
            LAST.set(date);
        }
        date
    }

    const NEVER: Self = Self { second: u64::MAX, text: [b' '; IMF_FIXDATE_BYTES] };

    /// Moves it to the current time, and says whether that is another second; allocates nothing.
    pub fn refresh(&mut self) -> bool {
        let now = SystemTime::now();
        let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let is_another = second != self.second;
        if is_another {
            self.second = second;
            // There is room for all of it.
            let _ = write!(&mut self.text[..], "{}", httpdate::HttpDate::from(now));
        }
        is_another
    }

    /// The text, like `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    fn has_the_form(date: &Date) -> bool {
        str::from_utf8(date.as_bytes()).is_ok_and(|text| httpdate::parse_http_date(text).is_ok())
    }

    #[test]
    fn it_has_the_form_of_imf_fixdate() {
        assert!(has_the_form(&Date::now()));
    }

    #[test]
    fn it_moves_on_with_the_second() {
        let mut date = Date { second: 784_111_777, ..Date::NEVER };
        assert!(date.refresh(), "1994 is over");
        assert!(has_the_form(&date));
    }
}
