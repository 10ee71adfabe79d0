//! Reads a CSV file of records straight into a corpus, column by column, for evaluation: ten million rows are never held as text.
//!
//! Takes the file and which of its columns is which ([`Naming`]), gives the corpus and the true person of each record. A header that is
//! missing, a row with too few fields or a byte that is no UTF-8 is an error with file and row: figures of half a file would be worse
//! than none.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::intern::{ColumnBuilder, PARTS_OF_NAME, hash_text};
use super::parallel::sort_by;
use super::record::{Corpus, NONE, RecordIx, RecordKind, Symbol};
use super::spec::{Kind, Spec};
use crate::error::{Error, Result};

/// Rows that are read before they are normalised.
const BATCH_ROWS: usize = 50_000;

/// Which column of a file is which.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    /// Column with the true person.
    pub truth: Option<String>,
    /// Columns of the file by column of the settings. Several columns of a name are given name and surname; of a list, its values;
    /// of anything else they are put together.
    #[serde(default)]
    pub columns: BTreeMap<String, Vec<String>>,
}

impl Naming {
    /// Reads a naming from TOML.
    ///
    /// # Errors
    /// Unknown keys, or no TOML at all.
    pub fn parse(text: &str) -> Result<Naming> {
        toml::from_str(text).map_err(|e| {
            let error = Error::usage("E0402", e.message().to_string())
                .hint("truth = \"cluster\" and a table [columns] with lines like birth_date = [\"dob\"]");
            match e.span() {
                Some(span) => error.row(text[..span.start].lines().count().max(1) as u64),
                None => error,
            }
        })
    }

    /// Adds `column=header` or `column=header+header`.
    ///
    /// # Errors
    /// No `=` in it.
    pub fn add(&mut self, text: &str) -> Result<()> {
        let Some((column, headers)) = text.split_once('=') else {
            return Err(
                Error::usage("E0402", format!("{text} names no column")).hint("--column birth_date=dob, --column name=first_name+surname")
            );
        };
        self.columns.insert(column.trim().to_owned(), headers.split('+').map(|h| h.trim().to_owned()).collect());
        Ok(())
    }
}

/// A file that was read.
#[derive(Debug)]
pub struct PersonFile {
    /// Its records.
    pub corpus: Corpus,
    /// The true person of each record; [`NONE`] where the file does not say.
    pub truth: Vec<Symbol>,
}

/// Where the values of a column come from.
struct Source {
    column: usize,
    headers: Vec<usize>,
}

/// Reads a file.
///
/// # Errors
/// See the module.
pub fn read(path: &Path, spec: Arc<Spec>, naming: &Naming, threads: usize) -> Result<PersonFile> {
    let mut reader = csv::ReaderBuilder::new().from_path(path).map_err(|e| Error::usage("E0403", format!("open it: {e}")).file(path))?;
    let headers: Vec<String> = reader
        .headers()
        .map_err(|e| {
            Error::usage("E0403", format!("read its header: {e}")).file(path).hint("a CSV file in UTF-8 whose first line names the columns")
        })?
        .iter()
        .map(|h| h.trim_start_matches('\u{feff}').trim().to_owned())
        .collect();
    let find = |name: &str| {
        headers.iter().position(|h| h == name).ok_or_else(|| {
            Error::usage("E0402", format!("no column is called {name}")).file(path).hint(format!("the file has: {}", headers.join(", ")))
        })
    };
    let sources = sources(&spec, naming, &headers, &find)?;
    let truth_header = match &naming.truth {
        Some(name) => find(name)?,
        None => {
            return Err(Error::usage("E0402", "which column holds the true person is not said")
                .file(path)
                .hint("name it: --truth-column cluster, or `truth = \"cluster\"` in the file of --columns"));
        }
    };

    let mut builders: Vec<ColumnBuilder> = spec.columns.iter().map(ColumnBuilder::new).collect();
    let mut truths = ColumnBuilder::of_texts();
    let mut hashes: Vec<u128> = Vec::new();
    // The next rows are read while these are normalised.
    let (sender, batches) = std::sync::mpsc::sync_channel::<Result<Batch>>(1);
    std::thread::scope(|scope| {
        let (sources, name) = (&sources, spec.name);
        scope.spawn(move || {
            loop {
                let batch = read_batch(&mut reader, sources, name, path);
                let is_last = batch.as_ref().map_or(true, |b| b.rows.is_empty());
                // Nobody listens any more if this fails: an earlier batch ended in an error.
                if sender.send(batch).is_err() || is_last {
                    return;
                }
            }
        });
        for batch in batches {
            let batch = batch?;
            let first_row = hashes.len() as RecordIx;
            for (i, row) in batch.rows.iter().enumerate() {
                let person = row[truth_header].trim();
                if !person.is_empty() {
                    truths.push_text(first_row + i as RecordIx, person);
                }
            }
            push(&mut builders, sources, &batch.rows, first_row, &spec, threads);
            hashes.extend(batch.hashes);
        }
        Ok(())
    })?;
    let n = hashes.len();
    if n == 0 {
        return Err(Error::usage("E0403", "it has no rows").file(path).hint("a CSV file in UTF-8 whose first line names the columns"));
    }
    let mut order: Vec<RecordIx> = (0..n as RecordIx).collect();
    sort_by(&mut order, threads, |a, b| (hashes[*a as usize], a).cmp(&(hashes[*b as usize], b)));
    drop(hashes);
    let (_, truth) = truths.finish(n);
    let super::record::Cells::One(truth) = truth else { unreachable!("a column of texts has one value a record") };
    let truth = order.iter().map(|ix| truth[*ix as usize]).collect();
    let corpus = Corpus::assemble(spec, builders, vec![RecordKind::Party; n], vec![NONE; n], order, threads);
    Ok(PersonFile { corpus, truth })
}

