//! A hash of a table's rows that does not depend on their order, nor on how many commits brought them.
//!
//! Each row is encoded by Arrow's row format and hashed with SHA-256; the hashes are added modulo 2²⁵⁶. Appending is adding.

use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Context, Result};

/// Sum of row hashes and number of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct ContentHash {
    sum: [u64; 4],
    rows: u64,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    sum: String,
    rows: u64,
}

impl From<ContentHash> for Stored {
    fn from(h: ContentHash) -> Stored {
        Stored { sum: h.sum.iter().map(|w| format!("{w:016x}")).collect(), rows: h.rows }
    }
}

impl TryFrom<Stored> for ContentHash {
    type Error = String;

    fn try_from(s: Stored) -> Result<ContentHash, String> {
        if s.sum.len() != 64 || !s.sum.is_ascii() {
            return Err(format!("{} is not a content hash", s.sum));
        }
        let mut sum = [0; 4];
        for (word, at) in sum.iter_mut().zip([0, 16, 32, 48]) {
            *word = u64::from_str_radix(&s.sum[at..at + 16], 16).map_err(|e| e.to_string())?;
        }
        Ok(ContentHash { sum, rows: s.rows })
    }
}

impl ContentHash {
    /// Adds the rows of a batch.
    pub fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        let fields = batch.schema().fields().iter().map(|f| SortField::new(f.data_type().clone())).collect();
        let converter = RowConverter::new(fields).bug("E0110", || "prepare row hashes".into())?;
        let rows = converter.convert_columns(batch.columns()).bug("E0110", || "encode rows to hash them".into())?;
        for row in rows.iter() {
            let digest = Sha256::digest(row.data());
            let mut words = [0; 4];
            for (word, bytes) in words.iter_mut().zip(digest.chunks_exact(8)) {
                *word = u64::from_be_bytes(bytes.try_into().expect("a chunk of eight bytes"));
            }
            self.add_words(words, 1);
        }
        Ok(())
    }

    /// Adds all rows of another table part.
    pub fn add(&mut self, other: &ContentHash) {
        self.add_words(other.sum, other.rows);
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The hash as text: SHA-256 over the schema's text, the number of rows and the sum.
    pub fn finish(&self, schema: &str) -> String {
        let mut hasher = Sha256::new();
        hasher.update(schema.as_bytes());
        hasher.update(self.rows.to_be_bytes());
        for word in self.sum {
            hasher.update(word.to_be_bytes());
        }
        hex::encode(hasher.finalize())
    }

    fn add_words(&mut self, words: [u64; 4], rows: u64) {
        let mut carry = false;
        for (mine, theirs) in self.sum.iter_mut().rev().zip(words.iter().rev()) {
            let (partial, over_a) = mine.overflowing_add(*theirs);
            let (total, over_b) = partial.overflowing_add(u64::from(carry));
            *mine = total;
            carry = over_a || over_b;
        }
        self.rows += rows;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    fn batch(ids: &[i64], names: &[&str]) -> RecordBatch {
        let ids: ArrayRef = Arc::new(Int64Array::from(ids.to_vec()));
        let names: ArrayRef = Arc::new(StringArray::from(names.to_vec()));
        RecordBatch::try_from_iter([("id", ids), ("name", names)]).unwrap()
    }

    fn hash(batches: &[RecordBatch]) -> ContentHash {
        let mut h = ContentHash::default();
        batches.iter().for_each(|b| h.update(b).unwrap());
        h
    }

    #[test]
    fn neither_order_nor_number_of_commits_changes_the_hash() {
        let whole = hash(&[batch(&[1, 2, 3], &["a", "b", "c"])]);
        assert_eq!(whole, hash(&[batch(&[3, 1], &["c", "a"]), batch(&[2], &["b"])]));
        let mut sum = hash(&[batch(&[3, 1], &["c", "a"])]);
        sum.add(&hash(&[batch(&[2], &["b"])]));
        assert_eq!(whole, sum);
    }

    #[test]
    fn one_changed_cell_or_one_repeated_row_changes_the_hash() {
        let whole = hash(&[batch(&[1, 2], &["a", "b"])]);
        assert_ne!(whole, hash(&[batch(&[1, 2], &["a", "c"])]));
        assert_ne!(whole, hash(&[batch(&[1, 2, 2], &["a", "b", "b"])]));
        assert_ne!(whole, hash(&[batch(&[2, 1], &["a", "b"])]));
    }

    #[test]
    fn the_stored_form_reads_back() {
        let h = hash(&[batch(&[1, 2], &["a", "b"])]);
        let text = serde_json::to_string(&h).unwrap();
        assert_eq!(serde_json::from_str::<ContentHash>(&text).unwrap(), h);
    }
}
