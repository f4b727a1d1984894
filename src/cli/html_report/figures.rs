//! The figures of the page: a list of links, then each with its caption and its files.

use super::element::{escaped, table};
use crate::error::Result;
use crate::plot::Theme;
use crate::plot::figures::sheet::Chart;
use crate::plot::figures::{Figure, FigureData, svg};

/// The width the figures are drawn for, in CSS pixels: the text column's.
pub(in crate::cli) const WIDTH: u32 = 928;

/// Links to everything on the page.
pub(super) fn contents(data: &FigureData<'_>) -> String {
    let link = |figure: &Figure| {
        let state = figure.missing(data).map_or("", |_| " (not drawn)");
        format!("<li><a href=\"#{}\">{}</a> {}{state}</li>", figure.id, figure.name, escaped(figure.title))
    };
    let links: String = Figure::ALL.iter().map(link).collect();
    format!("<nav aria-label=\"Figures\"><ul><li><a href=\"#verdict\">Verdict</a></li>{links}</ul></nav>")
}

/// All figures.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) if one cannot be drawn.
pub(super) fn sections(data: &FigureData<'_>) -> Result<String> {
    let sections = Figure::ALL.iter().map(|figure| section(figure, data)).collect::<Result<Vec<_>>>()?;
    Ok(format!("<h2>Figures</h2>\n{}", sections.join("\n")))
}

fn section(figure: &Figure, data: &FigureData<'_>) -> Result<String> {
    let Figure { id, name, title, caption, .. } = figure;
    let heading = format!("<h3>{name}. {}</h3>", escaped(title));
    if let Some(reason) = figure.missing(data) {
        return Ok(format!(
            "<figure id=\"{id}\">{heading}<p class=\"quiet\">Not drawn: {reason}.</p></figure>"
        ));
    }
    let finding = (figure.finding)(data);
    let files = figure.csv(data).into_iter().map(|(file, _)| file).chain([format!("{id}.svg")]);
    let links: Vec<_> = files.map(|file| format!("<a href=\"figures/{file}\">{file}</a>")).collect();
    Ok(format!(
        "<figure id=\"{id}\">{heading}\n{}\n<figcaption><p class=\"finding\">{}</p><p>{}</p><p>{}</p></figcaption>\
         </figure>",
        picture(figure, data, &finding)?,
        escaped(&finding),
        escaped(caption),
        links.join(" \u{b7} ")
    ))
}

/// The drawing, or the table as a table.
fn picture(figure: &Figure, data: &FigureData<'_>, finding: &str) -> Result<String> {
    let sheet = (figure.sheet)(data, &Theme::light());
    if let [Chart::Table(cells)] = sheet.panels().map(|panel| &panel.chart).collect::<Vec<_>>()[..] {
        return Ok(table(cells));
    }
    let drawing = svg::themed_svg(figure, data, WIDTH)?;
    let words = escaped(&format!("{}: {finding}", figure.title));
    Ok(format!(
        "<div class=\"wide\">{}</div>",
        drawing.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{words}\" "), 1)
    ))
}
