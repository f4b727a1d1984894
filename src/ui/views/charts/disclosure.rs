//! What stands below every figure: its numbers as a table, its files, and the figure as large as the window.

use leptos::html;
use leptos::prelude::*;

use crate::plot::Theme;
use crate::plot::figures::{Cell, DataTable, Sheet, svg};
use crate::protocol::capsule::archive::{self, Packing};
use crate::ui::browser::{canvas, dom};
use crate::ui::state::State;
use crate::ui::state::format;
use crate::ui::state::run_name;
use crate::ui::store::Store;
use crate::ui::views::theme_choice::PageTheme;

/// Rows of a table that a reader can still go through.
const MAX_ROWS: usize = 100;
/// The width of a saved figure, in CSS pixels: a page's text column.
const SVG_WIDTH: u32 = 928;

/// Tables that exist only while they are unfolded.
#[component]
pub(in crate::ui) fn Numbers(
    /// The numbers; the view follows what it reads.
    tables: Callback<(), Vec<DataTable>>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let body = move || open.get().then(|| tables_view(&tables.run(())));
    view! {
        <details class="fold numbers" on:toggle=move |_| open.update(|open| *open = !*open)>
            <summary>"Numbers"</summary>
            <div class="table-box" tabindex="0" role="region" aria-label="Table of numbers">{body}</div>
        </details>
    }
}

/// Every table; where there are several, each under its name.
fn tables_view(tables: &[DataTable]) -> Vec<AnyView> {
    if let [table] = tables {
        return vec![table_view(table)];
    }
    let named = tables
        .iter()
        .map(|table| view! { <h4>{table.name.replace('-', " ")}</h4> {table_view(table)} }.into_any());
    named.collect()
}

/// A table of numbers, long ones thinned.
fn table_view(table: &DataTable) -> AnyView {
    let shown = thinned(table.rows.len(), MAX_ROWS);
    let left_out = (shown.len() < table.rows.len()).then(|| {
        let all = format::count(table.rows.len());
        view! { <caption>{format!("{} of {all} rows; the CSV file has all.", shown.len())}</caption> }
    });
    let cell = |(i, cell): (usize, &Cell)| {
        let text = cell.short();
        if i == 0 {
            view! { <th scope="row">{text}</th> }.into_any()
        } else {
            view! { <td class:words=!cell.is_number()>{text}</td> }.into_any()
        }
    };
    let head = table.columns.iter().map(|name| view! { <th scope="col">{name.clone()}</th> }).collect_view();
    let rows = shown
        .into_iter()
        .map(|i| view! { <tr>{table.rows[i].iter().enumerate().map(cell).collect_view()}</tr> })
        .collect_view();
    view! { <table>{left_out}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table> }.into_any()
}

/// At most `wanted` of `n` indices, evenly spread, the first and the last among them.
fn thinned(n: usize, wanted: usize) -> Vec<usize> {
    if n <= wanted { (0..n).collect() } else { (0..wanted).map(|i| i * (n - 1) / (wanted - 1)).collect() }
}

/// Buttons: the figure as large as the window, as SVG and as PNG, and its numbers as CSV.
#[component]
pub(in crate::ui) fn Downloads(
    /// The figure's name, which its files have after that of the run.
    name: &'static str,
    /// The figure.
    sheet: Callback<Theme, Option<Sheet>>,
    /// Its numbers; a file for each table, several of them in one archive.
    tables: Callback<(), Vec<DataTable>>,
) -> impl IntoView {
    let theme_choice = PageTheme::get();
    let store = Store::get();
    let file = move |ending: &str| store.peek(|state| file_name(state, name, ending));
    let as_svg = move || {
        let theme = theme_choice.theme_now();
        let text = svg::of_sheet(name, &sheet.run(theme.clone())?, SVG_WIDTH, &theme);
        text.inspect_err(|error| leptos::logging::error!("{error}")).ok()
    };
    let save_svg = move |_| {
        if let Some(text) = as_svg() {
            dom::save_text(&file(".svg"), "image/svg+xml", &text);
        }
    };
    let save_png = move |_| {
        let theme = theme_choice.theme_now();
        let Some(sheet) = sheet.run(theme.clone()) else { return };
        match canvas::png_url(&sheet, SVG_WIDTH, &theme) {
            Ok(url) => dom::save_url(&file(".png"), &url),
            Err(error) => leptos::logging::error!("{error}"),
        }
    };
    let save_csv = move |_| {
        let files = csv_files(name, &tables.run(()));
        match &files[..] {
            [] => {}
            [(_, text)] => dom::save_text(&file(".csv"), "text/csv", text),
            // Browsers take several files from one click for an attack.
            files => {
                let parts = files.iter().map(|(file, text)| (file.as_str(), text.as_bytes()));
                let archive = archive::write(parts, Packing::Small);
                dom::save_bytes(&file("-csv.zip"), "application/zip", &archive);
            }
        }
    };
    view! {
        <span class="files" role="group" aria-label=format!("Files of {name}")>
            {maximise(name, as_svg)}
            <button type="button" class="quiet" data-testid=format!("{name}-svg") on:click=save_svg>"SVG"</button>
            <button type="button" class="quiet" data-testid=format!("{name}-png") on:click=save_png>"PNG"</button>
            <button type="button" class="quiet" data-testid=format!("{name}-csv") on:click=save_csv>"CSV"</button>
        </span>
    }
}

