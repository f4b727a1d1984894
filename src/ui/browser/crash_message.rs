//! What the page shows when its own program has broken down. Nothing of the program can be relied on then, so the
//! whole view gives way to a fixed message: a status that still said "training" would be a lie.

use crate::ui::browser::dom;

/// Puts a message in the place of the view when the page's program panics or is ended by the browser.
pub(in crate::ui) fn install() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        let reason = info.payload_as_str().unwrap_or("it gave no reason");
        dom::replace_page(TITLE, &message(reason), ADVICE);
    }));
    // What ends the program without a panic: no memory left, above all.
    dom::watch_traps(|reason| dom::replace_page(TITLE, &message(&reason), ADVICE));
}

const TITLE: &str = "The page stopped";

const ADVICE: &str = "Nothing is computed any more. Reload the page: runs that are kept in this browser are offered \
                      again, from their last saved state.";

fn message(reason: &str) -> String {
    let reason = reason.trim_end_matches('.');
    let is_about_memory = ["capacity overflow", "allocation", "unreachable", "out of memory"]
        .iter()
        .any(|words| reason.contains(words));
    let hint = if is_about_memory { " The browser may have no memory left for it." } else { "" };
    format!("An error in the page's own program ended it: {reason}.{hint}")
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn the_reason_is_named_and_memory_is_blamed_only_where_it_may_be() {
        let overflow = message("capacity overflow");
        assert!(
            overflow.contains("ended it: capacity overflow. The browser may have no memory"),
            "{overflow}"
        );
        assert!(message("unreachable").contains("no memory"), "as an allocation that fails ends");
        let other = message("index out of bounds: the len is 3 but the index is 7.");
        assert!(other.ends_with("the index is 7."), "{other}");
    }
}
