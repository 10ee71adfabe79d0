//! Which rows of a file came before: exact, and in memory that stops growing.
//!
//! The newest hashes are in a set; a full set is sorted and goes to a scratch file that has no name, so that a kill leaves nothing. A
//! filter says of nearly every new row that it is new (Bloom 1970, one cache line a row), so that files are read for repeats and for little
//! else.

use std::collections::HashSet;
use std::fs::File;
use std::hash::Hasher;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Context, Result};

/// Hashes in the set before it goes to a file.
const RECENT_MAX: usize = 1 << 19;
/// Files before they are merged into one.
const RUNS_MAX: usize = 8;
/// Bytes of one hash.
const KEY_BYTES: usize = 16;
/// Hashes that are read at once when a file is searched; the first of each such page stays in memory.
const PAGE_KEYS: usize = 512;
/// Bits of the filter for each row that is expected, and of them how many one row sets: of a file, half a percent of new rows look known.
const BITS_PER_ROW: u64 = 8;
const BITS_SET: usize = 5;
/// Filters are no larger than this many blocks of 64 bytes, whatever the file: 64 MiB.
const BLOCKS_MAX: u64 = 1 << 20;
const BLOCKS_MIN: u64 = 1 << 7;

/// Takes 128-bit hashes as they are.
#[derive(Default)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only u128 keys are hashed")
    }
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

/// A set of 128-bit hashes.
pub type HashedSet = HashSet<u128, std::hash::BuildHasherDefault<AsIs>>;

/// The hashes of all rows so far.
pub struct Seen {
    filter: Filter,
    recent: HashedSet,
    recent_max: usize,
    runs: Vec<Run>,
    scratch: PathBuf,
}

impl Seen {
    /// Nothing was seen. `rows_expected` sizes the filter; scratch files go to the folder `scratch`.
    pub fn new(rows_expected: u64, scratch: &Path) -> Seen {
        Seen::with_room(rows_expected, scratch, RECENT_MAX)
    }

    fn with_room(rows_expected: u64, scratch: &Path, recent_max: usize) -> Seen {
        Seen {
            filter: Filter::new(rows_expected),
            recent: HashedSet::default(),
            recent_max,
            runs: Vec::new(),
            scratch: scratch.to_path_buf(),
        }
    }

    /// Takes a hash in; false if it was there.
    pub fn insert(&mut self, hash: u128) -> Result<bool> {
        if self.filter.insert(hash) && (self.recent.contains(&hash) || self.in_a_run(hash)?) {
            return Ok(false);
        }
        self.recent.insert(hash);
        if self.recent.len() >= self.recent_max {
            self.spill()
                .usage("E0230", || format!("keep the hashes of rows in {}", self.scratch.display()))
                .map_err(|e| e.hint("is the disk full? nothing was published; make room and load again"))?;
        }
        Ok(true)
    }

