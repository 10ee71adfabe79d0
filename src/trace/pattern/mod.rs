//! Patterns of transfers in a temporal graph. Pure: no lake.

pub mod counts;
pub mod cycle;
pub mod fan;
pub mod graph;
pub mod instance;
pub mod layered;
pub mod scatter;

#[cfg(test)]
mod tests;
