//! The three ways to use the page: a mouse, a keyboard alone, a finger on a phone.

use std::time::Instant;

use fantoccini::key::Key;
use serde_json::json;

use crate::lab::{Lab, PATIENCE, POLL};

/// A phone's screen in CSS pixels.
pub const PHONE: (u32, u32) = (390, 844);

/// How a person presses what the page offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// Clicks, on a screen as it is.
    Mouse,
    /// The tabulator and the keys that press a control.
    Keyboard,
    /// Taps, on a phone.
    Touch,
}

impl Hand {
    /// Gives the browser the screen that this hand uses.
    pub async fn prepare(self, lab: &Lab) {
        if self == Self::Touch {
            lab.browser.show_on_phone(PHONE.0, PHONE.1).await;
            lab.wait_for_evaluation("innerWidth", PHONE.0).await;
        }
    }

    /// Presses a hook that is a control, in whatever section it is.
    pub async fn press(self, lab: &Lab, hook: &str) {
        lab.wait_for_control(hook).await;
        match self {
            Self::Mouse => lab.click(hook).await,
            Self::Keyboard => {
                lab.tab_to(hook).await;
                // A switch is pressed with the space bar, which would not follow a link.
                let is_link = lab.evaluate("document.activeElement.tagName === 'A'").await == true;
                let key = if is_link { Key::Enter.to_string() } else { " ".to_owned() };
                lab.press_focused(&key).await;
            }
            Self::Touch => {
                lab.open_section_of(hook).await;
                lab.open_menu_of(hook).await;
                lab.tap(&selector(hook)).await;
            }
        }
    }
}

impl Lab {
    /// Waits until a hook is on the page and can be used.
    async fn wait_for_control(&self, hook: &str) {
        let usable = format!(
            "document.querySelector(\"[data-testid='{hook}']\")?.disabled === false \
             || document.querySelector(\"a[data-testid='{hook}']\") !== null"
        );
        self.wait_for_evaluation(&usable, true).await;
    }

    /// Opens the section that hides a hook, by its link in the menu, with a finger.
    async fn open_section_of(&self, hook: &str) {
        if let Some(section) = self.section_that_hides(hook).await {
            self.tap(&selector(&format!("to-{section}"))).await;
            let is_open = format!(
                "!document.querySelector(\"[data-testid='{hook}']\").closest('[data-sections][hidden]')"
            );
            self.wait_for_evaluation(&is_open, true).await;
        }
    }

    /// Opens the menu of the figure that hides a hook, by its button, with a finger.
    async fn open_menu_of(&self, hook: &str) {
        let menu = format!(
            "document.querySelector(\"[data-testid='{hook}']\")?.closest('[popover]:not(:popover-open)')?.id ?? ''"
        );
        if let Some(menu) = self.evaluate(&menu).await.as_str().filter(|menu| !menu.is_empty()) {
            self.tap(&format!("[popovertarget='{menu}']")).await;
            self.wait_for_evaluation(
                &format!("document.getElementById('{menu}').matches(':popover-open')"),
                true,
            )
            .await;
        }
    }

    /// Taps the middle of an element with a finger, once it rests and nothing lies over it.
    async fn tap(&self, selector: &str) {
        let place = format!(
            "(() => {{
                const found = document.querySelector(\"{selector}\");
                found?.scrollIntoView({{ block: 'center', inline: 'center', behavior: 'instant' }});
                const box = found?.getBoundingClientRect();
                if (!box?.width) {{ return null; }}
                const place = [Math.round(box.left + box.width / 2), Math.round(box.top + box.height / 2)];
                const hit = document.elementFromPoint(...place);
                // The label of a switch presses it, too.
                return found.contains(hit) || hit?.closest('label')?.control === found ? place : null;
            }})()"
        );
        let start = Instant::now();
        let mut before = None;
        loop {
            let now = self.evaluate(&place).await;
            if let (Some(x), Some(y)) = (now[0].as_f64(), now[1].as_f64())
                && before == Some((x, y))
            {
                let finger = json!({ "type": "touchStart", "touchPoints": [{ "x": x, "y": y }] });
                self.browser.devtools("Input.dispatchTouchEvent", finger).await;
                let lifted = json!({ "type": "touchEnd", "touchPoints": [] });
                self.browser.devtools("Input.dispatchTouchEvent", lifted).await;
                return;
            }
            before = now[0].as_f64().zip(now[1].as_f64());
            assert!(start.elapsed() < PATIENCE, "{selector} cannot be tapped");
            tokio::time::sleep(POLL).await;
        }
    }
}

fn selector(hook: &str) -> String {
    format!("[data-testid='{hook}']")
}
