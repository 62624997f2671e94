//! Charts of the growth with size, as SVG with logarithmic axes. A page can show them on a light or
//! a dark background.

use std::fmt::Write;

use crate::{
    measurement::{Table, short},
    numbers::Numbers,
    profile::STYLES,
};

/// The peers that a chart shows beside the styles, if they were measured.
const PEERS: [&str; 7] = [
    "glommio",
    "tokio",
    "smol",
    "may",
    "Asio callbacks",
    "FuturesUnordered",
    "join_all, select_all",
];

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 560.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 330.0;
/// The distance of two labels.
const LABEL: f64 = 15.0;

/// The colours of the styles, the grey of the peers, and the text. Each is readable on both
/// backgrounds.
const CSS: &str = "\
    text{font:12px sans-serif;fill:#57606a}.title{font-size:14px;font-weight:bold}\
    .grid{stroke:#8c959f;stroke-opacity:.3}.line{fill:none;stroke-width:1.5;stroke:#8c959f;\
    stroke-dasharray:5 3}.style{stroke-width:3;stroke-dasharray:none}\
    polyline.callback{stroke:#e8590c}polyline.generator{stroke:#ae3ec9}\
    polyline.future{stroke:#1c7ed6}polyline.green{stroke:#2f9e44}text.callback{fill:#e8590c}\
    text.generator{fill:#ae3ec9}text.future{fill:#1c7ed6}text.green{fill:#2f9e44}\
    @media(prefers-color-scheme:dark){text{fill:#adbac7}}";

/// A contender's line: its name and its points.
struct Line {
    name: &'static str,
    points: Vec<(f64, f64)>,
}

/// Returns the chart of a table, or `None` if too little was measured.
pub(crate) fn svg(table: &Table, axis: &str, numbers: &Numbers) -> Option<String> {
    let names = STYLES.into_iter().chain(PEERS);
    let lines: Vec<_> = names.filter_map(|name| line(table, numbers, name)).collect();
    let points = || lines.iter().flat_map(|line| &line.points);
    let xs = Scale::of(points().map(|point| point.0), LEFT, RIGHT)?;
    let ys = Scale::of(points().map(|point| point.1), BOTTOM - 8.0, TOP + 8.0)?;

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\
         \n<title>{title}</title>\n<style>{CSS}</style>\n\
         <text class=\"title\" x=\"{LEFT}\" y=\"20\">{title}</text>\n",
        title = table.title.replace('`', "")
    );
    for shown in &table.columns {
        let (x, n) = (xs.position(shown.column.n as f64), short(shown.column.n as f64));
        writeln!(svg, "<path class=\"grid\" d=\"M{x:.1} {TOP}V{BOTTOM}\"/>").ok()?;
        let n = n.trim_end_matches(".00").trim_end_matches(".0");
        writeln!(svg, "<text x=\"{x:.1}\" y=\"348\" text-anchor=\"middle\">{n}</text>").ok()?;
    }
    for value in ys.ticks() {
        let (y, value) = (ys.position(value), short(value));
        let value = value.trim_end_matches(".00").trim_end_matches(".0");
        writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>").ok()?;
        let (x, below) = (LEFT - 6.0, y + 4.0);
        writeln!(svg, "<text x=\"{x}\" y=\"{below:.1}\" text-anchor=\"end\">{value}</text>")
            .ok()?;
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    writeln!(svg, "<text x=\"{middle}\" y=\"368\" text-anchor=\"middle\">{axis}</text>").ok()?;
    draw(&mut svg, &lines, &xs, &ys);
    svg.push_str("</svg>\n");
    Some(svg)
}

fn line(table: &Table, numbers: &Numbers, name: &'static str) -> Option<Line> {
    let point = |shown: &crate::measurement::Shown| {
        let value = numbers.value(shown.column, shown.metric, name)?;
        Some((shown.column.n as f64, value))
    };
    let points: Vec<_> = table.columns.iter().filter_map(point).collect();
    (points.len() > 1).then_some(Line { name, points })
}

/// Draws the lines. Their labels stand to the right, in the order of the last points.
fn draw(svg: &mut String, lines: &[Line], xs: &Scale, ys: &Scale) {
    let mut labels = Vec::new();
    for Line { name, points } in lines {
        let class =
            if STYLES.contains(name) { format!("line style {name}") } else { "line".into() };
        let positions = points
            .iter()
            .map(|&(n, value)| format!("{:.1},{:.1}", xs.position(n), ys.position(value)));
        let positions = positions.collect::<Vec<_>>().join(" ");
        let _ = writeln!(svg, "<polyline class=\"{class}\" points=\"{positions}\"/>");
        if let Some(&(n, value)) = points.last() {
            labels.push((ys.position(value), xs.position(n), *name));
        }
    }
    labels.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut lowest = f64::NEG_INFINITY;
    for (y, x, name) in labels {
        lowest = y.max(lowest + LABEL);
        let class =
            if STYLES.contains(&name) { format!(" class=\"{name}\"") } else { String::new() };
        let (from, to, below) = (x + 2.0, RIGHT + 12.0, lowest + 4.0);
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{from:.1} {y:.1}L{to} {lowest:.1}\"/>");
        let x = RIGHT + 16.0;
        let _ = writeln!(svg, "<text{class} x=\"{x}\" y=\"{below:.1}\">{name}</text>");
    }
}

/// A logarithmic axis.
struct Scale {
    least: f64,
    greatest: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// Makes an axis for the values, from one position to another. Returns `None` if there are no
    /// values, or only one.
    fn of(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Option<Self> {
        let values = values.filter(|value| *value > 0.0);
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let greatest = values.fold(0.0, f64::max);
        (least < greatest).then_some(Self { least, greatest, from, to })
    }

    fn position(&self, value: f64) -> f64 {
        let share = (value / self.least).ln() / (self.greatest / self.least).ln();
        self.from + (self.to - self.from) * share.clamp(0.0, 1.0)
    }

    /// Returns the round numbers within the axis: 1, 2 and 5 times a power of ten.
    fn ticks(&self) -> Vec<f64> {
        let powers = -3..9;
        let ticks =
            powers.flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
        let ticks: Vec<_> =
            ticks.filter(|tick| (self.least..=self.greatest).contains(tick)).collect();
        // With many of them, those of the powers of ten are enough.
        if ticks.len() <= 9 {
            return ticks;
        }
        ticks
            .into_iter()
            .filter(|tick| (tick.log10() - tick.log10().round()).abs() < 1e-9)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_logarithmic() {
        let scale = Scale::of([10.0, 1_000.0].into_iter(), 0.0, 100.0).unwrap();
        assert!((scale.position(100.0) - 50.0).abs() < 1e-6);
        assert_eq!(scale.ticks(), [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0]);
        assert!(Scale::of([10.0].into_iter(), 0.0, 100.0).is_none());
    }
}
