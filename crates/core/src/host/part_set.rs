//! [`PartSet`]: a set of parts of a combinator, in ascending order.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// A set of the numbers below a limit. Any thread may insert numbers, while one thread takes them
/// out in ascending order.
///
/// ```text
///  levels[2]                        1101                  a bit for each word below that has bits
///  levels[1]          0100          0000          0001
///  levels[0]  0000 0000 0010 0000    …       0110  …      a bit for each number
/// ```
///
/// The numbers are bits. A bit of a higher level tells whether a word below it has bits. So the
/// next number is found in a few steps, however few of them are in the set. Words have 64 bits.
///
/// A higher bit may be left over from a word that is empty by now, until `next_word` comes across
/// it. So numbers of one word that come one after another change the lowest level only. The
/// opposite lasts only as long as a call of `insert`, which sets the lowest bit first.
#[derive(Debug)]
pub(crate) struct PartSet {
    levels: Vec<Box<[AtomicU64]>>,
}

impl PartSet {
    /// Makes the set of all numbers below `n`.
    pub(crate) fn all(n: usize) -> Self {
        let mut levels = Vec::new();
        let mut bits = n;
        while bits > 1 || levels.is_empty() {
            let word = |first| AtomicU64::new(u64::MAX >> 64_usize.saturating_sub(bits - first));
            levels.push((0..bits).step_by(64).map(word).collect::<Box<[_]>>());
            bits = bits.div_ceil(64);
        }
        Self { levels }
    }

    #[inline]
    pub(crate) fn insert(&self, number: usize) {
        self.insert_into_word(number / 64, 1 << (number % 64));
    }

    /// Inserts the numbers of these bits of a word.
    #[inline]
    pub(crate) fn insert_into_word(&self, word: usize, bits: u64) {
        // If the word has had bits, the higher levels know.
        if bits != 0 && self.levels[0][word].fetch_or(bits, SeqCst) == 0 {
            self.note_bits(word);
        }
    }

    /// Sets the higher bits of a word that has bits.
    fn note_bits(&self, mut word: usize) {
        for level in &self.levels[1..] {
            let (above, bit) = (&level[word / 64], 1 << (word % 64));
            if above.load(SeqCst) & bit != 0 || above.fetch_or(bit, SeqCst) != 0 {
                return;
            }
            word /= 64;
        }
    }

    /// Returns the first word that has bits, from this one on.
    #[inline]
    pub(crate) fn next_word(&self, mut word: usize) -> Option<usize> {
        loop {
            word = self.next_noted(word)?;
            if self.levels[0].get(word)?.load(SeqCst) != 0 {
                return Some(word);
            }
            self.note_empty(word);
            word += 1;
        }
    }

    /// Returns the first word, from this one on, that may have bits according to the higher levels.
    fn next_noted(&self, word: usize) -> Option<usize> {
        let mut index = word;
        for (level, words) in self.levels.iter().enumerate().skip(1) {
            let bits = words.get(index / 64)?.load(SeqCst) >> (index % 64);
            if bits != 0 {
                index += bits.trailing_zeros() as usize;
                // Down again. If a word there is empty by now, the next one may have bits.
                return self.levels[1..level].iter().rev().try_fold(index, |index, words| {
                    Some(index * 64 + words.get(index)?.load(SeqCst).trailing_zeros() as usize)
                });
            }
            index = index / 64 + 1;
        }
        (self.levels.len() == 1).then_some(word)
    }

    /// Takes these bits out of a word, as far as they are in it.
    #[inline]
    pub(crate) fn take_from_word(&self, word: usize, bits: u64) -> u64 {
        if self.levels[0][word].load(SeqCst) & bits == 0 {
            return 0;
        }
        self.levels[0][word].fetch_and(!bits, SeqCst) & bits
    }

    /// Clears the higher bits of a word that is empty.
    fn note_empty(&self, mut word: usize) {
        for pair in self.levels.windows(2) {
            if pair[0][word].load(SeqCst) != 0 {
                return;
            }
            let (above, bit) = (&pair[1][word / 64], 1 << (word % 64));
            above.fetch_and(!bit, SeqCst);
            if pair[0][word].load(SeqCst) != 0 {
                // Another thread has inserted a number meanwhile.
                above.fetch_or(bit, SeqCst);
                return;
            }
            word /= 64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(set: &PartSet) -> Vec<usize> {
        let mut taken = Vec::new();
        let mut word = 0;
        while let Some(next) = set.next_word(word) {
            let bits = set.take_from_word(next, u64::MAX);
            taken.extend((0..64).filter(|bit| bits >> bit & 1 == 1).map(|bit| next * 64 + bit));
            word = next + 1;
        }
        taken
    }

    #[test]
    fn all_numbers_are_in_it_at_first() {
        for n in [0, 1, 2, 63, 64, 65, 4096, 4097, 300_000] {
            let set = PartSet::all(n);
            assert_eq!(take_all(&set), (0..n).collect::<Vec<_>>());
            assert!(take_all(&set).is_empty());
        }
    }

    #[test]
    fn numbers_come_out_in_ascending_order() {
        let set = PartSet::all(300_000);
        take_all(&set);
        for _ in 0..2 {
            let numbers = [299_999, 64, 70_000, 5, 64, 4_096, 63];
            numbers.into_iter().for_each(|number| set.insert(number));
            assert_eq!(take_all(&set), [5, 63, 64, 4_096, 70_000, 299_999]);
        }
    }

    #[test]
    fn a_word_that_keeps_bits_is_found_again() {
        let set = PartSet::all(100_000);
        take_all(&set);
        [5_000, 5_001].into_iter().for_each(|number| set.insert(number));
        assert_eq!(set.take_from_word(5_000 / 64, 1 << (5_000 % 64)), 1 << (5_000 % 64));
        assert_eq!(take_all(&set), [5_001]);
    }

    #[test]
    fn no_number_is_lost_between_threads() {
        let set = &PartSet::all(10_000);
        take_all(set);
        let inserted = std::thread::scope(|scope| {
            let thread =
                |first| scope.spawn(move || (first..10_000).step_by(2).for_each(|n| set.insert(n)));
            let threads = [thread(0), thread(1)];
            let mut taken = Vec::new();
            while threads.iter().any(|thread| !thread.is_finished()) {
                taken.extend(take_all(set));
            }
            taken.extend(take_all(set));
            taken
        });
        let mut inserted = inserted;
        inserted.sort_unstable();
        assert_eq!(inserted, (0..10_000).collect::<Vec<_>>());
    }
}
