//! Hands and eyes on the page: the keyboard, a mouse on the figures, and what of the page is in sight.

use std::time::Instant;

use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction, WheelAction,
    WheelActions,
};
use fantoccini::key::Key;
use serde_json::Value;

use crate::lab::{Lab, PATIENCE, POLL};

/// The one mouse: where it was moved to it stays for the next action.
const MOUSE: &str = "mouse";

/// In JavaScript, whether more than one colour is on a canvas.
pub const IS_DRAWN: &str = "(canvas => {
        const { width, height } = canvas;
        const { data } = canvas.getContext('2d').getImageData(0, 0, width || 1, height || 1);
        return data.some((value, i) => value !== data[i % 4]);
    })";

/// A place in a figure, in CSS pixels from its canvas' upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// A page that has fitted its screen at so many looks in a row stays as long as it is.
const N_STABLE_LOOKS: usize = 8;

impl Lab {
    /// Presses keys on a hook that takes the keyboard.
    pub async fn press(&self, hook: &str, keys: &str) {
        let element = self.find(hook).await.unwrap_or_else(|| panic!("hook `{hook}` is not on the page"));
        element.send_keys(keys).await.unwrap_or_else(|error| panic!("hook `{hook}` takes no keys: {error}"));
    }

    /// Goes from control to control with the tabulator until a hook has the focus, as a person without a mouse
    /// does. A page has few hundred controls.
    pub async fn tab_to(&self, hook: &str) {
        if let Some(section) = self.section_that_hides(hook).await {
            self.tab_through_to(&format!("to-{section}")).await;
            self.press_focused(&Key::Enter.to_string()).await;
            tokio::time::sleep(POLL).await;
        }
        self.tab_through_to(hook).await;
    }

    /// The section that is not open and holds a hook.
    pub(crate) async fn section_that_hides(&self, hook: &str) -> Option<String> {
        let section = format!(
            "document.querySelector(\"[data-testid='{hook}']\")?.closest('[data-sections][hidden]')\
             ?.dataset.sections?.split(' ')[0]"
        );
        self.evaluate(&section).await.as_str().map(str::to_owned)
    }

    async fn tab_through_to(&self, hook: &str) {
        let focused = "document.activeElement?.getAttribute('data-testid')";
        for _ in 0..600 {
            if self.evaluate(focused).await == hook {
                return;
            }
            self.press_focused(&Key::Tab.to_string()).await;
        }
        panic!("hook `{hook}` cannot be reached with the tabulator");
    }

