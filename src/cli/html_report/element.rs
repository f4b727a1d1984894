//! Pieces of HTML: escaped words, tables.

use crate::plot::figures::{Cell, DataTable};

/// Words as HTML.
pub(in crate::cli) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A table with a heading row; numbers stand at the right.
pub(in crate::cli) fn table(table: &DataTable) -> String {
    let class = |is_number: bool| if is_number { " class=\"number\"" } else { "" };
    let is_number = |column: usize| table.rows.first().is_some_and(|row| row[column].is_number());
    let heading: String = table
        .columns
        .iter()
        .enumerate()
        .map(|(i, name)| format!("<th scope=\"col\"{}>{}</th>", class(is_number(i)), escaped(name)))
        .collect();
    let cell = |cell: &Cell| format!("<td{}>{}</td>", class(cell.is_number()), escaped(&cell.short()));
    let rows: String = table
        .rows
        .iter()
        .map(|row| format!("<tr>{}</tr>\n", row.iter().map(cell).collect::<String>()))
        .collect();
    format!(
        "<div class=\"wide\"><table>\n<thead><tr>{heading}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
    )
}

#[cfg(test)]
mod tests {
    use super::{escaped, table};
    use crate::plot::figures::{Cell, DataTable};

    #[test]
    fn words_cannot_break_out() {
        assert_eq!(escaped("a<b & \"c\">"), "a&lt;b &amp; &quot;c&quot;&gt;");
        let mut cells = DataTable::new("x", ["k", "what"]);
        cells.push([Cell::Count(1200), Cell::text("<script>")]);
        let html = table(&cells);
        assert!(html.contains("<td class=\"number\">1,200</td><td>&lt;script&gt;</td>"), "{html}");
        assert!(
            html.contains("<th scope=\"col\" class=\"number\">k</th><th scope=\"col\">what</th>"),
            "{html}"
        );
    }
}
