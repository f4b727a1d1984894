//! An accessibility audit by axe-core, which `cargo xtask test` fetches and names in `GROK_AXE`: of the page in
//! both themes, in each of its chapters and in states that a reader meets.

use serde_json::Value;

use crate::input::IS_DRAWN;
use crate::lab::{Lab, Setting, visit};

const TINY: &str = "?preset=tiny&backend=cpu";

/// Which rules: WCAG 2.2 A and AA, and what axe counts as good practice.
const RULES: &str = "{ resultTypes: ['violations'], runOnly: { type: 'tag', values: \
    ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } }";

/// A phone's screen, in CSS pixels.
const PHONE: (u32, u32) = (360, 740);

/// The parts of the page in which something reaches over its right edge, by their ids.
const WIDE: &str = "[...new Set([...document.querySelectorAll('[id], details, p')]
        .filter(element => element.getBoundingClientRect().right > innerWidth)
        .map(element => element.closest('[id]').id))].join(', ')";

/// The faults that axe calls serious or critical, one a line.
async fn serious_faults(lab: &Lab, where_: &str) -> Vec<String> {
    let script = format!("axe.run(document, {RULES}).then(arguments[arguments.length - 1]);");
    let outcome = lab.evaluate_later(&script).await;
    let violations = outcome["violations"].as_array().cloned().expect("axe lists violations");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    violations
        .iter()
        .filter(|violation| ["serious", "critical"].contains(&text(&violation["impact"]).as_str()))
        .flat_map(|violation| {
            let rule = format!("{where_}: {} ({})", text(&violation["id"]), text(&violation["help"]));
            let nodes = violation["nodes"].as_array().cloned().unwrap_or_default();
            nodes.into_iter().map(move |node| format!("{rule}: {}", node["html"]))
        })
        .collect()
}

/// The page under audit.
struct Audit<'a> {
    lab: &'a Lab,
    axe: &'a str,
    faults: Vec<String>,
}

impl Audit<'_> {
    /// Audits what the page shows now.
    async fn look(&mut self, where_: &str) {
        self.lab.show_whole_page().await;
        if self.lab.evaluate("typeof axe").await == "undefined" {
            let script = format!("{}\narguments[arguments.length - 1](typeof axe);", self.axe);
            self.lab.evaluate_later(&script).await;
        }
        self.faults.extend(serious_faults(self.lab, where_).await);
    }

    /// Audits it in both themes; returns to the light one.
    async fn look_in_both_themes(&mut self, where_: &str) {
        for theme in ["dark", "light"] {
            self.lab.click(&format!("theme-{theme}")).await;
            self.look(&format!("{where_}, {theme}")).await;
        }
    }
}

/// Opens the page and lets `walk` audit it; fails on what it found. Where axe could not be had that is said, and
/// fails where tests run unattended.
fn audit(setting: &Setting, walk: impl AsyncFnOnce(&mut Audit<'_>)) {
    let Some(axe) = std::env::var_os("GROK_AXE") else {
        let words = "GROK_AXE does not name axe-core's script; `cargo xtask test` fetches it";
        assert!(std::env::var_os("CI").is_none(), "{words}");
        println!("skipped: {words}");
        return;
    };
    let axe = std::fs::read_to_string(&axe).expect("GROK_AXE names a script");
    visit(setting, async |lab| {
        let mut audit = Audit { lab, axe: &axe, faults: Vec::new() };
        walk(&mut audit).await;
        let faults = audit.faults;
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    });
}

/// Trains the tiny preset to its end.
async fn train(lab: &Lab) {
    lab.wait_for_text("exhibit", "Recorded run").await;
    lab.wait_for_text("status", "ready").await;
    lab.click("start").await;
    lab.wait_for_text("status", "finished").await;
}

#[test]
fn axe_finds_no_serious_fault_in_either_theme_nor_in_any_chapter() {
    audit(&Setting::new(TINY), async |audit| {
        train(audit.lab).await;
        audit.look_in_both_themes("a finished run").await;
        let n_chapters =
            audit.lab.evaluate("document.querySelector(\"[data-testid='chapters']\").length").await;
        for chapter in 1..n_chapters.as_u64().expect("a menu has a length") {
            audit.lab.choose("chapters", &chapter.to_string()).await;
            audit.look(&format!("chapter {}", chapter + 1)).await;
        }
    });
}

/// Gives the page a phone's screen.
async fn show_on_phone(lab: &Lab) {
    let (width, height) = PHONE;
    lab.browser.show_on_screen(width, height).await;
    lab.wait_for_evaluation("innerWidth", width).await;
}

/// Fails if the page can be scrolled sideways.
async fn check_width(lab: &Lab, where_: &str) {
    let widths = lab.evaluate("[document.documentElement.scrollWidth, innerWidth]").await;
    if widths[0].as_f64() > widths[1].as_f64() {
        let wide = lab.evaluate(WIDE).await;
        panic!("{where_}: the page is {} px wide on a screen of {}: {wide}", widths[0], widths[1]);
    }
}

#[test]
fn on_a_phone_nothing_reaches_over_the_edge_in_either_theme() {
    visit(&Setting::new(TINY), async |lab| {
        show_on_phone(lab).await;
        train(lab).await;
        lab.click("show-recorded").await;
        lab.figure_size("panel-logits").await;
        for theme in ["dark", "light"] {
            lab.click(&format!("theme-{theme}")).await;
            check_width(lab, &format!("on a phone, {theme}")).await;
            lab.show_whole_page().await;
            check_width(lab, &format!("on a phone, all drawn, {theme}")).await;
        }
    });
}

#[test]
fn a_phone_shows_the_page_without_serious_faults() {
    audit(&Setting::new(TINY), async |audit| {
        show_on_phone(audit.lab).await;
        train(audit.lab).await;
        audit.lab.click("show-recorded").await;
        audit.lab.figure_size("panel-logits").await;
        audit.look_in_both_themes("on a phone").await;
    });
}

/// The sections of the page but the text, whose chapters are audited one by one.
const SECTIONS: [&str; 6] = ["explore", "train", "ablate", "verdict", "runs", "figures"];

/// Unfolds everything in the section that is open, and waits for the tables of all figures that have something to show.
async fn open_all_folds(lab: &Lab) {
    lab.show_whole_page().await;
    lab.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })").await;
    let folded = "[...document.querySelectorAll('details.numbers')].filter(fold => {
            const figure = fold.closest('.track, section').querySelector('.sheet, .figure');
            return !fold.closest('[hidden]') && !figure.hidden && !fold.querySelector('table');
        }).map(fold => fold.closest('.track, section').id).join(' ')";
    lab.wait_for_evaluation(folded, "").await;
}

