//! The rules of the exhibition: the number of boards, and the thinking times.

use std::time::Duration;

/// A simultaneous exhibition: one master, many boards.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Number of boards.
    pub boards: usize,
    /// Number of moves of the master on each board. Each gets one reply.
    pub moves: usize,
    /// How long the master thinks about a move.
    pub master: Duration,
    /// How long an opponent thinks about a reply.
    pub opponent: Duration,
    /// Varies the thinking times by up to a quarter. Without a seed, each time
    /// is exact.
    pub seed: Option<u64>,
}

impl Default for Rules {
    /// 24 boards and 30 moves. The master thinks for 5 s, an opponent for 55 s.
    fn default() -> Self {
        Self {
            boards: 24,
            moves: 30,
            master: Duration::from_secs(5),
            opponent: Duration::from_secs(55),
            seed: None,
        }
    }
}

impl Rules {
    /// Returns how long the master thinks about this move.
    pub fn master(&self, board: usize, number: usize) -> Duration {
        self.vary(self.master, board, number, 0)
    }

    /// Returns how long the opponent thinks about the reply to this move.
    pub fn opponent(&self, board: usize, number: usize) -> Duration {
        self.vary(self.opponent, board, number, 1)
    }

    /// Returns 3/4 to 5/4 of `time`. The same move always gets the same time.
    fn vary(
        &self,
        time: Duration,
        board: usize,
        number: usize,
        player: u64,
    ) -> Duration {
        let Some(seed) = self.seed else { return time };
        let key = (board as u64) << 32 | (number as u64) << 1 | player;
        let percent = splitmix64(seed ^ splitmix64(key)) % 51;
        time * (75 + percent as u32) / 100
    }
}

/// Returns a pseudorandom number for a seed: one step of SplitMix64, from
/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014.
fn splitmix64(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
