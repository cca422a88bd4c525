//! Objects inside streams (ISO 32000-2, 7.5.7).

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use segl_crypto::Source;

use crate::{
    Bound, Document, Entry, FilterError, Limits, Object, ReadError, Reference, XrefProblem,
    document::Encoded,
    lex::{Lexer, Token},
    parse::{self, ParseError},
    section::broken,
};

/// The decoded object streams that were used last.
#[derive(Debug, Default)]
pub(crate) struct ObjectStreams {
    /// Oldest use first.
    kept: VecDeque<(u32, Arc<ObjectStream>)>,
    bytes: usize,
}

#[derive(Debug)]
struct ObjectStream {
    data: Vec<u8>,
    /// Object number and place in the data.
    index: Vec<(u32, usize)>,
    /// Where the stream's data stands in the file.
    at: u64,
}

/// What object streams have cost so far; once over a limit, always over it.
#[derive(Debug, Default)]
pub(crate) struct Work {
    decoded: AtomicU64,
    parsed: AtomicU64,
    /// What did not decode, by the place of the data; the budget bounds how many these are.
    failed: Mutex<HashMap<u64, (Encoded, FilterError)>>,
}

impl Work {
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), ReadError> {
        for (spent, limit, bound) in [
            (&self.decoded, limits.object_streams_decoded, Bound::ObjectStreamsDecoded),
            (&self.parsed, limits.object_streams_parsed, Bound::ObjectStreamsParsed),
        ] {
            if spent.load(Ordering::Relaxed) > limit {
                return Err(ReadError::Limit { offset: 0, bound });
            }
        }
        Ok(())
    }

    /// Why this data did not decode before, here or in another revision.
    fn failure(&self, encoded: &Encoded) -> Option<FilterError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, error) = failed.get(&encoded.range.start)?;
        (known == encoded).then(|| error.clone())
    }

    fn remember(&self, encoded: Encoded, error: &FilterError) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.insert(encoded.range.start, (encoded, error.clone()));
    }

    fn spend(on: &AtomicU64, bytes: usize) {
        on.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl ObjectStreams {
    fn get(&mut self, number: u32) -> Option<Arc<ObjectStream>> {
        let place = self.kept.iter().position(|(kept, _)| *kept == number)?;
        let entry = self.kept.remove(place)?;
        let found = Arc::clone(&entry.1);
        self.kept.push_back(entry);
        Some(found)
    }

    fn put(&mut self, number: u32, objects: &Arc<ObjectStream>, limit: usize) {
        self.bytes += objects.data.len();
        self.kept.push_back((number, Arc::clone(objects)));
        // The newest always stays, however large, or it would be decoded again for each of its objects.
        while self.bytes > limit && self.kept.len() > 1 {
            let Some((_, oldest)) = self.kept.pop_front() else { break };
            self.bytes -= oldest.data.len();
        }
    }
}

impl<S: Source> Document<S> {
    pub(crate) fn load_compressed(
        &self,
        reference: Reference,
        stream: u32,
        index: u32,
        depth: usize,
    ) -> Result<Object, ReadError> {
        self.check_work()?;
        let objects = self.object_stream(stream, depth)?;
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let Some((number, at)) = objects.index.get(index).copied() else { return Ok(Object::Null) };
        if number != reference.number {
            return Err(broken(objects.at, XrefProblem::ObjectNotHere(reference)));
        }
        let bytes = objects.data.get(at..).unwrap_or_default();
        let mut lexer = Lexer::new(bytes, None, true);
        let parsed = parse::object(&mut lexer, self.limits());
        Work::spend(&self.work.parsed, lexer.position());
        self.check_work()?;
        match parsed {
            Ok(value) => Ok(value),
            Err(ParseError::Read(error)) => Err(error),
            Err(ParseError::MoreInput) => Ok(Object::Null),
        }
    }

    fn object_stream(&self, number: u32, depth: usize) -> Result<Arc<ObjectStream>, ReadError> {
        let reference = Reference::new(number);
        if let Some(found) = self.cache().get(number) {
            return Ok(found);
        }
        // An object stream may not be in an object stream (7.5.7); `/Length` may be anywhere.
        let Some(Entry::InUse { .. }) = self.entry(number) else {
            return Err(ReadError::Structure { what: "object stream", reference: Some(reference) });
        };
        let Object::Stream(stream) = self.load_at_depth(reference, depth)? else {
            return Err(ReadError::Structure { what: "object stream", reference: Some(reference) });
        };
        let encoded = self.encoded(&stream, depth)?;
        if let Some(source) = self.work.failure(&encoded) {
            return Err(ReadError::Filter { reference, source });
        }
        let data = self.decode(&stream, &encoded);
        // One that fails has been decoded as far as it went.
        let cost = data.as_ref().map_or(self.limits().decoded_stream, Vec::len);
        Work::spend(&self.work.decoded, cost);
        if let Err(ReadError::Filter { source, .. }) = &data {
            self.work.remember(encoded, source);
        }
        let data = data?;
        self.check_work()?;
        let number_of = |key: &str| {
            let value = stream.dictionary.get(key).and_then(Object::as_integer);
            value.and_then(|value| usize::try_from(value).ok())
        };
        let (Some(count), Some(first)) = (number_of("N"), number_of("First")) else {
            return Err(ReadError::Structure {
                what: "/N or /First of an object stream",
                reference: Some(reference),
            });
        };
        let mut lexer = Lexer::new(&data, None, true);
        let mut index = Vec::new();
        // A stream of nothing but numbers would take four times its size.
        for _ in 0..count.min(self.limits().entries) {
            let (Ok(Token::Integer(number)), Ok(Token::Integer(at))) = (lexer.next(), lexer.next()) else {
                break;
            };
            let (Ok(number), Ok(at)) = (u32::try_from(number), usize::try_from(at)) else { break };
            index.push((number, first.saturating_add(at)));
        }
        let objects = Arc::new(ObjectStream { data, index, at: stream.data_start });
        self.cache().put(number, &objects, self.limits().object_stream_cache);
        Ok(objects)
    }

    fn cache(&self) -> MutexGuard<'_, ObjectStreams> {
        self.object_streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