/// Rows with the hash of what each says.
struct Batch {
    rows: Vec<csv::StringRecord>,
    hashes: Vec<u128>,
}

fn read_batch(reader: &mut csv::Reader<std::fs::File>, sources: &[Source], name: Option<usize>, path: &Path) -> Result<Batch> {
    let mut rows = Vec::with_capacity(BATCH_ROWS);
    let mut record = csv::StringRecord::new();
    while rows.len() < BATCH_ROWS && next(reader, &mut record, path)? {
        rows.push(std::mem::take(&mut record));
    }
    Ok(Batch { hashes: rows.iter().map(|row| content_hash(row, sources, name)).collect(), rows })
}

fn sources(spec: &Spec, naming: &Naming, headers: &[String], find: &impl Fn(&str) -> Result<usize>) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for (name, from) in &naming.columns {
        let column = spec.column(name).ok_or_else(|| {
            let known: Vec<&str> = spec.columns.iter().map(|c| c.name.as_str()).collect();
            Error::usage("E0402", format!("the settings have no column {name}")).hint(format!("they have: {}", known.join(", ")))
        })?;
        sources.push(Source { column, headers: from.iter().map(|h| find(h)).collect::<Result<_>>()? });
    }
    // A column that is called as in the settings need not be named.
    for (column, declared) in spec.columns.iter().enumerate() {
        if !naming.columns.contains_key(&declared.name)
            && let Some(header) = headers.iter().position(|h| *h == declared.name)
        {
            sources.push(Source { column, headers: vec![header] });
        }
    }
    if sources.is_empty() {
        return Err(Error::usage("E0402", "none of its columns is named").hint("--column birth_date=dob, --column name=first_name+surname"));
    }
    sources.sort_by_key(|s| s.column);
    Ok(sources)
}

fn next(reader: &mut csv::Reader<std::fs::File>, record: &mut csv::StringRecord, path: &Path) -> Result<bool> {
    reader.read_record(record).map_err(|e| {
        let row = e.position().map_or(0, csv::Position::line);
        let what = match e.kind() {
            csv::ErrorKind::Utf8 { .. } => "a field is not UTF-8".to_owned(),
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("the row has {len} fields, the header {expected_len}"),
            _ => format!("read the row: {e}"),
        };
        Error::usage("E0403", what).file(path).row(row).hint("a CSV file in UTF-8 whose rows have as many fields as its first line")
    })
}

