//! Numbers as people read them.

/// What stands where nothing was measured.
pub const NONE: &str = "–";

/// A whole number with commas, one decimal below 100.
pub fn rate(value: f64) -> String {
    if value.abs() < 99.95 { format!("{value:.1}") } else { thousands(&format!("{value:.0}")) }
}

/// A count with commas.
pub fn count(value: u64) -> String {
    thousands(&value.to_string())
}

fn thousands(digits: &str) -> String {
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How often something happens per request: a whole number where it is one, so that 0 means never.
pub fn per_request(count: f64) -> String {
    if count.fract() == 0.0 { format!("{count:.0}") } else { format!("{count:.2}") }
}

/// Microseconds per request, with three digits: many are small, and are compared.
pub fn micros(us: f64) -> String {
    format!("{} µs", digits(us))
}

/// The same without the unit.
pub fn digits(us: f64) -> String {
    let decimals = decimals(us);
    format!("{us:.decimals$}")
}

/// How many decimals make three digits.
pub fn decimals(us: f64) -> usize {
    match us {
        ..1.0 => 3,
        ..10.0 => 2,
        _ => 1,
    }
}

/// A duration in the unit that leaves it between 1 and 1,000, with three digits.
pub fn duration(ns: u64) -> String {
    let (value, unit) = match ns {
        0..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => (ns as f64 / 1e3, "µs"),
        1_000_000..1_000_000_000 => (ns as f64 / 1e6, "ms"),
        _ => (ns as f64 / 1e9, "s"),
    };
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$} {unit}")
}

/// A share in percent, without decimals.
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A success rate, cut and not rounded: 100 % means all of them.
pub fn success(share: f64) -> String {
    if share >= 1.0 {
        return "100 %".into();
    }
    format!("{:.2} %", (share * 10_000.0).floor() / 100.0)
}

/// How many times as fast.
pub fn times(factor: f64) -> String {
    if factor < 99.95 { format!("{factor:.1}x") } else { format!("{}x", rate(factor)) }
}

/// Memory in MiB, or in GiB where that is ten or more.
pub fn memory(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    if mebibytes < 10_240.0 {
        format!("{mebibytes:.1} MiB")
    } else {
        format!("{:.0} GiB", mebibytes / 1024.0)
    }
}

/// Memory that came, or went, with its sign.
pub fn growth(bytes: i64) -> String {
    let sign = match bytes {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", memory(bytes.unsigned_abs()))
}

/// `value` as `show` prints it, or a dash.
pub fn or_none<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| NONE.into(), show)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_told_apart_from_nearly_never() {
        assert_eq!([0.0, 3.0, 0.004, 2.256].map(per_request), ["0", "3", "0.00", "2.26"]);
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(rate(7877.4), "7,877");
        assert_eq!(rate(1_234_567.0), "1,234,567");
        assert_eq!((rate(459.0), rate(45.94)), ("459".into(), "45.9".into()));
        assert_eq!((count(999), count(1000)), ("999".into(), "1,000".into()));
        assert_eq!((times(17.16), times(1234.0)), ("17.2x".into(), "1,234x".into()));
        assert_eq!([3 << 19, 0, -(1 << 20)].map(growth), ["+1.5 MiB", "0.0 MiB", "-1.0 MiB"]);
        assert_eq!((memory(3 << 19), memory(24 << 30)), ("1.5 MiB".into(), "24 GiB".into()));
    }

    #[test]
    fn costs_keep_three_digits() {
        assert_eq!(
            [0.3771, 4.7218, 33.41, 412.04].map(micros),
            ["0.377 µs", "4.72 µs", "33.4 µs", "412.0 µs"]
        );
    }

    #[test]
    fn durations_keep_three_digits() {
        let shown = [950, 2_180_000, 41_300, 2_200_000_000, 230_000_000].map(duration);
        assert_eq!(shown, ["950 ns", "2.18 ms", "41.3 µs", "2.20 s", "230 ms"]);
    }

    #[test]
    fn only_all_of_them_are_100_percent() {
        assert_eq!(success(1.0), "100 %");
        assert_eq!(success(0.999_999), "99.99 %");
        assert_eq!((success(0.0), percent(0.862)), ("0.00 %".into(), "86 %".into()));
    }
}