    /// Presses keys, one after the other, on whatever has the focus.
    pub async fn press_focused(&self, keys: &str) {
        // As a keyboard does: a file input would take keys that are sent to it for the name of a file.
        let strokes = keys.chars().fold(KeyActions::new("keyboard".into()), |strokes, value| {
            strokes.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        let pressed = self.browser.client.perform_actions(strokes).await;
        pressed.unwrap_or_else(|error| panic!("keys cannot be pressed: {error}"));
    }

    /// The place in a figure at these parts of its canvas' width and height, once it is drawn.
    pub async fn part_of_figure(&self, hook: &str, x: f64, y: f64) -> Spot {
        let [width, height] = self.figure_size(hook).await;
        Spot { x: (x * width).floor(), y: (y * height).floor() }
    }

    /// Scrolls a figure into sight and waits until it is drawn, which only what can be seen is; the size of its
    /// canvas.
    pub async fn figure_size(&self, hook: &str) -> [f64; 2] {
        self.reveal(hook).await;
        let size = format!(
            "(() => {{
                const canvas = document.querySelector(\"[data-testid='{hook}'] canvas\");
                // While there is nothing to draw the canvas is hidden; its panel is not.
                const panel = canvas?.clientHeight ? canvas : canvas?.closest('section');
                panel?.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                return canvas?.clientHeight && {IS_DRAWN}(canvas) ? [canvas.clientWidth, canvas.clientHeight] : null;
            }})()"
        );
        let start = Instant::now();
        loop {
            let size = self.evaluate(&size).await;
            if let (Some(width), Some(height)) = (size[0].as_f64(), size[1].as_f64()) {
                return [width, height];
            }
            assert!(start.elapsed() < PATIENCE, "figure `{hook}` was never drawn");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Gives the page a screen so high that all of it is in sight: what is not is not drawn, and over some control
    /// there always lies the bar at the bottom.
    pub async fn show_whole_page(&self) {
        let sizes = "[innerWidth, document.documentElement.scrollHeight, innerHeight]";
        let mut n_fitting = 0;
        // What comes into sight is drawn only then, and makes the page longer.
        while n_fitting < N_STABLE_LOOKS {
            let sizes = self.evaluate(sizes).await;
            let [width, page, screen] = [0, 1, 2].map(|i| sizes[i].as_u64().expect("whole pixels") as u32);
            if page <= screen {
                n_fitting += 1;
            } else {
                n_fitting = 0;
                self.browser.show_on_screen(width, page + 500).await;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Moves the mouse to a place in a figure.
    pub async fn point_at(&self, hook: &str, spot: Spot) {
        let place = self.in_window(hook, spot).await;
        self.use_mouse(vec![to(place)]).await;
    }

    /// Moves the mouse off every figure.
    pub async fn point_away(&self) {
        self.use_mouse(vec![to(Spot { x: 1.0, y: 1.0 })]).await;
    }

    /// Clicks so many times on a place in a figure, as fast as a double click.
    pub async fn click_figure(&self, hook: &str, spot: Spot, times: usize) {
        let place = self.in_window(hook, spot).await;
        let clicks = std::iter::repeat_n([DOWN, UP], times).flatten();
        self.use_mouse([to(place)].into_iter().chain(clicks).collect()).await;
    }

    /// Drags from one place in a figure to another, by way of the middle.
    pub async fn drag_in_figure(&self, hook: &str, from: Spot, end: Spot) {
        let place = self.in_window(hook, from).await;
        let at = |part: f64| {
            to(Spot { x: place.x + part * (end.x - from.x), y: place.y + part * (end.y - from.y) })
        };
        self.use_mouse(vec![at(0.0), DOWN, at(0.5), at(1.0), UP]).await;
    }

    /// Turns the wheel over a place in a figure.
    pub async fn turn_wheel(&self, hook: &str, spot: Spot, delta_y: i64) {
        let place = self.in_window(hook, spot).await;
        let mut wheel = WheelActions::new("wheel".into());
        let (x, y) = (place.x as i64, place.y as i64);
        wheel.push(WheelAction::Scroll { duration: None, x, y, delta_x: 0, delta_y });
        let turned = self.browser.client.perform_actions(wheel).await;
        turned.unwrap_or_else(|error| panic!("the wheel cannot be turned: {error}"));
    }

    /// Scrolls a place in a figure to the middle of the window; where it is there, once it rests and nothing
    /// lies over it.
    async fn in_window(&self, hook: &str, Spot { x, y }: Spot) -> Spot {
        self.reveal(hook).await;
        // What was opened above the figure is closed, as by Esc.
        self.evaluate("document.querySelectorAll(':popover-open').forEach(open => open.hidePopover())").await;
        let place = format!(
            "(() => {{
                const canvas = document.querySelector(\"[data-testid='{hook}'] canvas\");
                if (!canvas) {{ return null; }}
                const top = canvas.getBoundingClientRect().top + {y} - innerHeight / 2;
                scrollBy({{ top, behavior: 'instant' }});
                const box = canvas.getBoundingClientRect();
                const place = [Math.round(box.left + {x}), Math.round(box.top + {y})];
                return document.elementFromPoint(...place) === canvas ? place : null;
            }})()"
        );
        let start = Instant::now();
        let mut before = Value::Null;
        loop {
            let now = self.evaluate(&place).await;
            if let (Some(x), Some(y)) = (now[0].as_f64(), now[1].as_f64())
                && now == before
            {
                return Spot { x, y };
            }
            assert!(start.elapsed() < PATIENCE, "({x}, {y}) in figure `{hook}` cannot be pointed at");
            before = now;
            tokio::time::sleep(POLL).await;
        }
    }

    async fn use_mouse(&self, actions: Vec<PointerAction>) {
        let mouse = actions.into_iter().fold(MouseActions::new(MOUSE.into()), InputSource::then);
        let used = self.browser.client.perform_actions(mouse).await;
        used.unwrap_or_else(|error| panic!("the mouse cannot be used: {error}"));
    }
}

const DOWN: PointerAction = PointerAction::Down { button: MOUSE_BUTTON_LEFT };
const UP: PointerAction = PointerAction::Up { button: MOUSE_BUTTON_LEFT };

fn to(Spot { x, y }: Spot) -> PointerAction {
    PointerAction::MoveTo { duration: None, x, y }
}
