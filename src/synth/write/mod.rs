//! How senders write their files.

pub mod bank;
pub mod canonical;
pub mod layout_a;
pub mod spool;