/// The name of a figure's file: the run on show, the step that is shown, and the figure.
fn file_name(state: &State, name: &str, ending: &str) -> String {
    let run = state.run_view.as_ref();
    let run = run.map(|run_view| run_name::of_figure(run_view, state.view.step(run_view)));
    format!("{}{ending}", run.map_or_else(|| name.to_owned(), |run| format!("{run}-{name}")))
}

/// A button, and the figure as large as the window that it opens. The browser closes it with Esc and gives the focus
/// back to the button.
fn maximise(name: &'static str, as_svg: impl Fn() -> Option<String> + 'static) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    let figure = RwSignal::new(None::<String>);
    let open = move |_| {
        figure.set(as_svg());
        if let Some(dialog) = dialog.get_untracked() {
            // It fails only on a dialog that is open already, whose button is out of reach.
            let _ = dialog.show_modal();
        }
    };
    let close = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    view! {
        <button type="button" class="quiet" data-testid=format!("{name}-maximise") aria-haspopup="dialog" on:click=open>"Maximise"</button>
        <dialog
            node_ref=dialog
            class="maximised"
            data-testid=format!("{name}-maximised")
            aria-label=format!("Figure {name}, as large as the window")
            on:close=move |_| figure.set(None)
        >
            <button type="button" data-testid=format!("{name}-minimise") on:click=close>"Close"</button>
            <div class="maximised-figure" inner_html=move || figure.get().unwrap_or_default()></div>
        </dialog>
    }
    .into_any()
}

/// Each table as a file of its own name.
fn csv_files(name: &str, tables: &[DataTable]) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for table in tables {
        // The figure's own table has its name, and may say more.
        let is_own = table.name == name || table.name.starts_with(&format!("{name}-"));
        let file = if is_own { table.name.clone() } else { format!("{name}-{}", table.name) };
        let n_same = files.iter().filter(|(other, _)| other.trim_end_matches(".csv") == file).count();
        let number = if n_same > 0 { format!("-{}", files.len() + 1) } else { String::new() };
        files.push((format!("{file}{number}.csv"), table.csv()));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::{csv_files, file_name, thinned};
    use crate::config::Preset;
    use crate::plot::figures::{Cell, DataTable};
    use crate::ui::state::State;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run_view::{Origin, RunView};
    use crate::ui::state::run_view_sample::run_view;

    #[test]
    fn a_figures_file_has_run_and_step_in_its_name() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        assert_eq!(file_name(&state, "loss", ".png"), "loss.png", "no run, no name of one");
        state.run_view = Some(RunView { origin: Origin::Recorded, ..run_view(4) });
        assert_eq!(file_name(&state, "loss", ".png"), "recorded-run-step-30-loss.png", "the last step");
        state.view.pin = Some(10);
        assert_eq!(
            file_name(&state, "circle", ".png"),
            "recorded-run-step-10-circle.png",
            "that of the cursor"
        );
    }

    #[test]
    fn every_table_is_a_file_and_no_two_have_one_name() {
        let table = |name: &str, n| {
            let mut table = DataTable::new(name, ["n"]);
            table.push([Cell::Count(n)]);
            table
        };
        let tables = [table("loss", 1), table("quick", 2), table("quick", 3)];
        let files = csv_files("loss", &tables);
        let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["loss.csv", "loss-quick.csv", "loss-quick-3.csv"]);
        assert_eq!(files[2].1, "n\n3\n");
        assert_eq!(csv_files("loss", &[table("loss-thinned", 1)])[0].0, "loss-thinned.csv");
        assert!(csv_files("loss", &[]).is_empty());
    }

    #[test]
    fn a_thinned_table_keeps_both_ends_and_the_order() {
        let few = thinned(1001, 100);
        assert_eq!((few.len(), few[0], few[99]), (100, 0, 1000));
        assert!(few.is_sorted_by(|a, b| a < b), "in order, none twice");
        assert_eq!(thinned(3, 100), [0, 1, 2], "few rows are all shown");
    }
}
