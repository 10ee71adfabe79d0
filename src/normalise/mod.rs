//! Names, numbers, times and amounts as people and machines write them, brought to one form.
//!
//! Takes one cell of text, gives the one form that clew compares, or says why the text cannot be used ([`Unusable`]). Never guesses: a
//! number that a spreadsheet rounded stays lost, an amount is never rounded, a time without a year stays without one. Everything here
//! is a pure function of its arguments.

pub mod cards;
pub mod cells;
pub mod datum;
pub mod durations;
pub mod id_number;
pub mod imei;
pub mod imsi;
pub mod lossy;
pub mod money;
pub mod name;
pub mod phones;
pub mod placeholders;
pub mod plates;
pub mod text;
pub mod times;
mod unusable;

pub use unusable::Unusable;
