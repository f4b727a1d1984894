//! Of the tests: the batches of the golden runs, where the reference files are.

use std::path::Path;

use super::Examples;

/// Compares the first two examples with those of the published generator, if `GROK_REFERENCE_DIR` names the folder of
/// the reference files; says that it did not where there is none.
pub(super) fn check_first_rows(name: &str, examples: &Examples) {
    let Some(dir) = std::env::var_os("GROK_REFERENCE_DIR") else {
        eprintln!("SKIPPED: the first rows of {name} are not compared: GROK_REFERENCE_DIR is not set");
        return;
    };
    let path = Path::new(&dir).join(format!("tasks/{name}.json"));
    let text = std::fs::read_to_string(&path).expect("GROK_REFERENCE_DIR holds tasks/");
    let golden: serde_json::Value = serde_json::from_str(&text).expect("a golden file is JSON");
    let rows: Vec<Vec<u32>> = serde_json::from_value(golden["first_two_rows"].clone()).expect("two rows");
    assert_eq!(rows.len(), 2, "{name}");
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(examples.tokens(i), row, "row {i} of {name}");
    }
}
