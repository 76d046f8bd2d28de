//! phase0-serial
