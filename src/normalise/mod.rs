//! Values as delivered turned into values that can be compared. Pure functions: nothing here reads a file or a table.

pub mod id_number;
pub mod name;
