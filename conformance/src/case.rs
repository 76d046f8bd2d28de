//! One case: bytes, what may come back, and why it matters.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::expect::{Answer, Outcome};

/// What a wrong answer costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Another reader of the same bytes would see other requests, or a client could exhaust the server.
    Security,
    /// Somebody's correct client breaks.
    Compliance,
}

/// What a server must offer for a case to make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// More than one request on a connection.
    Persistence,
    /// The lab's routes.
    LabRoutes,
    /// A handler that tries to inject a field.
    InjectingRoute,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Persistence => "a second request on the connection",
            Self::LabRoutes => "the lab's routes",
            Self::InjectingRoute => "a handler that tries to inject a field",
        })
    }
}

/// One thing that the client does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Reads until a response has arrived. If it is a final one, no other step is taken: the request
    /// has been answered without the rest of it.
    AwaitContinue,
    /// Reads until one more final answer has arrived.
    AwaitAnswer,
    /// Says that no more bytes will come.
    HalfClose,
}

/// A case. Built by the functions in [`crate::cases`].
#[derive(Clone, Debug)]
pub struct Case {
    /// In kebab-case, unique in the suite.
    pub name: Cow<'static, str>,
    /// The rule of the lab that it shows, 1 to 30.
    pub rule: u8,
    /// Where the rule comes from, as `9112 3.2`: RFC and section.
    pub section: &'static str,
    /// What a wrong answer costs.
    pub kind: Kind,
    /// Why the answer must be so, in a sentence.
    pub why: &'static str,
    /// What the server must offer.
    pub needs: Vec<Need>,
    /// The methods sent, in order; without one, an answer is read as one to GET.
    pub methods: Vec<&'static str>,
    /// What the client does.
    pub steps: Vec<Step>,
    /// The allowed outcomes, the right ones first.
    pub allowed: Vec<Outcome>,
    /// How many of `allowed` are right; the others are tolerated.
    pub right: usize,
    /// How often the case runs; more than once where a race decides.
    pub repeat: u32,
    /// Whether it is sent in one piece only, because its steps or its answer depend on the moment.
    pub whole_only: bool,
}

impl Case {
    /// A case whose wrong answer is a security hole.
    pub fn security(rule: u8, name: impl Into<Cow<'static, str>>, section: &'static str) -> Self {
        Self::new(rule, name, section, Kind::Security)
    }

    /// A case whose wrong answer breaks somebody's correct client.
    pub fn compliance(rule: u8, name: impl Into<Cow<'static, str>>, section: &'static str) -> Self {
        Self::new(rule, name, section, Kind::Compliance)
    }

    fn new(rule: u8, name: impl Into<Cow<'static, str>>, section: &'static str, kind: Kind) -> Self {
        Self {
            name: name.into(),
            rule,
            section,
            kind,
            why: "",
            needs: Vec::new(),
            methods: Vec::new(),
            steps: Vec::new(),
            allowed: Vec::new(),
            right: 1,
            repeat: 1,
            whole_only: false,
        }
    }

    /// Why the answer must be so.
    #[must_use]
    pub fn why(mut self, why: &'static str) -> Self {
        self.why = why;
        self
    }

    /// Adds something that the server must offer.
    #[must_use]
    pub fn needs(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// The case asks for one of the lab's routes.
    #[must_use]
    pub fn on_lab_routes(self) -> Self {
        self.needs(Need::LabRoutes)
    }

    /// The methods sent, for answers that are framed by them.
    #[must_use]
    pub fn methods(mut self, methods: &[&'static str]) -> Self {
        self.methods = methods.to_vec();
        self
    }

    /// Sends `bytes`.
    #[must_use]
    pub fn send(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Send(bytes.as_ref().to_vec()));
        self
    }

    /// Sends `bytes`, the rest of the request, once `100 Continue` has arrived.
    #[must_use]
    pub fn once_continued_send(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::AwaitContinue);
        self.send(bytes)
    }

    /// Sends `bytes`, the next request, once the one before has been answered.
    #[must_use]
    pub fn once_answered_send(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::AwaitAnswer);
        self.send(bytes)
    }

    /// Half-closes the connection.
    #[must_use]
    pub fn half_close(mut self) -> Self {
        self.steps.push(Step::HalfClose);
        self
    }

    /// Adds an allowed outcome; the first is the right one, the others are tolerated.
    #[must_use]
    pub fn allow(mut self, outcome: Outcome) -> Self {
        self.allowed.push(outcome);
        self
    }

    /// Adds an outcome that is as right as those before it. Comes before any that is only tolerated.
    #[must_use]
    pub fn or(mut self, outcome: Outcome) -> Self {
        debug_assert_eq!(
            self.right,
            self.allowed.len(),
            "{}: a right outcome follows a tolerated one",
            self.name
        );
        self.allowed.push(outcome);
        self.right = self.allowed.len();
        self
    }

    /// Right is: refused with one of `statuses`, then closed.
    #[must_use]
    pub fn refused(self, statuses: &[u16]) -> Self {
        self.allow(Outcome::refusal(statuses))
    }

    /// Right is: this answer, after which the connection may live on.
    #[must_use]
    pub fn answered(self, answer: Answer) -> Self {
        self.allow(Outcome::answers([answer]))
    }

    /// Runs `times` times.
    #[must_use]
    pub fn repeated(mut self, times: u32) -> Self {
        self.repeat = times;
        self
    }

    /// Is sent in one piece only.
    #[must_use]
    pub fn whole_only(mut self) -> Self {
        self.whole_only = true;
        self
    }

    /// All bytes that the case sends, in order.
    pub fn sent(&self) -> Vec<u8> {
        let sends = self
            .steps
            .iter()
            .filter_map(|step| if let Step::Send(bytes) = step { Some(bytes) } else { None });
        sends.flatten().copied().collect()
    }
}
