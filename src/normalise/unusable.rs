//! Why a value cannot be used, with a stable code and what to do about it.

/// Why a value cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumIter)]
pub enum Unusable {
    /// A required value is not there.
    Missing,
    /// A spreadsheet rounded the number.
    LossyNumber,
    /// Part of the number is hidden.
    MaskedNumber,
    /// The cell holds a spreadsheet error such as `#REF!`.
    SpreadsheetError,
    /// The bytes of the cell are not text in the encoding of the file.
    Undecodable,
    /// Not a phone number.
    NotAPhone,
    /// Not an account or card number.
    NotAnAccount,
    /// Not an IMEI.
    NotAnImei,
    /// Not an IMSI.
    NotAnImsi,
    /// Not a location area or cell number.
    NotACell,
    /// The column of cell numbers may be decimal or hexadecimal.
    RadixUnknown,
    /// Nobody says whose network the cell belongs to.
    OperatorUnknown,
    /// Not an amount of money.
    NotAnAmount,
    /// The amount has more decimals than the smallest coin.
    AmountTooFine,
    /// Not a time.
    NotATime,
    /// Day and month may stand in either order.
    DayOrMonth,
    /// A time without a year.
    YearMissing,
    /// A time of day without a day.
    DayMissing,
    /// A spreadsheet time that was cut to a few decimals.
    LossyTime,
    /// A time outside 1900 to 2100.
    TimeOutOfRange,
    /// A local time and nobody says of which zone.
    ZoneUnknown,
    /// Not a duration.
    NotADuration,
    /// A duration below zero.
    NegativeDuration,
    /// Not a whole number.
    NotAnInteger,
    /// Not a number.
    NotANumber,
    /// Neither yes nor no.
    NotABoolean,
    /// A latitude or longitude that is not on earth.
    NotACoordinate,
    /// A word that the mapping does not know.
    UnknownWord,
    /// The row has more or fewer cells than the header.
    Width,
    /// The line is not a JSON object.
    NotJson,
    /// The row lies on a sheet without a header that any mapping knows.
    UnknownSheet,
}

impl Unusable {
    /// Stable code, listed in `docs/errors.md`.
    pub fn code(self) -> &'static str {
        use Unusable::*;
        match self {
            Missing => "E0250",
            LossyNumber => "E0251",
            MaskedNumber => "E0252",
            SpreadsheetError => "E0253",
            Undecodable => "E0254",
            NotAPhone => "E0255",
            NotAnAccount => "E0256",
            NotAnImei => "E0257",
            NotAnImsi => "E0258",
            NotACell => "E0259",
            RadixUnknown => "E0260",
            OperatorUnknown => "E0261",
            NotAnAmount => "E0262",
            AmountTooFine => "E0263",
            NotATime => "E0264",
            DayOrMonth => "E0265",
            YearMissing => "E0266",
            DayMissing => "E0267",
            LossyTime => "E0268",
            TimeOutOfRange => "E0269",
            ZoneUnknown => "E0270",
            NotADuration => "E0271",
            NegativeDuration => "E0272",
            NotAnInteger => "E0273",
            NotANumber => "E0274",
            NotABoolean => "E0275",
            NotACoordinate => "E0276",
            UnknownWord => "E0277",
            Width => "E0278",
            NotJson => "E0279",
            UnknownSheet => "E0280",
        }
    }

    /// What is wrong and what to do, lower case.
    pub fn reason(self) -> &'static str {
        use Unusable::*;
        match self {
            Missing => "a required value is missing; ask the sender for it",
            LossyNumber => {
                "a spreadsheet rounded the number, its last digits are lost; ask for the file as text or CSV that no spreadsheet has saved"
            }
            MaskedNumber => "part of the number is hidden; ask the sender for the full number",
            SpreadsheetError => "the cell holds a spreadsheet error; ask the sender for the value",
            Undecodable => "the bytes are not text in the encoding of the file; ask the sender for the file again",
            NotAPhone => "not a phone number; look at the column, it may be mapped to the wrong header",
            NotAnAccount => "not an account or card number; look at the column, it may be mapped to the wrong header",
            NotAnImei => "not an IMEI of 14 to 16 digits",
            NotAnImsi => "not an IMSI of 14 or 15 digits",
            NotACell => "not a location area or cell number, or one outside its range",
            RadixUnknown => {
                "the column may be decimal or hexadecimal; say `radix = \"hex\"` or `radix = \"decimal\"` in the sidecar file or the mapping"
            }
            OperatorUnknown => {
                "cell numbers of different networks collide and nobody says whose this is; say `carrier = \"…\"` in the sidecar file"
            }
            NotAnAmount => "not an amount of money",
            AmountTooFine => "more decimals than the smallest coin has; clew does not round money",
            NotATime => "not a time that clew can read; write YYYY-MM-DD HH:MM:SS",
            DayOrMonth => {
                "day and month may stand in either order; say `format = \"mdy\"` or `format = \"dmy\"` for the column in the mapping"
            }
            YearMissing => "a time without a year; say `year = 2024` in the sidecar file if all its rows are of one year",
            DayMissing => "a time of day without a day; join the two columns in the mapping (`join = \" \"`)",
            LossyTime => "a spreadsheet cut the time to a few decimals, it is off by seconds to minutes; ask for the file as text",
            TimeOutOfRange => "outside the years 1900 to 2100; a typing error or a placeholder",
            ZoneUnknown => "unknown time zone; give --utc-offset, or `utc_offset_min` in the sidecar file, the mapping or clew.toml",
            NotADuration => "not a duration",
            NegativeDuration => "the duration is negative",
            NotAnInteger => "not a whole number",
            NotANumber => "not a number",
            NotABoolean => "neither yes nor no",
            NotACoordinate => "not a coordinate on earth in degrees",
            UnknownWord => "a word that the mapping does not know; add it to `values` of the column in a mapping of your own",
            Width => "the row has more or fewer cells than the header; a separator or a quote is missing or too many",
            NotJson => "the line is not a JSON object",
            UnknownSheet => "the sheet has no header that a mapping knows; write a mapping for it or remove the sheet",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator;

    #[test]
    fn every_reason_has_its_own_code_and_is_lower_case() {
        let codes: std::collections::BTreeSet<_> = Unusable::iter().map(Unusable::code).collect();
        assert_eq!(codes.len(), Unusable::iter().count());
        for u in Unusable::iter() {
            assert!(u.reason().chars().next().is_some_and(|c| c.is_lowercase() || c.is_ascii_digit()), "{u:?}");
        }
    }
}
