//! What a reader can do when something fails, in the words of the browser at hand. Pure.

use crate::error::{ErrorKind, StorageFault};

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// WebGPU was asked for and cannot be had.
    NoWebGpu,
    /// The graphics card or its driver failed in the middle of something.
    LostDevice,
    /// The worker is no more.
    DeadWorker,
    /// The worker's program could not be fetched, or is of another build than the page.
    NotLoaded,
    /// The browser keeps nothing for this page.
    StorageRefused,
    /// The browser's storage is full.
    StorageFull,
    /// The browser's storage does not answer.
    StorageSilent,
}

/// Browsers that are set up alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// Chrome, Edge and their like on Linux, where WebGPU may have to be switched on.
    ChromiumOnLinux,
    /// Chrome, Edge and their like elsewhere.
    Chromium,
    Firefox,
    /// Safari, and every browser on a phone or tablet of Apple's.
    Safari,
    Other,
}

/// What to do about a failure, and the way on that works everywhere; one to three sentences.
///
/// `user_agent` is how the browser calls itself.
pub fn advice(kind: FailureKind, user_agent: &str) -> String {
    let family = family(user_agent);
    let here = match kind {
        FailureKind::NoWebGpu => web_gpu(family),
        FailureKind::LostDevice => lost_device(family),
        FailureKind::DeadWorker => dead_worker(family),
        FailureKind::NotLoaded => not_loaded(family),
        FailureKind::StorageRefused => storage_refused(family),
        FailureKind::StorageFull => storage_full(family),
        FailureKind::StorageSilent => storage_silent(family),
    };
    let everywhere = match kind {
        FailureKind::NoWebGpu => "The CPU works in every browser.",
        FailureKind::LostDevice => "Resume from the last saved state, on the card again or on the CPU.",
        FailureKind::DeadWorker => "A new worker goes on from the last saved state.",
        FailureKind::NotLoaded => "Kept runs are still there after that.",
        FailureKind::StorageRefused | FailureKind::StorageFull | FailureKind::StorageSilent => {
            "Until then runs go on in memory; save a capsule to keep one as a file."
        }
    };
    format!("{here} {everywhere}")
}

/// What to tell a reader whose browser keeps nothing.
pub fn of_storage(kind: ErrorKind) -> FailureKind {
    match kind {
        ErrorKind::Storage(StorageFault::Full) => FailureKind::StorageFull,
        ErrorKind::Storage(StorageFault::Silent) => FailureKind::StorageSilent,
        _ => FailureKind::StorageRefused,
    }
}

fn family(user_agent: &str) -> Family {
    let has = |mark: &str| user_agent.contains(mark);
    // There every browser is Safari inside, whatever it calls itself.
    if has("iPhone") || has("iPad") {
        Family::Safari
    } else if has("Firefox/") {
        Family::Firefox
    } else if has("Chrome/") || has("Chromium/") {
        if has("Linux") && !has("Android") { Family::ChromiumOnLinux } else { Family::Chromium }
    } else if has("Safari/") {
        Family::Safari
    } else {
        Family::Other
    }
}

fn web_gpu(family: Family) -> &'static str {
    match family {
        Family::ChromiumOnLinux => {
            "Chrome and Edge on Linux may hold WebGPU back: switch on chrome://flags/#enable-unsafe-webgpu and \
             chrome://flags/#enable-vulkan, or start the browser with --enable-unsafe-webgpu \
             --enable-features=Vulkan; chrome://gpu says what stands in the way."
        }
        Family::Chromium => {
            "Chrome and Edge have WebGPU since version 113, on Android since 121: switch on graphics \
             acceleration under chrome://settings/system and start the browser again; chrome://gpu says what \
             stands in the way."
        }
        Family::Firefox => {
            "Firefox has WebGPU on Windows since version 141 and on newer Macs since 145: elsewhere set \
             dom.webgpu.enabled to true in about:config; about:support says under Graphics what stands in the way."
        }
        Family::Safari => {
            "Safari has WebGPU since version 26; in versions before, switch it on among the feature flags of \
             the Develop menu, or of Safari's advanced settings on a phone."
        }
        Family::Other => "Chrome and Edge 113, Firefox 141 and Safari 26, or later ones, have WebGPU.",
    }
}

fn lost_device(family: Family) -> &'static str {
    match family {
        Family::ChromiumOnLinux | Family::Chromium => {
            "The driver may have been reset, the computer may have slept, or the card ran out of memory. Chrome and \
             Edge keep a page from the card after repeated losses until they are started again; chrome://gpu tells."
        }
        Family::Firefox => {
            "The driver may have been reset, the computer may have slept, or the card ran out of memory. \
             about:support tells under Graphics; if it stays away, start Firefox again."
        }
        Family::Safari => {
            "The computer may have slept, or the card ran out of memory: close other tabs. If it stays away, \
             start Safari again."
        }
        Family::Other => {
            "The driver may have been reset, the computer may have slept, or the card ran out of memory."
        }
    }
}

fn dead_worker(family: Family) -> &'static str {
    match family {
        Family::ChromiumOnLinux | Family::Chromium => {
            "A browser that is short of memory ends what it can: its task manager (Shift+Esc) shows what takes \
             most, and chrome://settings/performance can keep this page active."
        }
        Family::Firefox => {
            "A browser that is short of memory ends what it can: about:processes shows what takes most."
        }
        Family::Safari => {
            "Safari ends pages and workers that take much memory: close other tabs, and keep this one in sight."
        }
        Family::Other => "A browser that is short of memory ends what it can: close other tabs.",
    }
}

