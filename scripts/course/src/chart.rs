//! Charts of the benchmark, drawn from its tables, so that both say the same; and the ladder's table.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};

use crate::pages::{self, Part};
use crate::{Course, code};

/// The tables that are drawn, and which of their rows.
const CHARTS: [(&str, &[usize]); 7] = [
    ("dialogue", &[6, 8, 9, 11]),
    ("ladder", &[0, 3, 4, 6]),
    ("bulk", &[0, 2]),
    ("fetch", &[0, 1, 2]),
    ("datagrams", &[6, 7]),
    ("decoding", &[0, 2]),
    ("startup", &[0, 1]),
];

/// The programs of the ladder, in the order of its table.
const LADDER: [&str; 7] = [
    "crates/tcp-server-threaded/src",
    "crates/tcp-server-pool/src",
    "crates/tcp-server-mio/src",
    "crates/tcp-server-tokio/src",
    "scripts/bench/peers/threaded.c",
    "scripts/bench/peers/epoll.c",
    "scripts/bench/peers/tcp-server-threaded.py",
];

const STYLE: &str = "\
.chart-text { font: 12px system-ui, sans-serif; fill: #22262a; }
.chart-head { font: 600 12px system-ui, sans-serif; fill: #22262a; }
.chart-ours { fill: #0b6b62; }
.chart-other { fill: #8b979e; }
.chart-range { stroke: #22262a; stroke-width: 1.4; fill: none; }
@media (prefers-color-scheme: dark) {
  .chart-text, .chart-head { fill: #d3d8dc; }
  .chart-ours { fill: #3fae9f; }
  .chart-other { fill: #6d7880; }
  .chart-range { stroke: #d3d8dc; }
}";

/// Where the names end and the bars begin, and where the longest bar ends, in pixels.
const BARS: (f64, f64) = (118.0, 490.0);
const WIDTH: i32 = 640;
const ROW: i32 = 19;

/// A table of the benchmark.
struct Table {
    /// The programs; without the ratios.
    programs: Vec<String>,
    rows: Vec<(String, Vec<Option<Number>>)>,
}

/// A median, and between which numbers it lies.
struct Number {
    /// The median as the table has it.
    shown: String,
    median: f64,
    least: f64,
    most: f64,
}

/// All charts: their paths and their pictures.
///
/// # Errors
/// If a table is not there, or has other rows than the chart shows.
pub fn all(course: &Course) -> Result<Vec<(String, String)>> {
    let mut charts = Vec::new();
    for chinese in [false, true] {
        for (key, rows) in CHARTS {
            let mut table = Table::read(course, key, chinese).context(key)?;
            let mut rows: Vec<_> = rows.to_vec();
            if key == "ladder" {
                rows.push(table.rows.len());
                table.rows.push(lines_of_code(course, chinese)?);
            }
            let language = if chinese { ".zh-CN" } else { "" };
            let path = format!("docs/pictures/bench-{key}{language}.svg");
            charts.push((path, table.draw(key, &rows, chinese).context(key)?));
        }
    }
    Ok(charts)
}

/// The ladder in one table of medians: what it costs and what it gives.
///
/// # Errors
/// As [`all`].
pub fn ladder(course: &Course, chinese: bool) -> Result<String> {
    let mut table = Table::read(course, "ladder", chinese)?;
    table.rows.push(lines_of_code(course, chinese)?);
    let mut text = format!("| | {} |\n|---|", table.programs.join(" | "));
    text += &"---:|".repeat(table.programs.len());
    for row in [0, 3, 4, 6, 7] {
        let (name, numbers) =
            table.rows.get(row).context("the table of the ladder is too short")?;
        let cells = numbers.iter().map(|it| it.as_ref().map_or("–", |it| &it.shown));
        write!(text, "\n| {name} | {} |", cells.collect::<Vec<_>>().join(" | "))?;
    }
    Ok(text + "\n")
}

fn lines_of_code(course: &Course, chinese: bool) -> Result<(String, Vec<Option<Number>>)> {
    let name = if chinese { "代码行数 ↓" } else { "lines of code ↓" };
    let count = |place: &str| -> Result<Option<Number>> {
        let language = if place.strip_suffix(".py").is_some() { "python" } else { "rust" };
        let files = if place.ends_with("/src") {
            let lesson = course.find(place.split('/').nth(1).unwrap_or_default())?;
            lesson.to_trust().iter().map(|file| file.text.clone()).collect()
        } else {
            vec![course.text(place)?]
        };
        let lines: usize = files.iter().map(|text| code::lines(language, text).count()).sum();
        Ok(Number::read(&lines.to_string()))
    };
    Ok((name.into(), LADDER.iter().map(|place| count(place)).collect::<Result<_>>()?))
}

impl Table {
    fn read(course: &Course, key: &str, chinese: bool) -> Result<Self> {
        let page = "docs/benchmark.md".to_owned();
        let page = if chinese { pages::chinese(&page) } else { page };
        let mark = format!("bench {key}");
        let made = pages::parts(&course.text(&page)?)?.into_iter().find_map(|part: Part| {
            part.made().filter(|(name, _)| **name == mark).map(|(_, text)| text)
        });
        let made = made.with_context(|| format!("{page} has no {mark}"))?;
        let mut lines = made.lines().map(|line| {
            line.trim().trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>()
        });
        let head = lines.next().context("an empty table")?;
        let programs: Vec<_> = head[1..].iter().filter(|name| !name.contains(" : ")).collect();
        let row = |cells: Vec<&str>| {
            let numbers = cells[1..=programs.len()].iter().map(|cell| Number::read(cell));
            (cells[0].to_owned(), numbers.collect())
        };
        let rows = lines.skip(1).map(row).collect();
        Ok(Self { programs: programs.iter().map(ToString::to_string).collect(), rows })
    }

    fn draw(&self, key: &str, rows: &[usize], chinese: bool) -> Result<String> {
        let (mut body, mut y) = (String::new(), 4);
        for &row in rows {
            let (name, numbers) = self.rows.get(row).context("the chart has more rows")?;
            let longest = numbers.iter().flatten().map(|it| it.most).fold(0.0, f64::max);
            ensure!(longest > 0.0, "{name}: nothing to draw");
            y += 20;
            writeln!(body, "<text class=\"chart-head\" x=\"2\" y=\"{y}\">{}</text>", escape(name))?;
            y += 7;
            for (program, number) in self.programs.iter().zip(numbers) {
                let at = |value: f64| BARS.0 + value / longest * (BARS.1 - BARS.0);
                let text = y + 13;
                let name = escape(program);
                write!(body, "<text class=\"chart-text\" x=\"2\" y=\"{text}\">{name}</text>")?;
                if let Some(Number { shown, median, least, most }) = number {
                    let kind = if self.is_ours(program) { "ours" } else { "other" };
                    let (top, wide) = (y + 2, (at(*median) - BARS.0).max(1.0));
                    write!(
                        body,
                        "<rect class=\"chart-{kind}\" x=\"{}\" y=\"{top}\" width=\"{wide:.1}\" height=\"14\" rx=\"2\"/>",
                        BARS.0
                    )?;
                    if most > least {
                        let (up, middle, down) = (y + 5, y + 9, y + 13);
                        let (from, to) = (at(*least), at(*most));
                        write!(
                            body,
                            "<path class=\"chart-range\" d=\"M{from:.1} {middle}H{to:.1}M{from:.1} {up}V{down}M{to:.1} {up}V{down}\"/>"
                        )?;
                    }
                    let x = at(*most) + 7.0;
                    write!(
                        body,
                        "<text class=\"chart-text\" x=\"{x:.1}\" y=\"{text}\">{shown}</text>"
                    )?;
                }
                body.push('\n');
                y += ROW;
            }
        }
        let height = y + 6;
        let title = if chinese { "基准测试" } else { "Benchmark" };
        let what = if chinese {
            "条形是中位数，线段从最小值到最大值"
        } else {
            "The bars are medians, the lines reach from the least to the most"
        };
        let id = format!("chart-{key}");
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
             <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{what}</desc>\n\
             <style>{STYLE}</style>\n{body}</svg>\n"
        ))
    }

    /// Whether a column is one of ours: of the ladder, the first four.
    fn is_ours(&self, program: &str) -> bool {
        program == "Rust"
            || self.programs.iter().take(4).any(|it| it == program && it != "C")
                && self.programs.len() == LADDER.len()
    }
}

impl Number {
    /// From a cell: `74,510 (66,424–81,402)`, or one number alone.
    fn read(cell: &str) -> Option<Self> {
        let number = |text: &str| text.replace(',', "").parse::<f64>().ok();
        let (shown, range) = cell.trim_end_matches(')').split_once(" (").unwrap_or((cell, ""));
        let median = number(shown)?;
        let (least, most) = match range.split_once('–') {
            Some((least, most)) => (number(least)?, number(most)?),
            None => (median, median),
        };
        Some(Self { shown: shown.to_owned(), median, least, most })
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_a_median_and_a_range() {
        let number = Number::read("74,510 (66,424–81,402)").unwrap();
        assert_eq!(number.shown, "74,510");
        assert!(number.least < number.median && number.median < number.most);
        assert!(Number::read("the compiler is not here").is_none());
    }

    #[test]
    fn the_ladder_has_a_column_for_each_program() {
        let course = Course::read().unwrap();
        for chinese in [false, true] {
            let table = ladder(&course, chinese).unwrap();
            assert!(
                table.lines().all(|line| line.matches('|').count() == LADDER.len() + 2),
                "{table}"
            );
        }
    }
}
