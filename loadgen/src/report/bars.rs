//! Bars out of block characters, to an eighth of a column.

/// A bar of `value` where `max` fills `width` columns. Whatever is there at all can be seen.
pub(super) fn bar(value: f64, max: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if !(value > 0.0 && max > 0.0) {
        return String::new();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 8 x width")]
    let eighths = ((value / max).min(1.0) * width as f64 * 8.0).round() as usize;
    let eighths = eighths.max(1);
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// A gauge that is full at 1, the rest of it shown as ground.
pub(super) fn gauge(share: f64, width: usize) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to width")]
    let full = (share.clamp(0.0, 1.0) * width as f64).round() as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(width - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        assert_eq!(bar(100.0, 100.0, 4), "████");
        assert_eq!(bar(50.0, 100.0, 5), "██▌");
        assert_eq!(bar(250.0, 100.0, 2), "██");
    }

    #[test]
    fn little_is_more_than_nothing() {
        assert_eq!(bar(0.001, 100.0, 10), "▏");
        assert_eq!(bar(0.0, 100.0, 10), "");
        assert_eq!(bar(f64::NAN, 100.0, 10), "");
    }

    #[test]
    fn a_gauge_shows_what_is_missing() {
        assert_eq!(gauge(0.43, 10), "████░░░░░░");
        assert_eq!(gauge(1.7, 3), "███");
    }
}
