//! The flags that say what the right answer is.

use super::AttackError;
use super::body;
use crate::engine::Expect;

/// What a response has to look like to count as answered.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct ExpectArgs {
    /// The only status that counts as answered [default: any from 200 to 399]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(200..=999))]
    expect_status: Option<u16>,
    /// The only body that counts as answered, or @FILE that holds it; any other has failed
    #[arg(long, value_name = "TEXT|@FILE")]
    expect_body: Option<String>,
}

impl ExpectArgs {
    /// What they ask for, of the answer to a request with this method.
    pub(super) fn expect(&self, method: &str) -> Result<Expect, AttackError> {
        let refuse = |text: &str| Err(AttackError::Argument(text.to_owned()));
        let body = match self.expect_body.as_deref() {
            Some(_) if method == "HEAD" => {
                return refuse("--expect-body with -m HEAD: the answer to a HEAD has no body");
            }
            Some("@-") => {
                return refuse("--expect-body @-: standard input is for the request (-b @-); use @FILE");
            }
            Some(text) => Some(body::read("--expect-body", text)?),
            None => None,
        };
        Ok(Expect { status: self.expect_status, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expect(status: Option<u16>, body: Option<&str>, method: &str) -> Result<Expect, AttackError> {
        ExpectArgs { expect_status: status, expect_body: body.map(str::to_owned) }.expect(method)
    }

    #[test]
    fn any_answer_is_right_unless_the_flags_say_which() {
        assert_eq!(expect(None, None, "GET").unwrap(), Expect::default());
        let teapot = expect(Some(418), Some("short and stout"), "GET").unwrap();
        assert_eq!(teapot, Expect { status: Some(418), body: Some(b"short and stout".to_vec()) });
        // No body at all can be right, too.
        assert_eq!(expect(None, Some(""), "GET").unwrap().body, Some(Vec::new()));
    }

    #[test]
    fn what_can_not_be_expected_is_refused_by_its_flag() {
        for (body, method) in [("hi", "HEAD"), ("@-", "GET"), ("@/no/such/file", "GET")] {
            let refused = expect(None, Some(body), method).unwrap_err().to_string();
            assert!(refused.starts_with("--expect-body"), "{refused}");
        }
    }
}
