//! How times, bytes and histograms are written in files, for serde: in nanoseconds, in base64, without loss.

/// A duration in whole nanoseconds.
pub(crate) mod nanos {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::engine::shared::ns;

    pub(crate) fn serialize<S: Serializer>(time: &Duration, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u64(ns(*time))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_nanos)
    }
}

/// The same of one that may be unknown.
pub(crate) mod some_nanos {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::engine::shared::ns;

    #[expect(clippy::ref_option, reason = "serde hands it over so")]
    pub(crate) fn serialize<S: Serializer>(time: &Option<Duration>, out: S) -> Result<S::Ok, S::Error> {
        time.map(ns).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(from)?.map(Duration::from_nanos))
    }
}

/// Bytes in base64.
pub(crate) mod base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// The same of bytes that may not be there.
pub(crate) mod some_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands it over so")]
    pub(crate) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, out: S) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(|bytes| STANDARD.encode(bytes)).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| STANDARD.decode(text).map_err(D::Error::custom)).transpose()
    }
}

/// A histogram as `HdrHistogram`'s programs exchange them: version 2, deflated, in base64.
pub(crate) mod histogram {
    use std::io::{self, Read as _};

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use flate2::read::ZlibDecoder;
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::{Deserializer as Reader, Serializer as _, V2DeflateSerializer};
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::engine::tally::{COARSE_DIGITS, RECORDED_NS_MAX, SIGNIFICANT_DIGITS};

    /// More bytes than the counts of any histogram of ours take: nine for each of some thirty thousand at most.
    const COUNTS_BYTES_MAX: u32 = 4 << 20;

    pub(crate) fn serialize<S: Serializer>(histogram: &Histogram<u64>, out: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(histogram, &mut bytes).map_err(S::Error::custom)?;
        out.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Histogram<u64>, D::Error> {
        let bytes = STANDARD.decode(String::deserialize(from)?).map_err(D::Error::custom)?;
        let broken = |error: &dyn std::fmt::Display| {
            D::Error::custom(format!("a histogram that can't be read: {error}"))
        };
        // The reader makes room for as many counts as it is told of, up to 4 GiB, before it has seen them.
        let told = counts_bytes(&bytes).map_err(|error| broken(&error))?;
        if told > COUNTS_BYTES_MAX {
            return Err(D::Error::custom("a histogram of another program"));
        }
        let read: Histogram<u64> =
            Reader::new().deserialize(&mut bytes.as_slice()).map_err(|error| broken(&error))?;
        // One with other bounds could not be added to those of this program.
        let digits = [SIGNIFICANT_DIGITS, COARSE_DIGITS];
        if (read.low(), read.high()) == (1, RECORDED_NS_MAX) && digits.contains(&read.sigfig()) {
            Ok(read)
        } else {
            Err(D::Error::custom("a histogram of another program"))
        }
    }

    /// How many bytes of counts a histogram says that it has: its second word, behind two that are not deflated. One
    /// that is not deflated at all, which the reader would take as well, is an error.
    fn counts_bytes(bytes: &[u8]) -> io::Result<u32> {
        let deflated = bytes.get(8..).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut words = [0; 8];
        ZlibDecoder::new(deflated).read_exact(&mut words)?;
        let [.., a, b, c, d] = words;
        Ok(u32::from_be_bytes([a, b, c, d]))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use hdrhistogram::Histogram;
    use serde_json::json;

    use crate::engine::{ErrorKind, Errors, Outcome};

    #[test]
    fn an_outcome_is_read_back_as_it_was_written() {
        let mut outcome = Outcome::empty();
        for ns in [1, 1_234_567, 3_600_000_000_000] {
            outcome.latency_ns.record_n(ns, 7).unwrap();
        }
        (outcome.ok, outcome.late) = (21, std::time::Duration::from_nanos(5));
        outcome.errors.add(ErrorKind::WrongBody);
        outcome.statuses.insert(200, 21);
        let written = serde_json::to_value(&outcome).unwrap();
        assert_eq!((&written["errors"], &written["late_ns"]), (&json!({"wrong_body": 1}), &json!(5)));
        let read: Outcome = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(read.latency_ns, outcome.latency_ns);
        assert_eq!((read.ok, read.errors, &read.statuses), (outcome.ok, outcome.errors, &outcome.statuses));
        assert_eq!(serde_json::to_value(&read).unwrap(), written);
        assert_eq!(Errors::default(), serde_json::from_value(json!({})).unwrap());
    }

    #[test]
    fn a_histogram_that_could_not_be_added_is_refused() {
        let mut written = serde_json::to_value(Outcome::empty()).unwrap();
        let mut refused = |text: String| {
            written["latency_ns"] = text.into();
            serde_json::from_value::<Outcome>(written.clone()).unwrap_err().to_string()
        };
        for (low, high, digits) in
            [(1, 1 << 50, 3), (1 << 30, 3_600_000_000_000, 5), (1, 3_600_000_000_000, 1)]
        {
            let other = Histogram::new_with_bounds(low, high, digits).unwrap();
            assert!(refused(crate::report::hlog::encoded(&other)).contains("another program"));
        }
        let mut deflated = ZlibEncoder::new(Vec::new(), Compression::fast());
        deflated.write_all(&[0x1c, 0x84, 0x93, 0x13, 0x7f, 0xff, 0xff, 0xff]).unwrap();
        let deflated = deflated.finish().unwrap();
        let length = u32::try_from(deflated.len()).unwrap().to_be_bytes();
        let two_gib = [&[0x1c, 0x84, 0x93, 0x14], &length[..], &deflated].concat();
        assert!(refused(STANDARD.encode(two_gib)).contains("another program"));
        // The same without deflating it.
        let mut plain = vec![0x1c, 0x84, 0x93, 0x13, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 3];
        for word in [1, 3_600_000_000_000, 1.0_f64.to_bits()] {
            plain.extend(word.to_be_bytes());
        }
        assert!(refused(STANDARD.encode(plain)).contains("can't be read"));
        assert!(refused("AAAA".into()).contains("can't be read"));
        assert!(refused("no base64!".into()).contains("Invalid"));
    }
}
