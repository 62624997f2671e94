//! [`Timeline`]: a picture of when the master and the opponents think, drawn from a trace.

use std::time::Duration;

use crate::{exhibition::Rules, text};

/// The part of an exhibition that is drawn, and the size of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The length of play that one column shows.
    pub column: Duration,
    pub columns: usize,
    /// The number of boards that have a row. They are the first boards.
    pub shown: usize,
    /// The number of boards that have no row.
    pub hidden: usize,
}

/// One move: the master thinks, then the opponent thinks. The times are of play, not real time.
#[derive(Clone, Copy, Debug)]
pub struct PlayedMove {
    pub board: usize,
    pub master_from: Duration,
    pub opponent_from: Duration,
    pub opponent_to: Duration,
}

/// The picture, to which each move is added.
#[derive(Clone, Debug)]
pub struct Timeline {
    frame: Frame,
    master: Vec<char>,
    boards: Vec<Vec<char>>,
    /// How long the master thought altogether, inside the frame and after it.
    busy: Duration,
}

pub const MASTER: char = '█';
pub const OPPONENT: char = '·';

/// No player thinks at this board.
const BLANK: char = ' ';

/// The width of `  board 8  `.
const LABEL: usize = 11;

/// More rows would push the table off the screen.
const MOST_SHOWN: usize = 8;

impl Frame {
    /// Returns a frame for the beginning of the exhibition. Its columns are fine enough to show the
    /// thinking of both sides, if at least two rounds then fit. None if all thinking times are
    /// zero.
    pub fn fitting(rules: &Rules, width: usize) -> Option<Frame> {
        let columns = width.saturating_sub(LABEL + 1).clamp(10, 200);
        let (master, opponent) = (rules.master, rules.opponent);
        let finest = if master.is_zero() || opponent.is_zero() {
            master.max(opponent)
        } else {
            master.min(opponent)
        };
        let two_rounds = (master + opponent) * 2 / u32::try_from(columns).ok()?;
        let column = if two_rounds > finest { round_up(two_rounds) } else { finest };
        let shown = rules.boards.min(MOST_SHOWN);
        let frame = Frame { column, columns, shown, hidden: rules.boards - shown };
        (!column.is_zero()).then_some(frame)
    }

    /// Returns the length of play that is drawn.
    pub fn span(&self) -> Duration {
        self.column * self.columns as u32
    }
}

/// Rounds up to whole seconds, or to milliseconds below one second.
fn round_up(time: Duration) -> Duration {
    match time {
        _ if time > Duration::from_secs(1) => Duration::from_nanos_u128(
            time.as_nanos().next_multiple_of(Duration::from_secs(1).as_nanos()),
        ),
        _ => Duration::from_nanos_u128(time.as_nanos().next_multiple_of(1_000_000)),
    }
}

impl Timeline {
    pub fn new(frame: Frame) -> Timeline {
        let row = vec![BLANK; frame.columns];
        let boards = vec![row.clone(); frame.shown];
        Timeline { frame, master: row, boards, busy: Duration::ZERO }
    }

    /// Adds a move to the picture.
    pub fn draw(&mut self, moved: PlayedMove) {
        let PlayedMove { board, master_from, opponent_from, opponent_to } = moved;
        self.busy += opponent_from.saturating_sub(master_from);
        if master_from >= self.frame.span() {
            return;
        }
        let column = self.frame.column;
        mark(&mut self.master, column, master_from, opponent_from, MASTER);
        if let Some(row) = self.boards.get_mut(board) {
            mark(row, column, opponent_from, opponent_to, OPPONENT);
            mark(row, column, master_from, opponent_from, MASTER);
        }
    }

    /// Returns the part of the exhibition in which the master thinks, in percent.
    pub fn busy_percent(&self, simulated: Duration) -> f64 {
        let part = self.busy.as_secs_f64() / simulated.as_secs_f64();
        if part.is_finite() { part * 100.0 } else { 0.0 }
    }

