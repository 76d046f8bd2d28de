//! Feeds [`fuzz::encoding`].
#![cfg_attr(fuzzing, no_main)]

fuzz::target!(fuzz::encoding::check);