    fn in_a_run(&mut self, hash: u128) -> Result<bool> {
        for run in self.runs.iter_mut().rev() {
            if run.contains(hash).usage("E0230", || "read the hashes of rows back".into())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn spill(&mut self) -> std::io::Result<()> {
        let mut keys: Vec<u128> = self.recent.drain().collect();
        keys.sort_unstable();
        self.runs.push(Run::write(&self.scratch, keys.into_iter().map(Ok))?);
        if self.runs.len() == RUNS_MAX {
            let merged = Merge::of(&mut self.runs)?;
            let run = Run::write(&self.scratch, merged)?;
            self.runs = vec![run];
        }
        Ok(())
    }
}

/// Says that a hash is surely new, or may be known.
struct Filter(Vec<[u64; 8]>);

impl Filter {
    fn new(rows_expected: u64) -> Filter {
        let blocks = (rows_expected.saturating_mul(BITS_PER_ROW) / 512).clamp(BLOCKS_MIN, BLOCKS_MAX);
        Filter(vec![[0; 8]; usize::try_from(blocks).expect("at most a million blocks")])
    }

    /// Takes a hash in; true if it may have been there.
    fn insert(&mut self, hash: u128) -> bool {
        let (high, mut low) = ((hash >> 64) as u64, hash as u64);
        let at = (u128::from(high) * self.0.len() as u128) >> 64;
        let block = &mut self.0[at as usize];
        let mut known = true;
        for _ in 0..BITS_SET {
            let (word, bit) = ((low & 7) as usize, 1 << (low >> 3 & 63));
            known &= block[word] & bit != 0;
            block[word] |= bit;
            low >>= 9;
        }
        known
    }
}

/// Sorted hashes in a file without a name.
struct Run {
    file: File,
    /// First hash of each page.
    pages: Vec<u128>,
    keys: usize,
    page: Vec<u8>,
}

impl Run {
    fn write(scratch: &Path, keys: impl Iterator<Item = std::io::Result<u128>>) -> std::io::Result<Run> {
        let mut out = BufWriter::with_capacity(1 << 20, tempfile::tempfile_in(scratch)?);
        let (mut pages, mut count) = (Vec::new(), 0);
        for key in keys {
            let key = key?;
            if count % PAGE_KEYS == 0 {
                pages.push(key);
            }
            count += 1;
            out.write_all(&key.to_be_bytes())?;
        }
        let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        Ok(Run { file, pages, keys: count, page: Vec::new() })
    }

    fn contains(&mut self, hash: u128) -> std::io::Result<bool> {
        let Some(page) = self.pages.partition_point(|first| *first <= hash).checked_sub(1) else { return Ok(false) };
        let keys = (self.keys - page * PAGE_KEYS).min(PAGE_KEYS);
        self.page.resize(keys * KEY_BYTES, 0);
        self.file.seek(SeekFrom::Start((page * PAGE_KEYS * KEY_BYTES) as u64))?;
        self.file.read_exact(&mut self.page)?;
        let wanted = hash.to_be_bytes();
        let (mut low, mut high) = (0, keys);
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.page[middle * KEY_BYTES..][..KEY_BYTES].cmp(&wanted[..]) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(false)
    }
}

/// The hashes of several runs in one order.
struct Merge<'r> {
    inputs: Vec<(BufReader<&'r mut File>, usize)>,
    heads: Vec<Option<u128>>,
}

impl<'r> Merge<'r> {
    fn of(runs: &'r mut [Run]) -> std::io::Result<Merge<'r>> {
        let mut inputs = Vec::new();
        for run in runs {
            run.file.seek(SeekFrom::Start(0))?;
            inputs.push((BufReader::with_capacity(1 << 17, &mut run.file), run.keys));
        }
        let mut merge = Merge { heads: vec![None; inputs.len()], inputs };
        for at in 0..merge.inputs.len() {
            merge.advance(at)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, at: usize) -> std::io::Result<()> {
        let (input, left) = &mut self.inputs[at];
        self.heads[at] = if *left == 0 {
            None
        } else {
            *left -= 1;
            let mut key = [0; KEY_BYTES];
            input.read_exact(&mut key)?;
            Some(u128::from_be_bytes(key))
        };
        Ok(())
    }
}

impl Iterator for Merge<'_> {
    type Item = std::io::Result<u128>;

    fn next(&mut self) -> Option<Self::Item> {
        let (at, key) = self.heads.iter().enumerate().filter_map(|(at, head)| head.map(|key| (at, key))).min_by_key(|(_, key)| *key)?;
        Some(self.advance(at).map(|()| key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(i: u128) -> u128 {
        // Spread like a hash, different for different numbers.
        i.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    #[test]
    fn what_went_to_files_and_was_merged_is_still_known() {
        let dir = tempfile::tempdir().unwrap();
        let mut seen = Seen::with_room(1, dir.path(), 700);
        let mut plain = HashSet::new();
        // A filter far too small for so many rows: every answer comes from set and files.
        for i in 0..20_000u128 {
            let key = hash(if i % 3 == 2 { i / 2 } else { i });
            assert_eq!(seen.insert(key).unwrap(), plain.insert(key), "{i}");
        }
        assert!((1..RUNS_MAX).contains(&seen.runs.len()));
        assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "scratch files have no name");
    }

    #[test]
    fn the_filter_of_a_large_file_is_bounded_and_knows_most_new_rows_as_new() {
        assert_eq!(Filter::new(u64::MAX).0.len() as u64, BLOCKS_MAX);
        let mut filter = Filter::new(100_000);
        let mistaken = (0..100_000).filter(|i| filter.insert(hash(*i))).count();
        assert!(mistaken < 1_000, "{mistaken} of 100,000 new rows looked known");
    }
}
