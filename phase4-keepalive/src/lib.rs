//! phase4-keepalive