fn not_loaded(family: Family) -> &'static str {
    match family {
        Family::Safari => {
            "Reload the page without the cache: Option+Command+R on a Mac, else close the tab and open it anew."
        }
        Family::ChromiumOnLinux | Family::Chromium | Family::Firefox => {
            "Reload the page without the cache: Ctrl+Shift+R, on a Mac Command+Shift+R."
        }
        Family::Other => "Reload the page, if need be after clearing the browser's cache.",
    }
}

fn storage_refused(family: Family) -> &'static str {
    match family {
        Family::ChromiumOnLinux | Family::Chromium => {
            "Chrome and Edge refuse storage where a site may not keep data: allow it under \
             chrome://settings/content/siteData."
        }
        Family::Firefox => {
            "Firefox refuses storage in some private windows and where cookies are blocked: allow this site under \
             about:preferences#privacy, Manage Exceptions."
        }
        Family::Safari => {
            "Safari refuses storage in Lockdown Mode and while all cookies are blocked: see its Advanced settings."
        }
        Family::Other => "Private windows and strict settings for cookies refuse storage.",
    }
}

fn storage_full(family: Family) -> &'static str {
    match family {
        Family::ChromiumOnLinux | Family::Chromium => {
            "Delete kept runs here, free room on the disk, or clear other sites' data under \
             chrome://settings/content/all."
        }
        Family::Firefox => {
            "Delete kept runs here, free room on the disk, or clear other sites' data under \
             about:preferences#privacy, Manage Data."
        }
        Family::Safari => {
            "Delete kept runs here, free room on the disk, or clear other sites' data in Safari's Privacy settings, \
             Manage Website Data."
        }
        Family::Other => "Delete kept runs here, or free room on the disk.",
    }
}

fn storage_silent(family: Family) -> &'static str {
    match family {
        Family::ChromiumOnLinux | Family::Chromium => {
            "Another tab of this page or a busy disk may hold it up: it is tried again by itself. If that does not \
             help, close the other tabs of this page, or start the browser again with chrome://restart."
        }
        Family::Firefox => {
            "Another tab of this page or a busy disk may hold it up: it is tried again by itself. If that does not \
             help, answer Firefox's question beside the address, if there is one, or start Firefox again."
        }
        Family::Safari => {
            "Safari sometimes leaves storage unanswered after it has slept: it is tried again by itself. If that \
             does not help, close this tab and open the page anew."
        }
        Family::Other => {
            "Another tab of this page or a busy disk may hold it up: it is tried again by itself. If that does not \
             help, start the browser again."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FailureKind, Family, advice, family, of_storage};
    use crate::error::{ErrorKind, StorageFault};

    const CHROME: &str = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

    fn agents() -> [(Family, String); 8] {
        [
            (Family::ChromiumOnLinux, format!("Mozilla/5.0 (X11; Linux x86_64) {CHROME}")),
            (Family::Chromium, format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Edg/140.0")),
            (Family::Chromium, format!("Mozilla/5.0 (Linux; Android 14; K) {CHROME}")),
            (
                Family::Firefox,
                "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".into(),
            ),
            (Family::Safari, "Mozilla/5.0 (Macintosh) AppleWebKit/605 Version/26.1 Safari/605".into()),
            (Family::Safari, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) CriOS/140.0 Safari/604".into()),
            (Family::Safari, "Mozilla/5.0 (iPad) AppleWebKit/605 FxiOS/140.0 Safari/605".into()),
            (Family::Other, "Lynx/2.9".into()),
        ]
    }

    #[test]
    fn browsers_are_told_by_what_they_are_inside() {
        for (expected, user_agent) in agents() {
            assert_eq!(family(&user_agent), expected, "{user_agent}");
        }
    }

    #[test]
    fn each_failure_is_told_in_the_words_of_the_browser_with_a_way_on() {
        let ways_on = [
            (FailureKind::NoWebGpu, "CPU"),
            (FailureKind::LostDevice, "CPU"),
            (FailureKind::DeadWorker, "last saved state"),
            (FailureKind::NotLoaded, "Kept runs"),
            (FailureKind::StorageRefused, "capsule"),
            (FailureKind::StorageFull, "capsule"),
            (FailureKind::StorageSilent, "capsule"),
        ];
        for (kind, way_on) in ways_on {
            let mut told = Vec::new();
            for (_, user_agent) in agents() {
                let words = advice(kind, &user_agent);
                assert!(words.contains(way_on) && words.ends_with('.'), "{kind:?}: {words}");
                assert!(words.len() < 420, "{kind:?}: {words}");
                told.push(words);
            }
            let [linux, .., firefox, _, _, _, _] = &told[..] else { panic!("eight browsers") };
            assert!(linux.to_lowercase().contains("chrome") || linux.contains("Ctrl"), "{linux}");
            assert_ne!(told[4], told[7], "{kind:?}: Safari's words are not everyone's");
            if kind != FailureKind::NotLoaded {
                assert_ne!(linux, firefox, "{kind:?}");
            }
        }
        assert!(
            advice(FailureKind::NoWebGpu, &agents()[0].1).contains("--enable-unsafe-webgpu"),
            "as on Linux"
        );
        assert!(
            !advice(FailureKind::NoWebGpu, &agents()[2].1).contains("--enable-"),
            "a phone has no such start"
        );
    }

    #[test]
    fn a_full_storage_is_not_one_that_is_refused() {
        let silent = ErrorKind::Storage(StorageFault::Silent);
        assert_eq!(of_storage(silent), FailureKind::StorageSilent);
        assert_eq!(of_storage(ErrorKind::Storage(StorageFault::Full)), FailureKind::StorageFull);
        for fault in [StorageFault::Forbidden, StorageFault::Other] {
            assert_eq!(of_storage(ErrorKind::Storage(fault)), FailureKind::StorageRefused);
        }
    }
}
