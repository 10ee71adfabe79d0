//! How senders write their files.

pub mod bank;
pub mod canonical;
pub mod desk;
pub mod layout_a;
pub mod register;
pub mod spool;
