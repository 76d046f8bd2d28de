//! Feeds [`fuzz::server`].
#![cfg_attr(fuzzing, no_main)]

fuzz::target!(fuzz::server::check);
