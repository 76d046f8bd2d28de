//! phase3-pooled
