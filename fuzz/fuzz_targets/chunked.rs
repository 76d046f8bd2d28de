//! Feeds [`fuzz::chunked`].
#![cfg_attr(fuzzing, no_main)]

fuzz::target!(fuzz::chunked::check);
