//! Units of time. Instants in the lake are microseconds since 1970-01-01 UTC; local time is the instant plus `utc_offset_min`.

/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds in an hour.
pub const MICROS_PER_HOUR: i64 = 3_600 * MICROS_PER_SECOND;
