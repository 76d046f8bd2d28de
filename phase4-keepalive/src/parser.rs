//! The two parsers behind one call.

use http1::zerocopy::Progress;
use http1::{Buffer, Delivery, Error, Facts, OwnedRequest, Request, Stage, textbook, zerocopy};

use crate::{Options, ParserKind};

/// The parser that the options ask for.
#[derive(Debug)]
pub(crate) enum Parser {
    ZeroCopy(zerocopy::Parser),
    Textbook(textbook::Parser, OwnedRequest),
}

impl Parser {
    pub(crate) fn new(options: &Options) -> Self {
        let limits = options.common.limits();
        match options.parser {
            ParserKind::ZeroCopy if options.read_every_head => {
                Self::ZeroCopy(zerocopy::Parser::new(limits).reading_every_head())
            }
            ParserKind::ZeroCopy => Self::ZeroCopy(zerocopy::Parser::new(limits)),
            ParserKind::Textbook => Self::Textbook(textbook::Parser::new(limits), OwnedRequest::new()),
        }
    }

    /// Reads what it can from the front of `input`, and lends the request to `handle` once it is
    /// whole.
    pub(crate) fn parse<R>(
        &mut self,
        input: &mut Buffer,
        handle: impl FnOnce(Request<'_>, Facts) -> R,
    ) -> Result<Progress<R>, Error> {
        match self {
            Self::ZeroCopy(parser) => parser.parse(input, handle),
            Self::Textbook(parser, request) => Ok(match parser.parse(input, request)? {
                textbook::Progress::NeedMore => Progress::NeedMore,
                textbook::Progress::SendContinue => Progress::SendContinue,
                textbook::Progress::Complete => {
                    let result = handle(request.as_request(), request.facts());
                    request.clear();
                    Progress::Complete(result)
                }
            }),
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        match self {
            Self::ZeroCopy(parser) => parser.stage(),
            Self::Textbook(parser, _) => parser.stage(),
        }
    }

    pub(crate) fn error_delivery(&self) -> Delivery {
        match self {
            Self::ZeroCopy(parser) => parser.error_delivery(),
            Self::Textbook(parser, _) => parser.error_delivery(),
        }
    }

    pub(crate) fn reset(&mut self) {
        match self {
            Self::ZeroCopy(parser) => parser.reset(),
            Self::Textbook(parser, request) => {
                parser.reset();
                request.clear();
            }
        }
    }

    /// Bytes of memory that it holds on to, used or not.
    pub(crate) fn capacity(&self) -> usize {
        match self {
            Self::ZeroCopy(parser) => parser.capacity(),
            Self::Textbook(_, request) => request.capacity(),
        }
    }
}
