//! Files dropped on the page and files it hands out, whole and broken.

use std::path::PathBuf;

use crate::lab::{Setting, visit};
use crate::oracle::reference_shaped_weights;

const TINY: &str = "?preset=tiny&backend=cpu";

#[test]
fn a_capsule_can_be_dropped_back_and_gone_on_with() {
    visit(&Setting::new(TINY), async |lab| {
        lab.reopen_with_saves_in_reach(TINY).await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        let whole = lab.saved_text("download-metrics").await;
        lab.save("download-capsule").await;
        lab.evaluate("window.whole = window.saved.at(-1)").await;
        let loss = lab.text("test-loss").await;

        lab.click("reset").await;
        lab.wait_for("epoch", "went back to 0", |text| text == "0").await;
        lab.click("step").await;
        lab.wait_for_text("status", "step 1 kept").await;
        lab.save("download-capsule").await;
        lab.evaluate("window.part = window.saved.at(-1)").await;
        lab.click("reset").await;

        lab.drop_file("window.whole", "whole.zip").await;
        lab.wait_for("epoch", "was that of the file", |text| text == "300").await;
        assert_eq!(lab.text("test-loss").await, loss, "the curves of the file");
        assert_eq!(lab.saved_text("download-metrics").await, whole, "every digit of them");
        assert_eq!(lab.text("resume-kept").await, None, "it is finished");

        lab.drop_file("window.part", "part.zip").await;
        lab.wait_for("epoch", "was that of the file", |text| text == "1").await;
        lab.click("resume-kept").await;
        lab.wait_for_text("status", "finished").await;
        let without_step_1 = |csv: &str| {
            csv.lines().filter(|line| !line.starts_with("1,")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(without_step_1(&lab.saved_text("download-metrics").await), without_step_1(&whole));
    });
}

#[test]
fn reference_shaped_weights_are_opened_and_a_broken_file_is_named() {
    visit(&Setting::new(TINY), async |lab| {
        lab.wait_for_text("status", "ready").await;
        let weights = reference_shaped_weights();
        lab.choose_file("open-file", &weights).await;
        lab.wait_for_text("exhibit", "golden_a.init.safetensors").await;
        assert_eq!(lab.text("file-error").await, None, "good weights are no error");

        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let broken = folder.join("broken.safetensors");
        let bytes = std::fs::read(&weights).expect("the weights are in the repository");
        std::fs::write(&broken, &bytes[..bytes.len() / 2]).expect("the folder of tests can be written");
        lab.choose_file("open-file", &broken).await;
        lab.wait_for_text("file-error", "broken.safetensors").await;
        lab.wait_for_text("exhibit", "golden_a.init.safetensors").await;
        lab.click("start").await;
        lab.wait_for_epoch_above(0).await;
    });
}

#[test]
fn a_hundred_broken_files_are_each_named_and_nothing_is_lost() {
    visit(&Setting::new(TINY), async |lab| {
        lab.reopen_with_saves_in_reach(TINY).await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        lab.save("download-capsule").await;
        // Pieces of a good capsule, noise, and texts that are almost something.
        let script = "
            const [done] = arguments;
            (async () => {
                const whole = new Uint8Array(await window.saved.at(-1).arrayBuffer());
                const texts = ['{', '[]', '{\"p\":7}', 'step,train_loss\\n1,2', '<html>', 'PK', '\\0\\0\\0\\0\\0\\0\\0\\0{}'];
                for (let i = 0; i < 100; i++) {
                    const name = `broken-${i}`;
                    let bytes;
                    if (i % 3 == 0) { bytes = whole.slice(0, whole.length * i / 101); }
                    else if (i % 3 == 1) { bytes = Uint8Array.from({ length: i * 7 }, (_, k) => (k * 2654435761 * i) >> 7); }
                    else { bytes = new TextEncoder().encode(texts[i % texts.length] + 'x'.repeat(i)); }
                    const data = new DataTransfer();
                    data.items.add(new File([bytes], name));
                    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
                    for (let wait = 0; ; wait++) {
                        const told = document.querySelector('[data-testid=file-error]')?.textContent ?? '';
                        if (told.includes(name + ' ')) { break; }
                        if (wait > 500) { return done(`${name} was never named; the page says: ${told}`); }
                        await new Promise(resolve => setTimeout(resolve, 20));
                    }
                }
                done('');
            })().catch(error => done(String(error)));";
        assert_eq!(lab.evaluate_later(script).await, "", "a file was taken, or not told of");
        lab.wait_for_text("status", "finished").await;
        assert_eq!(lab.epoch().await, 300, "the run is still there");
    });
}

#[test]
fn a_table_of_too_many_rows_is_refused_by_name_and_the_page_lives() {
    visit(&Setting::new("?preset=tiny&backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        let header = "step,train_loss,test_loss,train_accuracy,test_accuracy";
        let rows = format!("new Blob(['{header}\\n', '1,1,1,1,1\\n'.repeat(1_000_001)])");
        lab.drop_file(&rows, "metrics.csv").await;
        lab.wait_for_text("file-error", "at most 1000000 are read").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
    });
}
