//! What the reader sees: components that follow the state and send messages.

pub(in crate::ui) mod bench;
pub(in crate::ui) mod charts;
pub(in crate::ui) mod compare_runs;
pub(in crate::ui) mod controls;
pub(in crate::ui) mod device_probe;
pub(in crate::ui) mod error_panel;
pub(in crate::ui) mod files;
pub(in crate::ui) mod footer;
pub(in crate::ui) mod header;
pub(in crate::ui) mod kept_runs;
pub(in crate::ui) mod panels;
pub(in crate::ui) mod popover;
pub(in crate::ui) mod reading;
pub(in crate::ui) mod readouts;
pub(in crate::ui) mod run_heading;
pub(in crate::ui) mod seed_runs;
pub(in crate::ui) mod settings_form;
pub(in crate::ui) mod share;
pub(in crate::ui) mod stage;
pub(in crate::ui) mod status_line;
pub(in crate::ui) mod theme_choice;
pub(in crate::ui) mod train_section;
pub(in crate::ui) mod verdict;
pub(in crate::ui) mod verify_device;
pub(in crate::ui) mod wake_lock;
