//! [`Rotation`]: the order in which parts take turns at being the first.

use std::cell::Cell;

/// Decides which part of a `select` is resumed first, so that each part comes first equally often.
///
/// The answers are the multiples of the golden ratio, modulo 1: they are spread evenly. That is
/// also true of every second or every third answer. So two `select`s that alternate each get a fair
/// share, which they would not get from a counter. The first answer is 0.
///
/// ```
/// use quadrivium_core::host::Rotation;
///
/// let rotation = Rotation::default();
/// assert_eq!([(); 6].map(|()| rotation.first(2)), [0, 1, 0, 1, 0, 0]);
/// ```
#[derive(Debug, Default)]
pub struct Rotation {
    /// A fraction of 2^64.
    fraction: Cell<u64>,
}

/// The golden ratio, modulo 1, as a fraction of 2^64.
const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;

impl Rotation {
    /// Returns which of `n` parts is the first now.
    pub fn first(&self, n: usize) -> usize {
        let fraction = self.fraction.get();
        self.fraction.set(fraction.wrapping_add(GOLDEN_RATIO));
        // The product is less than `n` times 2^64.
        ((u128::from(fraction) * n as u128) >> 64) as usize
    }
}

thread_local! {
    static OF_THIS_THREAD: Rotation = const { Rotation { fraction: Cell::new(0) } };
}

pub(super) fn first_on_this_thread(n: usize) -> usize {
    OF_THIS_THREAD.with(|rotation| rotation.first(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_first_equally_often_for_each_of_several_users() {
        for (n, users) in [(2, 1), (2, 2), (3, 3), (5, 2), (7, 4)] {
            let rotation = Rotation::default();
            let mut times = vec![vec![0_i32; n]; users];
            for turn in 0..1_000 * n * users {
                times[turn % users][rotation.first(n)] += 1;
            }
            let evenly = |times: &i32| (times - 1_000).abs() < 10;
            assert!(times.iter().flatten().all(evenly), "{n} parts, {users} users: {times:?}");
        }
    }
}
