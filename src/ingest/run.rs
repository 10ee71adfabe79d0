//! Many files: which are new, read by a few threads, handed on in the order of their paths whatever the threads do.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use arrow::record_batch::RecordBatch;

use super::catalogue::Catalogue;
use super::deliver::{Delivered, Input, Inputs};
use super::file::{self, Job};
use super::ledger::Out;
use super::sections::Choice;
use super::sink::Sink;
use super::sniff::{self, Sniffed};
use super::summary::{FileSummary, Refusal, Status, Summary};
use super::{Options, Progress, sources};
use crate::error::{Error, Fault, Result};
use crate::record::Table;

/// Batches of one file that may wait for the files before it.
const BATCHES_AHEAD: usize = 4;

/// What a thread reports about its file.
enum Event {
    Batch(&'static Table, RecordBatch),
    End(Box<FileSummary>, Box<Delivered>),
    Failed(Error),
}

/// Reads all files of `options` that are not in `loaded` (their SHA-256), writes their records, rejects and `meta.sources` rows to `sink`.
///
/// A file that cannot be loaded is in the summary with its reason and leaves nothing in the sink.
///
/// # Errors
/// No file could be loaded, or something broke after a file had begun to be written: then nothing of this load must be published.
pub fn ingest(
    options: &Options,
    workspace: Option<&Path>,
    loaded: &BTreeSet<String>,
    sink: &mut dyn Sink,
    progress: &dyn Progress,
) -> Result<Summary> {
    let catalogue = Catalogue::load(workspace)?;
    let forced = options.mapping.as_deref().map(|name| catalogue.find(name)).transpose()?;
    let inputs = Inputs::find(options, workspace)?;
    let files = &inputs.files;
    if files.is_empty() {
        return Err(nothing_there(options));
    }
    let threads = options.threads.clamp(1, files.len());
    let sniffed = sniff_all(files, threads)?;
    progress.begin(files.len(), sniffed.iter().filter(|s| s.format.is_ok()).map(Sniffed::rows_expected).sum());
    let work = Work {
        options,
        catalogue: &catalogue,
        forced: forced.map(|m| m.name.as_str()),
        files,
        sniffed: &sniffed,
        threads: (options.threads / threads).max(1),
        progress,
    };

    let mut known = loaded.clone();
    let is_new: Vec<bool> =
        sniffed.iter().zip(files).map(|(s, f)| s.format.is_err() || f.path.is_err() || known.insert(s.sha256.clone())).collect();
    let mut summary = Summary::default();
    let mut source_rows = sources::Rows::default();
    let channel = |new: &bool| if *new { Some(sync_channel(BATCHES_AHEAD)) } else { None }.unzip();
    let (senders, receivers): (Vec<_>, Vec<_>) = is_new.iter().map(channel).unzip();
    let senders = Mutex::new(senders);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| -> Result<()> {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= files.len() {
                        return;
                    }
                    let sender = senders.lock().unwrap_or_else(PoisonError::into_inner)[index].take();
                    if let Some(sender) = sender {
                        work.file(index, &sender);
                    }
                }
            });
        }
        // If this returns early the receivers are dropped, and the threads stop at their next batch.
        for (index, receiver) in receivers.into_iter().enumerate() {
            let (file, delivered) = match receiver {
                Some(receiver) => drain(&receiver, sink)?,
                None => (work.already_loaded(index), Delivered::default()),
            };
            if file.status == Status::Loaded {
                // Once more, where nothing but the published rows follows: what does not add up is not published.
                file.counts.check().map_err(|e| e.file(&file.file))?;
                source_rows.push(&file, delivered);
            }
            progress.file(&file.file);
            summary.push(file);
        }
        Ok(())
    })?;
    progress.end();
    if let Some(batch) = source_rows.batch()? {
        sink.write(&crate::record::tables::SOURCES, batch)?;
    }
    if summary.count(Status::Loaded) + summary.count(Status::AlreadyLoaded) == 0 {
        return Err(nothing_usable(&summary));
    }
    Ok(summary)
}

/// Hands the batches of one file on, until its end.
fn drain(receiver: &Receiver<Event>, sink: &mut dyn Sink) -> Result<(FileSummary, Delivered)> {
    loop {
        match receiver.recv() {
            Ok(Event::Batch(table, batch)) => sink.write(table, batch)?,
            Ok(Event::End(summary, delivered)) => return Ok((*summary, *delivered)),
            Ok(Event::Failed(error)) => return Err(error),
            Err(_) => return Err(Error::bug("E0205", "finish a file: its thread ended without a word")),
        }
    }
}

struct Work<'w> {
    options: &'w Options,
    catalogue: &'w Catalogue,
    forced: Option<&'w str>,
    files: &'w [Input],
    sniffed: &'w [Sniffed],
    /// Threads for each file.
    threads: usize,
    progress: &'w dyn Progress,
}

