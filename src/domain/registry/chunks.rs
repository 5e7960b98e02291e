//! Items in order, many to a chunk: an item takes hardly more memory than itself, those that follow one another lie
//! side by side, and who changes one copies its chunk alone.

use std::{
    borrow::Borrow,
    ops::Bound::{self, Excluded, Included, Unbounded},
    sync::Arc,
};

use rpds::RedBlackTreeMapSync;

/// How many items a chunk has at most.
const MOST: usize = 128;

/// Items in order of the texts that tell them apart.
#[derive(Clone)]
pub(super) struct Chunks<T> {
    /// Each by a text that is not after its first item, and after the last of the chunk before. The first is by the
    /// empty text.
    chunks: RedBlackTreeMapSync<Arc<str>, Arc<Chunk<T>>>,
    len: usize,
}

/// Items in order, and beside them a number for each, so that one is found without a look at the others: each of those
/// lies somewhere else in memory.
#[derive(Clone)]
struct Chunk<T> {
    items: Vec<T>,
    marks: Vec<u32>,
}

impl<T: Borrow<str>> Chunk<T> {
    fn of(items: Vec<T>) -> Self {
        let mut marks = Vec::with_capacity(items.capacity());
        marks.extend(items.iter().map(|it| mark(it.borrow())));
        Self { items, marks }
    }

    fn get(&self, key: &str) -> Option<&T> {
        let wanted = mark(key);
        let marked = self.marks.iter().zip(&self.items);
        let mut marked = marked.filter(|(mark, _)| **mark == wanted);
        marked
            .find(|(_, it)| (*it).borrow() == key)
            .map(|(_, it)| it)
    }

    /// Where the item with `key` is, or would be.
    fn find(&self, key: &str) -> Result<usize, usize> {
        self.items.binary_search_by(|it| it.borrow().cmp(key))
    }

    fn insert(&mut self, at: usize, item: T) {
        self.marks.insert(at, mark(item.borrow()));
        self.items.insert(at, item);
    }

    fn remove(&mut self, at: usize) {
        self.marks.remove(at);
        self.items.remove(at);
    }

    fn split_off(&mut self, at: usize) -> Self {
        Self {
            items: self.items.split_off(at),
            marks: self.marks.split_off(at),
        }
    }
}

/// A number that few texts have in common.
fn mark(key: &str) -> u32 {
    let words = key.as_bytes().chunks(8).map(|bytes| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    });
    let mixed = words.fold(0, |mixed: u64, word| {
        let mixed = (mixed.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ mixed >> 32
    });
    #[expect(clippy::cast_possible_truncation, reason = "a part of it will do")]
    let mark = mixed as u32;
    mark
}

impl<T: Borrow<str> + Clone> Chunks<T> {
    pub(super) fn new() -> Self {
        Self {
            chunks: RedBlackTreeMapSync::new_sync(),
            len: 0,
        }
    }

