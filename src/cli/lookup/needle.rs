//! What is looked for: the forms in which the lake may hold the value that was typed.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::normalise::id_number::IdNumber;
use crate::normalise::{Unusable, cards, imei, imsi, phones, plates};

const KINDS: [&str; 5] = ["phone", "device", "account", "person", "series"];

/// The value in all forms worth comparing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needle {
    /// As columns of identifiers hold it.
    pub identifiers: Vec<String>,
    /// As columns of names hold it; empty for what cannot be a name.
    pub names: Vec<String>,
    /// As subject ids.
    pub subjects: Vec<String>,
}

impl Needle {
    /// Reads what was typed: a number with or without separators, a plate, an identity number, a subject id, a name.
    pub fn of(typed: &str) -> Result<Needle> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(Error::usage("E0820", "look up an empty value")
                .hint("give a phone number, card, plate, IMEI, identity number, name or subject id: `clew lookup 13912345678`"));
        }
        if let Some((kind, value)) = typed.split_once(':')
            && KINDS.contains(&kind)
            && !value.is_empty()
        {
            let mut needle = Needle { identifiers: vec![typed.to_owned()], names: vec![], subjects: vec![typed.to_owned()] };
            if !matches!(kind, "person" | "series") {
                needle.identifiers.insert(0, value.to_owned());
            }
            return Ok(needle);
        }
        let mut needle = Needle { identifiers: vec![typed.to_owned()], ..Needle::default() };
        // What ingest would have made of it, whatever it is: a form that no column has costs nothing.
        needle.subject("phone", phones::normalise(typed));
        needle.subject("device", imei::normalise(typed));
        needle.subject("account", cards::normalise(typed));
        let others = [imsi::normalise(typed).ok().flatten(), plates::normalise(typed)];
        others.into_iter().flatten().for_each(|form| needle.also(form.into_owned()));
        if let Some(id) = IdNumber::parse(typed) {
            // Records keep identity numbers as written.
            needle.also(id.as_str().to_owned());
            needle.also(id.as_str().to_lowercase());
        }
        if !typed.chars().any(|c| c.is_numeric()) {
            needle.names.push(typed.to_owned());
        }
        needle.identifiers.extend(needle.subjects.iter().cloned());
        Ok(needle)
    }

    fn subject(&mut self, kind: &str, form: std::result::Result<Option<Cow<'_, str>>, Unusable>) {
        if let Ok(Some(form)) = form {
            self.subjects.push(format!("{kind}:{form}"));
            self.also(form.into_owned());
        }
    }

    fn also(&mut self, form: String) {
        if !self.identifiers.contains(&form) {
            self.identifiers.push(form);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identifiers(typed: &str) -> Vec<String> {
        Needle::of(typed).unwrap().identifiers
    }

    #[test]
    fn a_number_is_found_however_it_was_typed() {
        for typed in ["13912345678", "139 1234 5678", "+8613912345678", "１３９１２３４５６７８", "phone:13912345678"] {
            let needle = Needle::of(typed).unwrap();
            assert!(needle.identifiers.contains(&"13912345678".to_owned()), "{typed}");
            assert!(needle.subjects.contains(&"phone:13912345678".to_owned()), "{typed}");
        }
    }

    #[test]
    fn a_device_is_found_by_any_length_of_its_imei() {
        for typed in ["35838010123456", "358380101234567", "3583801012345601"] {
            assert!(Needle::of(typed).unwrap().subjects.contains(&"device:35838010123456".to_owned()), "{typed}");
        }
    }

    #[test]
    fn plates_and_identity_numbers_have_their_usual_spellings() {
        assert!(identifiers("粤A·12345").contains(&"粤A12345".to_owned()));
        assert!(identifiers("44010619900312123x").contains(&"44010619900312123X".to_owned()));
    }

    #[test]
    fn only_what_has_no_digit_can_be_a_name() {
        assert_eq!(Needle::of("张三").unwrap().names, ["张三"]);
        assert!(Needle::of("张3").unwrap().names.is_empty());
        assert!(Needle::of("person:9f86d081").unwrap().names.is_empty());
    }

    #[test]
    fn nothing_is_refused_with_an_example() {
        assert!(Needle::of("  ").unwrap_err().hint.unwrap().contains("clew lookup"));
    }
}
