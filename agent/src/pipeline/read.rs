//! The read stage: fills a leg with file system structures and file data.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets and lengths of our own layout; release builds stop at an overflow"
)]

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use ntfs_image::Node;
use rayon::prelude::*;
use shared::drive::NodeSource;
use shared::job::LeftOutReason;

use super::batch::{Batch, Piece, PieceBytes, Role, index};
use super::course::{Content, Leg};
use super::hash_index::is_hashed;
use super::source_read::{Reading, open_to_ask, read_small};
use super::sources::SourceRead;
use super::stopwatch::{Part, Stopwatch};
use super::work::Work;
use crate::device::AlignedBuffer;

/// Metadata is rendered in pieces of this length, several at once.
const RENDER_PIECE: usize = 1 << 20;

/// Fills legs in ascending order.
pub(super) struct Reader<'a> {
    work: &'a Work<'a>,
    threads: &'a rayon::ThreadPool,
    /// The file that the last leg ended in the middle of, and those that were asked for.
    open: HashMap<Node, Box<dyn SourceRead>>,
    left_out: BTreeMap<Node, LeftOutReason>,
    /// The file whose beginning its source does not give any more.
    gone: Option<(Node, LeftOutReason)>,
    watch: &'a Stopwatch,
}

impl<'a> Reader<'a> {
    /// Returns a reader to which the files `left_out` are known already, and which leaves out `gone`
    /// with the first leg.
    pub(super) fn new(
        work: &'a Work<'a>,
        threads: &'a rayon::ThreadPool,
        left_out: BTreeMap<Node, LeftOutReason>,
        gone: Option<(Node, LeftOutReason)>,
        watch: &'a Stopwatch,
    ) -> Self {
        Self {
            work,
            threads,
            open: HashMap::new(),
            left_out,
            gone,
            watch,
        }
    }

    /// Returns every file that was left out so far, with the reason.
    pub(super) fn into_left_out(self) -> BTreeMap<Node, LeftOutReason> {
        self.left_out
    }

    /// Asks a source that is far for what `leg` needs of it, while the one before is filled.
    pub(super) fn ask(&mut self, leg: &Leg) {
        let work = self.work;
        if !work.sources.is_far() {
            return;
        }
        let bytes_of = |file| work.layout.ntfs().tree().bytes(file);
        for (at, stretch) in leg.places() {
            match stretch.content {
                Content::Rendered => {
                    for file in work.layout.resident_files(at, stretch.bytes) {
                        self.ask_for(file, 0, bytes_of(file));
                    }
                }
                Content::Data { file, from } => {
                    let left = bytes_of(file).saturating_sub(from);
                    self.ask_for(file, from, stretch.bytes.min(left));
                }
                Content::Zeros => {}
            }
        }
    }

