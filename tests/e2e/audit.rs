//! An accessibility audit by axe-core, which `cargo xtask test` fetches and names in `GROK_AXE`.

use serde_json::Value;

use crate::lab::{Lab, Setting, visit};

/// Which rules: WCAG 2.2 A and AA, and what axe counts as good practice.
const RULES: &str = "{ resultTypes: ['violations'], runOnly: { type: 'tag', values: \
    ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } }";

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

#[test]
fn axe_finds_no_serious_fault_in_either_theme_nor_in_any_chapter() {
    let Some(axe) = std::env::var_os("GROK_AXE") else {
        println!("skipped: GROK_AXE does not name axe-core's script; `cargo xtask test` fetches it");
        return;
    };
    let axe = std::fs::read_to_string(&axe).expect("GROK_AXE names a script");
    visit(&Setting::new("?preset=tiny&backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        lab.evaluate_later(&format!("{axe}\narguments[arguments.length - 1](typeof axe);")).await;
        let mut faults = Vec::new();
        for theme in ["light", "dark"] {
            lab.evaluate(&format!("document.documentElement.setAttribute('data-theme', '{theme}')")).await;
            faults.extend(serious_faults(lab, theme).await);
        }
        let n_chapters = lab.evaluate("document.querySelector(\"[data-testid='chapters']\").length").await;
        for chapter in 1..n_chapters.as_u64().expect("a menu has a length") {
            lab.choose("chapters", &chapter.to_string()).await;
            faults.extend(serious_faults(lab, &format!("chapter {}", chapter + 1)).await);
        }
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    });
}
