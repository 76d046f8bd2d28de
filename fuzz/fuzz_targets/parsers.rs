//! Feeds [`fuzz::parsers`].
#![cfg_attr(fuzzing, no_main)]

fuzz::target!(fuzz::parsers::check);