    fn ask_for(&mut self, file: Node, from: u64, bytes: u64) {
        if bytes == 0 || self.left_out.contains_key(&file) {
            return;
        }
        let source = match self.open.entry(file) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => match open_to_ask(self.work, file, (from, bytes)) {
                Some(source) => place.insert(source),
                None => return,
            },
        };
        source.ask(from, bytes);
    }

    /// Fills `buffer` with the bytes of `leg`.
    pub(super) fn fill(&mut self, leg: &Leg, mut buffer: AlignedBuffer) -> Batch {
        buffer.set_length(index(leg.bytes));
        let mut batch = Batch {
            at: leg.at,
            buffer,
            pieces: Vec::new(),
            residents: Vec::new(),
            hashes: Vec::new(),
            left_out: Vec::new(),
        };
        if let Some((file, reason)) = self.gone.take() {
            self.leave_out(file, reason, &mut batch);
        }
        let watch = self.watch;
        let residents = watch.during(Part::Source, || self.read_residents(leg, &mut batch));
        self.list_pieces(leg, &residents, &mut batch);
        watch.during(Part::Source, || self.read_data(leg, &mut batch));
        watch.during(Part::Render, || self.render(leg, &residents, &mut batch));
        batch
    }

    /// Reads the small files whose records lie in `leg`: several at once, for each is a round trip
    /// to the source.
    fn read_residents(&mut self, leg: &Leg, batch: &mut Batch) -> HashMap<Node, usize> {
        let mut wanted = Vec::new();
        for (at, stretch) in leg.places() {
            if stretch.content == Content::Rendered {
                wanted.extend(self.work.layout.resident_files(at, stretch.bytes));
            }
        }
        let work = self.work;
        wanted.retain(|node| !work.layout.is_written_last(*node));
        let held = wanted.iter().map(|node| (*node, self.open.remove(node)));
        let held: Vec<_> = held.collect();
        let known = &self.left_out;
        let contents: Vec<_> = self.threads.install(|| {
            let read = |(node, held)| match known.get(&node) {
                Some(reason) => Err(*reason),
                None => read_small(work, node, held),
            };
            held.into_par_iter().map(read).collect()
        });
        self.watch.opened(wanted.len());
        let mut numbers = HashMap::with_capacity(wanted.len());
        for (node, content) in wanted.into_iter().zip(contents) {
            let bytes = work.layout.ntfs().tree().bytes(node);
            let content = content.unwrap_or_else(|reason| {
                self.leave_out(node, reason, batch);
                vec![0; index(bytes)]
            });
            numbers.insert(node, batch.residents.len());
            batch.residents.push(content);
        }
        numbers
    }

    /// Lists what of the leg is hashed, in drive order.
    fn list_pieces(&self, leg: &Leg, residents: &HashMap<Node, usize>, batch: &mut Batch) {
        for (at, stretch) in leg.places() {
            match stretch.content {
                Content::Rendered => {
                    let files = self.work.layout.resident_files(at, stretch.bytes);
                    for node in files.filter(|node| is_hashed(self.work, *node)) {
                        batch.pieces.push(Piece {
                            bytes: PieceBytes::Resident(residents[&node]),
                            starts: true,
                            ends: true,
                            role: self.role(node, true, true),
                        });
                    }
                }
                Content::Data { file, from } => {
                    let offset = at - leg.at;
                    self.list_blocks(file, from, stretch.bytes, offset, batch);
                }
                Content::Zeros => {}
            }
        }
    }

    /// Cuts the part `[from, from + bytes)` of a file, which lies at `offset` of the batch, at its
    /// block borders.
    fn list_blocks(&self, file: Node, from: u64, bytes: u64, offset: u64, batch: &mut Batch) {
        let length = self.work.layout.ntfs().tree().bytes(file);
        let block = self.work.block_bytes(file);
        let end = length.min(from + bytes);
        let mut place = from;
        while place < end {
            let block_end = length.min((place / block + 1) * block);
            let piece_end = block_end.min(end);
            let range = index(offset + (place - from))..index(offset + (piece_end - from));
            batch.pieces.push(Piece {
                bytes: PieceBytes::Buffer(range),
                starts: place.is_multiple_of(block),
                ends: piece_end == block_end,
                role: self.role(file, place == 0, piece_end == length),
            });
            place = piece_end;
        }
    }

    /// Reads file data straight into the buffer, several files at once.
    fn read_data(&mut self, leg: &Leg, batch: &mut Batch) {
        let mut readings = Vec::new();
        let mut rest: &mut [u8] = &mut batch.buffer;
        for stretch in &leg.stretches {
            let (into, after) = rest.split_at_mut(index(stretch.bytes));
            rest = after;
            match stretch.content {
                Content::Rendered => {}
                Content::Zeros => into.fill(0),
                Content::Data { file, from } => {
                    let left_out = self.left_out.contains_key(&file);
                    let held = self.open.remove(&file);
                    readings.push(Reading {
                        file,
                        from,
                        into,
                        held,
                        outcome: Ok(None),
                        left_out,
                    });
                }
            }
        }
        let begun = readings.iter().filter(|reading| reading.from == 0);
        self.watch.opened(begun.count());
        let work = self.work;
        match readings.as_mut_slice() {
            [one] => one.run(work),
            many => self
                .threads
                .install(|| many.par_iter_mut().for_each(|reading| reading.run(work))),
        }
        let outcomes: Vec<_> = readings
            .into_iter()
            .map(|reading| (reading.file, reading.outcome))
            .collect();
        for (file, outcome) in outcomes {
            match outcome {
                Ok(None) => {}
                Ok(Some(source)) => drop(self.open.insert(file, source)),
                Err(reason) => self.leave_out(file, reason, batch),
            }
        }
    }

    /// Renders the file system structures of the leg.
    fn render(&self, leg: &Leg, residents: &HashMap<Node, usize>, batch: &mut Batch) {
        let contents = &batch.residents;
        let mut places = Vec::new();
        let mut rest: &mut [u8] = &mut batch.buffer;
        for (at, stretch) in leg.places() {
            let (into, after) = rest.split_at_mut(index(stretch.bytes));
            rest = after;
            if stretch.content == Content::Rendered {
                let mut at = at;
                for piece in into.chunks_mut(RENDER_PIECE) {
                    let bytes = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                    places.push((at, piece));
                    at += bytes;
                }
            }
        }
        let layout = &self.work.layout;
        let draw = |(at, into): &mut (u64, &mut [u8])| {
            layout.render(*at, into, &mut |node, slot| match residents.get(&node) {
                Some(number) => slot.copy_from_slice(&contents[*number]),
                None => slot.fill(0),
            });
        };
        match places.as_mut_slice() {
            [one] => draw(one),
            many => self.threads.install(|| many.par_iter_mut().for_each(draw)),
        }
    }

    /// Returns what a piece of `file` is to a Content-MD5.
    fn role(&self, file: Node, starts: bool, ends: bool) -> Role {
        match self.work.layout.source_of(file) {
            NodeSource::Properties(entry) => Role::Properties { entry },
            NodeSource::Entry(entry) if self.work.mapping.content_md5 => Role::Content {
                entry,
                starts,
                ends,
            },
            _ => Role::Plain,
        }
    }

    fn leave_out(&mut self, node: Node, reason: LeftOutReason, batch: &mut Batch) {
        if self.left_out.insert(node, reason).is_none() {
            batch.left_out.push((node, reason));
        }
    }
}
