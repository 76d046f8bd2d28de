//! phase2-async
