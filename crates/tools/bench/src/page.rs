//! The page `docs/costs.md`: the program writes the tables and charts between its markers.

use std::{fs, io};

use crate::{chart, docs, document::Document, measurement::Measurement, report};

/// Writes the tables that were measured into the page, and their charts beside it.
///
/// # Errors
///
/// When a file cannot be read or written.
pub(crate) fn write(document: &Document) -> io::Result<()> {
    let mut page = fs::read_to_string(docs::path("costs.md"))?;
    replace(&mut page, "machine", &wrap(&document.conditions()));
    let verdicts = document.verdicts();
    let bars = report::bars(&verdicts).to_markdown();
    replace(&mut page, "bars", &format!("{}\n{}", wrap(&report::summary(&verdicts)), bars));
    fs::create_dir_all(docs::path("costs"))?;
    for table in Measurement::All.tables(&document.sizes()) {
        let (cells, notes) = report::table(&table, &document.numbers, &document.against);
        if cells.is_empty() {
            continue;
        }
        let mut section = cells.to_markdown();
        for (mark, note) in notes.iter().enumerate() {
            section.push_str(&format!("\n{}", wrap(&format!("[{}] {note}", mark + 1))));
        }
        let method = report::method(&table, &document.numbers, document.care);
        section.push_str(&format!("\n{}", wrap(&method)));
        let chart = table.chart.and_then(|axis| chart::svg(&table, axis, &document.numbers));
        if let Some(svg) = chart {
            let file = format!("costs/{}.svg", table.name);
            fs::write(docs::path(&file), svg)?;
            section.push_str(&format!("\n![The growth as a chart]({file})\n"));
        }
        replace(&mut page, table.name, &section);
    }
    fs::write(docs::path("costs.md"), page)
}

/// Replaces the text between two markers, if the page has them.
fn replace(page: &mut String, name: &str, text: &str) {
    let (begin, end) = (format!("<!-- begin: {name} -->\n"), format!("<!-- end: {name} -->"));
    let Some(start) = page.find(&begin).map(|start| start + begin.len()) else { return };
    if let Some(length) = page[start..].find(&end) {
        page.replace_range(start..start + length, text);
    }
}

/// Breaks a paragraph into lines of at most 100 columns.
pub(crate) fn wrap(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > 100 {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::Sizes;

    #[test]
    fn a_marked_section_is_replaced() {
        let mut page = "a\n<!-- begin: x -->\nold\n<!-- end: x -->\nb\n".to_owned();
        replace(&mut page, "x", "new\n");
        replace(&mut page, "y", "other\n");
        assert_eq!(page, "a\n<!-- begin: x -->\nnew\n<!-- end: x -->\nb\n");
    }

    #[test]
    fn the_page_has_a_section_for_each_table() {
        let page = fs::read_to_string(docs::path("costs.md")).unwrap();
        let sizes = Sizes { is_quick: false, chosen: Vec::new() };
        let tables = Measurement::All.tables(&sizes);
        let names = tables.iter().map(|table| table.name).chain(["machine", "bars"]);
        for name in names {
            assert!(page.contains(&format!("<!-- begin: {name} -->\n")), "{name}");
            assert!(page.contains(&format!("<!-- end: {name} -->\n")), "{name}");
        }
    }

    #[test]
    fn a_paragraph_is_wrapped() {
        let wrapped = wrap(&"word ".repeat(50));
        assert!(wrapped.lines().all(|line| line.len() <= 100) && wrapped.lines().count() == 3);
    }
}