    /// All of these, which are in order, each with a text of its own.
    pub(super) fn of(items: Vec<T>) -> Self {
        let mut all = Self::new();
        all.len = items.len();
        let mut items = items.into_iter();
        loop {
            let mut chunk = Vec::with_capacity(MOST.min(items.len()));
            chunk.extend(items.by_ref().take(MOST));
            let Some(first) = chunk.first() else {
                return all;
            };
            let first: &str = if all.chunks.is_empty() {
                ""
            } else {
                first.borrow()
            };
            let known_by = first.into();
            all.chunks.insert_mut(known_by, Arc::new(Chunk::of(chunk)));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The chunk that has `key`, if any has, and what it is known by.
    fn chunk(&self, key: &str) -> Option<(&Arc<str>, &Arc<Chunk<T>>)> {
        let until = (Unbounded, Included(key));
        self.chunks.range::<str, _>(until).next_back()
    }

    pub(super) fn get(&self, key: &str) -> Option<&T> {
        let (_, chunk) = self.chunk(key)?;
        chunk.get(key)
    }

    /// Takes `item` in, instead of the one with the same text if there is one.
    pub(super) fn insert(&mut self, item: T) {
        let known_by = self.chunk(item.borrow()).map(|(known_by, _)| known_by);
        let Some(known_by) = known_by.cloned() else {
            let first = Chunk::of(vec![item]);
            self.chunks.insert_mut("".into(), Arc::new(first));
            self.len += 1;
            return;
        };
        let Some(chunk) = self.chunks.get_mut(&known_by).map(Arc::make_mut) else {
            return;
        };
        match chunk.find(item.borrow()) {
            Ok(at) => chunk.items[at] = item,
            Err(at) => {
                self.len += 1;
                if chunk.items.len() < MOST {
                    chunk.insert(at, item);
                    return;
                }
                // Those that come in order fill chunk after chunk.
                let middle = if at == MOST { MOST } else { MOST / 2 };
                let mut rest = chunk.split_off(middle);
                if at < middle {
                    chunk.insert(at, item);
                } else {
                    rest.insert(at - middle, item);
                }
                let first: &str = rest.items[0].borrow();
                self.chunks.insert_mut(first.into(), Arc::new(rest));
            }
        }
    }

    pub(super) fn remove(&mut self, key: &str) {
        let Some((known_by, chunk)) = self.chunk(key) else {
            return;
        };
        let (Ok(at), known_by) = (chunk.find(key), Arc::clone(known_by)) else {
            return;
        };
        let is_last = chunk.items.len() == 1;
        self.len -= 1;
        if is_last {
            self.chunks.remove_mut(&known_by);
        } else if let Some(chunk) = self.chunks.get_mut(&known_by) {
            Arc::make_mut(chunk).remove(at);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.values().flat_map(|chunk| chunk.items.iter())
    }

    /// Those from `key` on; without the one that has it itself, unless `with_key`.
    pub(super) fn from(&self, key: &str, with_key: bool) -> impl Iterator<Item = &T> {
        let (first, later) = match self.chunk(key) {
            Some((known_by, chunk)) => {
                let at = match chunk.find(key) {
                    Ok(at) => at + usize::from(!with_key),
                    Err(at) => at,
                };
                (&chunk.items[at..], Excluded(&**known_by))
            }
            None => (&[][..], Unbounded),
        };
        let later: (Bound<&str>, Bound<&str>) = (later, Unbounded);
        let later = self.chunks.range::<str, _>(later);
        first
            .iter()
            .chain(later.flat_map(|(_, chunk)| chunk.items.iter()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn text(number: u16) -> String {
        format!("{number}")
    }

    proptest! {
        /// Enough items that chunks are split, emptied and made anew.
        #[test]
        fn it_is_what_an_ordered_set_would_be(
            rising in 0_u16..600,
            changes in proptest::collection::vec((any::<bool>(), 0_u16..600), 0..600),
            from in 0_u16..700,
        ) {
            let mut chunks = Chunks::<String>::new();
            let mut expected = BTreeSet::new();
            for number in 0..rising {
                expected.insert(text(number));
            }
            for item in &expected {
                chunks.insert(item.clone());
            }
            prop_assert!(Chunks::of(expected.iter().cloned().collect()).iter().eq(chunks.iter()));
            if from % 2 == 0 {
                chunks = Chunks::of(expected.iter().cloned().collect());
            }
            let before = chunks.clone();
            let was: Vec<String> = expected.iter().cloned().collect();
            for (is_new, number) in changes {
                if is_new {
                    chunks.insert(text(number));
                    expected.insert(text(number));
                } else {
                    chunks.remove(&text(number));
                    expected.remove(&text(number));
                }
            }
            prop_assert_eq!(chunks.len(), expected.len());
            prop_assert!(chunks.iter().eq(expected.iter()));
            prop_assert!(before.iter().eq(was.iter()));
            let key = text(from);
            prop_assert_eq!(chunks.get(&key), expected.get(&key));
            prop_assert!(chunks.from(&key, true).eq(expected.range(key.clone()..)));
            let after = (Excluded(key.clone()), Unbounded);
            prop_assert!(chunks.from(&key, false).eq(expected.range(after)));
        }
    }

    #[test]
    fn items_that_come_in_order_fill_their_chunks() {
        let mut chunks = Chunks::<String>::new();
        for number in 10_000..10_000 + 4 * MOST {
            chunks.insert(number.to_string());
        }
        assert_eq!(chunks.chunks.size(), 4);
    }
}
