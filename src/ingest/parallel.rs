//! One large text file on several threads: one cuts it into blocks, some judge the rows of blocks, and the ledger takes the blocks in their
//! order, so that the outcome is that of one thread.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::blocks::{Block, Blocks, Next};
use super::judge::{Judge, Screened};
use super::ledger::{Fate, Judged, Ledger};
use super::plan::Plan;
use super::rejects::{Reject, Scope};
use super::row::{RawRow, RowSource};
use super::sections::{Section, TextPlace};
use crate::error::{Error, Result};

/// What all threads of a file know.
pub struct Work<'w> {
    /// The table.
    pub section: &'w Section<'w>,
    /// Where its text is.
    pub place: TextPlace<'w>,
    /// What becomes of its rows.
    pub plan: &'w Plan,
    /// SHA-256 of the file.
    pub source_id: &'w str,
    /// Rows up to and with the header.
    pub header_rows: usize,
    /// Threads that judge.
    pub threads: usize,
}

/// How far the blocks reached.
pub struct Reached {
    /// Lines of the file that were used.
    pub lines: u64,
    /// Where the rest of the file has to be read in one go, if it has to: bytes and lines before it.
    pub rest: Option<(u64, u64)>,
}

/// Reads the file as far as it can be cut.
///
/// # Errors
/// As one thread would fail.
pub fn read(work: &Work<'_>, ledger: &mut Ledger<'_>) -> Result<Reached> {
    let blocks = Blocks::open(work.place.path, work.place.shape)?;
    let (cut, to_judge) = sync_channel::<(usize, Block)>(1);
    let to_judge = Mutex::new(to_judge);
    let (done, judged) = sync_channel::<(usize, Result<(u64, Judged)>)>(1);
    std::thread::scope(|scope| {
        let cutter = scope.spawn(move || cut_all(blocks, &cut));
        for _ in 0..work.threads {
            let done = done.clone();
            let to_judge = &to_judge;
            scope.spawn(move || judge_all(work, to_judge, &done));
        }
        drop(done);
        let lines = take_all(&judged, ledger);
        // If this gave up, the threads find nobody who listens and end.
        drop(judged);
        drop(std::mem::replace(&mut *to_judge.lock().unwrap_or_else(PoisonError::into_inner), sync_channel(0).1));
        let rest = cutter.join().map_err(|_| Error::bug("E0205", "cut a file into blocks: its thread broke down"))?;
        Ok(Reached { lines: lines?, rest: rest? })
    })
}

/// Hands blocks out until the file ends or nobody listens.
fn cut_all(mut blocks: Blocks, cut: &SyncSender<(usize, Block)>) -> Result<Option<(u64, u64)>> {
    for index in 0.. {
        match blocks.next()? {
            Next::Block(block) => {
                if cut.send((index, block)).is_err() {
                    break;
                }
            }
            Next::Restless(bytes, lines) => return Ok(Some((bytes, lines))),
            Next::End => break,
        }
    }
    Ok(None)
}

fn judge_all(work: &Work<'_>, blocks: &Mutex<Receiver<(usize, Block)>>, done: &SyncSender<(usize, Result<(u64, Judged)>)>) {
    let mut judge = Judge::new(work.plan, work.section, work.source_id);
    loop {
        let next = blocks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((index, block)) = next else { return };
        if done.send((index, judge_block(work, &mut judge, &block))).is_err() {
            return;
        }
    }
}

/// Takes the blocks in the order of the file; gives the lines used.
fn take_all(judged: &Receiver<(usize, Result<(u64, Judged)>)>, ledger: &mut Ledger<'_>) -> Result<u64> {
    let mut waiting = BTreeMap::new();
    let (mut next, mut lines) = (0, 0);
    for (index, result) in judged {
        waiting.insert(index, result);
        while let Some(result) = waiting.remove(&next) {
            let (used, block) = result?;
            ledger.judged(block)?;
            lines += used;
            next += 1;
        }
    }
    Ok(lines)
}

fn judge_block(work: &Work<'_>, judge: &mut Judge<'_>, block: &Block) -> Result<(u64, Judged)> {
    let mut rows = work.place.block_rows(&block.bytes, block.lines_before);
    let mut judged = Judged { read: 0, structure: 0, fates: Vec::new(), rejects: Vec::new(), records: None };
    let mut header_rows = if block.lines_before == 0 { work.header_rows as u64 } else { 0 };
    let (mut row, mut of_row) = (RawRow::default(), Vec::new());
    while rows.next(&mut row)? {
        judged.read += 1;
        if header_rows > 0 {
            header_rows -= 1;
            judged.structure += 1;
            continue;
        }
        match judge.screen(&row) {
            Screened::Structure => judged.structure += 1,
            Screened::Unusable(why) => {
                let reject = Reject { row: row.number, scope: Scope::Row, column: String::new(), value: row.display(), why };
                judged.rejects.push((None, reject));
            }
            Screened::Data(hash) => {
                let at = judged.fates.len();
                let kept = match judge.keep(&row, &mut of_row) {
                    Ok(()) => true,
                    Err(reject) => {
                        of_row.clear();
                        of_row.push(reject);
                        false
                    }
                };
                judged.rejects.extend(of_row.drain(..).map(|reject| (Some(at), reject)));
                judged.fates.push(Fate { hash, kept });
            }
        }
    }
    judged.records = judge.take_all()?.pop();
    Ok((rows.used().unwrap_or(0) - block.lines_before, judged))
}