    /// Returns the row of the master, the rows of the boards, and the number of boards without a
    /// row. Of the boards at which no move is drawn, only the first has a row.
    pub fn lines(&self) -> Vec<String> {
        let has_moves = |row: &Vec<char>| row.iter().any(|cell| *cell != BLANK);
        let with_moves = self.boards.iter().rposition(has_moves).map_or(0, |last| last + 1);
        let mut lines = vec![line("master", &self.master)];
        for (board, row) in self.boards.iter().enumerate().take(with_moves + 1) {
            lines.push(line(&format!("board {}", board + 1), row));
        }
        let shown = lines.len() - 1;
        match self.frame.hidden + self.frame.shown - shown {
            0 => {}
            1 => lines.push("  and 1 more board".into()),
            more => lines.push(format!("  and {} more boards", text::count(more as u64))),
        }
        lines
    }
}

fn line(label: &str, row: &[char]) -> String {
    let mut line = format!("  {label:<width$}", width = LABEL - 2);
    line.extend(row);
    line.truncate(line.trim_end().len());
    line
}

/// Marks each column if the span covers at least half of it. A span of the master also marks the
/// column of its middle, so that no move is lost, however short. Two moves share a column only if
/// both are shorter than a column.
fn mark(row: &mut [char], column: Duration, from: Duration, to: Duration, cell: char) {
    let half = column / 2;
    let at = |time: Duration| (time.as_nanos() / column.as_nanos()) as usize;
    let (first, end) = (at(from + half), at(to + half));
    let span = match cell {
        MASTER if first >= end && from < to => at(from + (to - from) / 2)..usize::MAX,
        _ => first..end,
    };
    let length = if span.end == usize::MAX { 1 } else { span.len() };
    row.iter_mut().skip(span.start).take(length).for_each(|place| *place = cell);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn move_at(board: usize, from: u64, then: u64, to: u64) -> PlayedMove {
        PlayedMove {
            board,
            master_from: seconds(from),
            opponent_from: seconds(then),
            opponent_to: seconds(to),
        }
    }

    #[test]
    fn a_tiny_exhibition_move_by_move() {
        let frame = Frame { column: seconds(5), columns: 10, shown: 2, hidden: 1 };
        let mut timeline = Timeline::new(frame);
        for (board, from, then, to) in
            [(0, 0, 5, 20), (1, 5, 10, 25), (2, 10, 15, 30), (0, 20, 25, 40), (1, 25, 30, 45)]
        {
            timeline.draw(move_at(board, from, then, to));
        }
        assert_eq!(
            timeline.lines(),
            [
                // From 15 s to 20 s all three opponents think, so the master waits.
                "  master   ███ ██",
                "  board 1  █···█···",
                "  board 2   █···█···",
                "  and 1 more board",
            ]
        );
        assert_eq!(timeline.busy_percent(seconds(50)), 50.0);
    }

    #[test]
    fn a_move_shorter_than_a_column_is_drawn() {
        let frame = Frame { column: seconds(10), columns: 8, shown: 1, hidden: 0 };
        let mut timeline = Timeline::new(frame);
        // A move of 1 s; a move of 14 s across a border; one beyond the frame.
        timeline.draw(move_at(0, 3, 4, 24));
        timeline.draw(move_at(0, 38, 52, 64));
        timeline.draw(move_at(0, 80, 90, 99));
        assert_eq!(timeline.lines()[1], "  board 1  █·  █·");
        assert_eq!(timeline.busy_percent(seconds(100)), 25.0);
    }

    #[test]
    fn a_frame_shows_both_sides_and_two_rounds() {
        let frame = |rules: &Rules| Frame::fitting(rules, 80).map(|it| (it.column, it.shown));
        let rules = Rules::default();
        assert_eq!(frame(&rules), Some((seconds(5), 8)));
        // With 1 s a column, the frame would show a tenth of a reply.
        let slow = Rules { master: seconds(1), opponent: seconds(600), boards: 3, ..rules.clone() };
        assert_eq!(frame(&slow), Some((seconds(18), 3)));
        let without_thinking = Rules { master: Duration::ZERO, opponent: Duration::ZERO, ..rules };
        assert_eq!(frame(&without_thinking), None);
    }
}
