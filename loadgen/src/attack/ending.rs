//! The flags that say how connections end.

use super::AttackError;

/// When and how the client closes a connection.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct EndingArgs {
    /// Close a kept connection after so many answers, and open another
    ///
    /// As browsers and proxies do after a while; it shows what a new connection costs without paying for
    /// one with each request.
    #[arg(long, value_name = "N", conflicts_with = "close")]
    pub(super) requests_per_connection: Option<u64>,
    /// Close with a reset (RST) instead of in order
    ///
    /// It keeps no port back for a minute, but servers see an error where there was none, so the result says it.
    #[arg(long)]
    pub(super) reset: bool,
}

impl EndingArgs {
    /// Says which flag is wrong.
    pub(super) fn check(&self, close: bool) -> Result<(), AttackError> {
        let refuse = |text: &str| Err(AttackError::Argument(text.to_owned()));
        if self.requests_per_connection == Some(0) {
            return refuse("--requests-per-connection 0: nothing would be sent");
        }
        if self.reset && !close && self.requests_per_connection.is_none() {
            return refuse("--reset: connections are kept; use it with --close or --requests-per-connection");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_needs_a_connection_that_the_client_closes() {
        let reset = EndingArgs { requests_per_connection: None, reset: true };
        assert!(reset.check(false).unwrap_err().to_string().starts_with("--reset"));
        assert!(reset.check(true).is_ok());
        let after = |n| EndingArgs { requests_per_connection: Some(n), reset: true };
        assert!(after(1).check(false).is_ok());
        assert!(after(0).check(false).unwrap_err().to_string().starts_with("--requests-per-connection 0"));
    }
}