#[test]
fn the_tables_of_all_figures_have_no_serious_faults_and_stay_in_their_panels() {
    audit(&Setting::new(TINY), async |audit| {
        let lab = audit.lab;
        lab.wait_for_text("exhibit", "Recorded run").await;
        lab.wait_for_text("status", "ready").await;
        lab.figure_size("panel-logits").await;
        for section in SECTIONS {
            lab.click(&format!("to-{section}")).await;
            open_all_folds(lab).await;
            check_width(lab, section).await;
            audit.look_in_both_themes(section).await;
        }
        let n_tables = lab.evaluate("document.querySelectorAll('details.numbers table').length").await;
        assert!(n_tables.as_u64() > Some(20), "only {n_tables} tables of numbers are open");
        show_on_phone(lab).await;
        check_width(lab, "all tables on a phone").await;
        audit.look("all tables on a phone").await;
    });
}

#[test]
fn what_went_wrong_is_told_without_serious_faults() {
    audit(&Setting::new("?preset=tiny&backend=cpu&colour=red&p=twelve"), async |audit| {
        let lab = audit.lab;
        lab.wait_for_text("notices", "twelve").await;
        lab.wait_for_text("status", "ready").await;
        lab.drop_file("new Blob(['no weights'])", "broken.safetensors").await;
        lab.wait_for_text("file-error", "broken.safetensors").await;
        audit.look_in_both_themes("a bad link and a bad file").await;
    });
    let missing = Setting { missing: &["worker_bg.wasm"], ..Setting::new(TINY) };
    audit(&missing, async |audit| {
        audit.lab.wait_for_text("error", "worker_bg.wasm").await;
        audit.look_in_both_themes("a worker that is missing").await;
    });
}

#[test]
fn kept_runs_are_listed_and_offered_without_serious_faults() {
    audit(&Setting::new(TINY), async |audit| {
        let lab = audit.lab;
        train(lab).await;
        lab.click("reset").await;
        lab.click("step").await;
        lab.wait_for_text("status", "step 1 kept").await;
        lab.reload().await;
        lab.wait_for_text("resume-kept", "step 1").await;
        let n_kept = "document.querySelectorAll('[data-testid=kept-name]').length";
        lab.wait_for_evaluation(n_kept, 2).await;
        // The second press would delete it.
        lab.click("delete-kept").await;
        lab.wait_for_text("delete-kept", "Really?").await;
        audit.look("kept runs, one about to be deleted").await;
        audit.look_in_both_themes("kept runs").await;
    });
}

#[test]
fn runs_laid_over_each_other_have_no_serious_faults() {
    audit(&Setting::new(TINY), async |audit| {
        let lab = audit.lab;
        train(lab).await;
        lab.wait_for_text("exhibit", "Your run").await;
        lab.click("compare").await;
        let legend = "document.querySelector('.compared .key')?.textContent.includes('p 113')";
        lab.wait_for_evaluation(legend, true).await;
        let is_drawn = format!("{IS_DRAWN}(document.querySelector('[data-testid=loss-chart] canvas'))");
        lab.wait_for_evaluation(&is_drawn, true).await;
        audit.look_in_both_themes("runs laid over each other").await;
    });
}