impl Work<'_> {
    fn already_loaded(&self, index: usize) -> FileSummary {
        let mut summary = self.files[index].summary();
        summary.status = Status::AlreadyLoaded;
        summary.source_id.clone_from(&self.sniffed[index].sha256);
        summary.bytes = self.sniffed[index].bytes;
        summary.format = self.sniffed[index].format.ok();
        summary
    }

    /// Reads one file and reports it. A failed send means that nobody listens any more.
    fn file(&self, index: usize, sender: &SyncSender<Event>) {
        let mut wrote = false;
        let result = self.read(index, &mut |table, batch| {
            wrote = true;
            sender.send(Event::Batch(table, batch)).map_err(|_| Error::bug("E0205", "go on: the load was given up"))
        });
        let event = match result {
            Ok((summary, delivered)) => Event::End(Box::new(summary), Box::new(delivered)),
            Err(error) if error.fault == Fault::Usage && !wrote => {
                let mut summary = self.already_loaded(index);
                summary.status = Status::Refused;
                summary.refusal = Some(Refusal::from(&error));
                Event::End(Box::new(summary), Box::default())
            }
            Err(error) => Event::Failed(error),
        };
        let _ = sender.send(event);
    }

    fn read(&self, index: usize, out: Out<'_>) -> Result<(FileSummary, Delivered)> {
        let input = &self.files[index];
        let path = match &input.path {
            Ok(path) => path,
            Err(why) => return Err(Error::usage(why.code, why.message.clone()).hint(why.hint.clone().unwrap_or_default())),
        };
        let delivered = input.delivered(self.options)?;
        let layout = self.forced.or(delivered.layout.as_deref());
        let forced = layout.map(|name| self.catalogue.find(name)).transpose()?;
        let declared = [("owner", &delivered.facts.owner), ("account", &delivered.facts.account)];
        let declared: Vec<&'static str> = declared.iter().filter(|(_, given)| given.is_some()).map(|(name, _)| *name).collect();
        let job = Job {
            shown: input.shown.clone(),
            stem: input.stem.clone(),
            sniffed: self.sniffed[index].clone(),
            facts: delivered.facts.clone(),
            offsets: [delivered.utc_offset_min, self.options.workspace_utc_offset_min],
            choice: Choice { mappings: self.catalogue.all(), forced, declared: &declared },
            threads: self.threads,
            scratch: &self.options.scratch,
        };
        let summary = file::read(path, &job, &|rows| self.progress.rows(rows), out)?;
        Ok((summary, delivered))
    }
}

/// The first pass over all files.
fn sniff_all(files: &[Input], threads: usize) -> Result<Vec<Sniffed>> {
    let results: Vec<Mutex<Option<Result<Sniffed>>>> = files.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((path, slot)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| files.get(i).zip(results.get(i))) {
                    let sniffed = match &path.path {
                        Ok(path) => sniff::sniff(path),
                        Err(_) => Ok(Sniffed::nothing()),
                    };
                    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(sniffed);
                }
            });
        }
    });
    let done =
        |slot: Mutex<Option<Result<Sniffed>>>| slot.into_inner().unwrap_or_else(PoisonError::into_inner).expect("every file was sniffed");
    results.into_iter().map(done).collect()
}

fn nothing_there(options: &Options) -> Error {
    let paths: Vec<_> = options.paths.iter().map(|p| p.display().to_string()).collect();
    Error::usage("E0223", format!("no file in {}", paths.join(", ")))
        .hint("give files or a folder with CSV, XLSX, JSON lines or Parquet files")
}

/// Says why none of the files could be loaded.
fn nothing_usable(summary: &Summary) -> Error {
    let refused: Vec<_> = summary.files.iter().filter(|f| f.status == Status::Refused).collect();
    if let Some((first, refusal)) = refused.iter().find_map(|f| f.refusal.as_ref().map(|r| (f, r))) {
        let others = if refused.len() > 1 { format!(" (and {} further files)", refused.len() - 1) } else { String::new() };
        let place = if refusal.message.contains(&first.file) { String::new() } else { format!("{}: ", first.file) };
        let error = Error::usage(refusal.code, format!("{place}{}{others}", refusal.message));
        return match &refusal.hint {
            Some(hint) => error.hint(hint.clone()),
            None => error,
        };
    }
    let mut kinds: std::collections::BTreeMap<&str, usize> = Default::default();
    for what in summary.files.iter().filter_map(|f| f.notes.first()) {
        *kinds.entry(what).or_default() += 1;
    }
    let kinds: Vec<_> = kinds.iter().map(|(what, n)| format!("{n} × {what}")).collect();
    Error::usage("E0224", format!("none of {} files is a table: {}", summary.files.len(), kinds.join(", ")))
        .hint("clew loads CSV, XLSX, JSON lines and Parquet; give the folder with the records, or export them as CSV")
}
