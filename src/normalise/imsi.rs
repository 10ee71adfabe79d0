//! Subscriber numbers of SIM cards (ITU-T E.212).

use std::borrow::Cow;

use super::{Unusable, lossy, placeholders, text};

/// The number, 14 or 15 digits. `None`: the text says that there is none.
///
/// # Errors
/// [`Unusable::LossyNumber`], [`Unusable::NotAnImsi`].
pub fn normalise(raw: &str) -> Result<Option<Cow<'_, str>>, Unusable> {
    let s = text::clean(raw);
    if placeholders::is_missing_number(s) {
        return Ok(None);
    }
    let digits = text::squeezed(s);
    if lossy::is_lossy(&digits) {
        return Err(Unusable::LossyNumber);
    }
    let usable = (14..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if usable { Ok(Some(digits)) } else { Err(Unusable::NotAnImsi) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hard_cases() {
        assert_eq!(normalise("460010242764421\t").unwrap().as_deref(), Some("460010242764421"));
        assert_eq!(normalise("-1"), Ok(None));
        assert_eq!(normalise("000000000000000"), Ok(None));
        assert_eq!(normalise("4.6001E+14"), Err(Unusable::LossyNumber));
        assert_eq!(normalise("46001024276442"), Ok(Some("46001024276442".into())));
        assert_eq!(normalise("460010242764421123"), Err(Unusable::NotAnImsi));
        assert_eq!(normalise("13800138000"), Err(Unusable::NotAnImsi));
    }
}