/// Hash of what a row says in the columns that are compared: the order of records follows it, not the order of the file. The name comes first:
/// records that will be compared lie close to each other in memory.
fn content_hash(row: &csv::StringRecord, sources: &[Source], name: Option<usize>) -> u128 {
    let (mut of_name, mut of_all) = (0_u64, 0_u64);
    for source in sources {
        for header in &source.headers {
            let hash = hash_text(&row[*header]);
            of_all = of_all.rotate_left(17).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ hash;
            if Some(source.column) == name {
                of_name = of_name.rotate_left(17) ^ hash;
            }
        }
    }
    u128::from(of_name) << 64 | u128::from(of_all)
}

/// Normalises a batch, columns side by side: what a column does with its values does not depend on the others.
fn push(builders: &mut [ColumnBuilder], sources: &[Source], batch: &[csv::StringRecord], first_row: RecordIx, spec: &Spec, threads: usize) {
    let mut work: Vec<(&mut ColumnBuilder, &Source)> = Vec::new();
    let mut wanted = sources.iter().peekable();
    for (column, builder) in builders.iter_mut().enumerate() {
        if wanted.peek().is_some_and(|s| s.column == column) {
            work.push((builder, wanted.next().expect("it was peeked at")));
        }
    }
    let n_work = work.len();
    let work = std::sync::Mutex::new(work.into_iter());
    let fill = || {
        loop {
            let one = work.lock().expect("no column panics").next();
            let Some((builder, source)) = one else { return };
            for (i, row) in batch.iter().enumerate() {
                push_cell(builder, source, spec, row, first_row + i as RecordIx);
            }
        }
    };
    if threads < 2 || n_work < 2 {
        return fill();
    }
    std::thread::scope(|scope| {
        for _ in 0..threads.min(n_work) {
            scope.spawn(fill);
        }
    });
}

fn push_cell(builder: &mut ColumnBuilder, source: &Source, spec: &Spec, row: &csv::StringRecord, ix: RecordIx) {
    let column = &spec.columns[source.column];
    let texts = source.headers.iter().map(|h| &row[*h]);
    match (source.headers.as_slice(), column.kind) {
        ([one], _) => builder.push(ix, &row[*one]),
        ([given, surname], Kind::PersonName) => {
            if !(row[*given].is_empty() && row[*surname].is_empty()) {
                builder.push(ix, &format!("{}{PARTS_OF_NAME}{}", &row[*given], &row[*surname]));
            }
        }
        _ if column.is_list => texts.for_each(|text| builder.push(ix, text)),
        _ => {
            let together = texts.filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" ");
            builder.push(ix, &together);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::spec::person;

    fn read_text(text: &str, naming: &str) -> Result<PersonFile> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.csv");
        std::fs::write(&path, text).unwrap();
        read(&path, person(), &Naming::parse(naming).unwrap(), 2)
    }

    const NAMING: &str = "truth = \"cluster\"\n[columns]\nname = [\"first\", \"last\"]\nbirth_date = [\"dob\"]";

    #[test]
    fn columns_are_named_and_truth_follows_the_records() {
        let file = read_text("first,last,dob,cluster\nAnna,Berg,1990-03-04,1\n,Berg,,1\nOtto,Kern,1980-05-06,2\n", NAMING).unwrap();
        assert_eq!(file.corpus.len(), 3);
        let mut seen: Vec<(u32, String)> =
            (0..3).map(|ix| (file.corpus.delivered[ix as usize], file.corpus.name(ix).unwrap().surname.clone())).collect();
        seen.sort();
        assert_eq!(seen, [(0, "berg".into()), (1, "berg".into()), (2, "kern".into())]);
        let of_row = |row: u32| file.truth[file.corpus.delivered.iter().position(|d| *d == row).unwrap()];
        assert_eq!(of_row(0), of_row(1));
        assert_ne!(of_row(0), of_row(2));
    }

    #[test]
    fn bad_files_are_refused_with_place_and_hint() {
        for (text, naming, says) in [
            ("first,last,dob\nA,B,C\n", NAMING, "cluster"),
            ("first,last,dob,cluster\nA,B\n", NAMING, "line 2"),
            ("first,last,dob,cluster\n", NAMING, "no rows"),
            ("a,cluster\nA,B\n", "truth = \"cluster\"", "none of its columns"),
            ("a,cluster\nA,B\n", "truth = \"cluster\"\n[columns]\nshoe = [\"a\"]", "shoe"),
        ] {
            let error = read_text(text, naming).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
            assert!(error.hint.is_some());
        }
    }
}
