//! Finding a device in a browser, one question at a time, each with its answer in words.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::config::DeviceChoice;
use crate::engine::DeviceKind;
#[cfg(feature = "engine")]
use crate::engine::device;
#[cfg(feature = "engine")]
use crate::error::{ErrorKind, ErrorReport, FailedDevice};
use crate::protocol::{CheckOutcome, DeviceReport, Event, ProbeCheck, ProbeQuestion};

/// What a workgroup of Burn's kernels needs; both are WebGPU's guaranteed minimum or twice it.
const LIMITS: [(&str, f64); 3] = [
    ("maxComputeInvocationsPerWorkgroup", 256.0),
    ("maxStorageBuffersPerShaderStage", 8.0),
    ("maxComputeWorkgroupStorageSize", 16_384.0),
];

/// Asks for a device: `Gpu` insists, `Cpu` asks nothing, `Auto` takes a hardware GPU that passes
/// every check and else the CPU.
///
/// Answers with [`Event::Device`], or with [`Event::Failed`] if `Gpu` cannot be had.
#[cfg(feature = "engine")]
pub async fn probe(wanted: DeviceChoice) -> Event {
    let mut probe = DeviceProbe::default();
    if wanted == DeviceChoice::Cpu {
        return probe.cpu("the CPU was asked for");
    }
    match probe.web_gpu(wanted).await {
        Ok(name) => Event::Device(DeviceReport {
            device: DeviceKind::Gpu,
            name,
            software: probe.software,
            probe_checks: probe.checks,
        }),
        Err(reason) if wanted == DeviceChoice::Gpu => {
            probe.skip_rest("an earlier question failed");
            Event::Failed {
                run_id: None,
                error: ErrorReport::new(
                    ErrorKind::Device(FailedDevice::Gpu),
                    format!("WebGPU was asked for and cannot be used: {reason}"),
                ),
                probe_checks: probe.checks,
            }
        }
        Err(_) => probe.cpu("an earlier question failed"),
    }
}

/// What [`probe`] answers, if that can be told without Burn, which is what computes on a GPU: that it is the CPU.
/// `None` if a GPU is insisted on, or if there is one that passes all questions but the last.
#[cfg(not(feature = "engine"))]
pub async fn probe_without_burn(wanted: DeviceChoice) -> Option<Event> {
    let mut probe = DeviceProbe::default();
    match wanted {
        DeviceChoice::Cpu => Some(probe.cpu("the CPU was asked for")),
        DeviceChoice::Gpu => None,
        DeviceChoice::Auto => {
            probe.adapter(wanted).await.is_err().then(|| probe.cpu("an earlier question failed"))
        }
    }
}

#[derive(Default)]
struct DeviceProbe {
    checks: Vec<ProbeCheck>,
    adapter_name: String,
    software: bool,
}

impl DeviceProbe {
    /// Makes all checks in turn; the error is the reason of the one that failed.
    #[cfg(feature = "engine")]
    async fn web_gpu(&mut self, wanted: DeviceChoice) -> Result<String, String> {
        self.adapter(wanted).await?;
        match device::gpu().await {
            Ok(_) => self.note(CheckOutcome::Passed, "equals the exact answer".into()),
            Err(error) => return self.fail(error.to_string()),
        }
        Ok(self.adapter_name.clone())
    }

    /// Makes all checks but the last, which computes something.
    async fn adapter(&mut self, wanted: DeviceChoice) -> Result<(), String> {
        let global = JsValue::from(js_sys::global());
        let secure = get(&global, "isSecureContext").as_bool().unwrap_or(false);
        self.pass_if(secure, "the page is served over https or from localhost", || {
            "WebGPU needs https or localhost".into()
        })?;

        let gpu = get(&get(&global, "navigator"), "gpu");
        self.pass_if(gpu.is_object(), "the browser has WebGPU", || {
            "this browser has no WebGPU: Chrome 113, Firefox 141 or Safari 26 have it".into()
        })?;

        let adapter = request_adapter(&gpu).await;
        let detail = describe(&adapter);
        self.pass_if(adapter.is_object(), &detail, || {
            "the browser offers no adapter: hardware acceleration may be off, or the driver is not supported"
                .into()
        })?;
        self.adapter_name = detail;

        let features = get(&adapter, "features");
        self.pass_if(set_has(&features, "timestamp-query"), "the adapter can time its work", || {
            "the adapter lacks timestamp-query, which the GPU library needs".into()
        })?;

        let limits = get(&adapter, "limits");
        let short = LIMITS.iter().find(|(name, least)| get(&limits, name).as_f64().unwrap_or(0.0) < *least);
        self.pass_if(short.is_none(), "the adapter's limits suffice", || {
            let (name, least) = short.copied().unwrap_or_default();
            format!("the adapter's {name} is {:?}, needed is {least}", get(&limits, name).as_f64())
        })?;

        self.software = is_software(&adapter);
        if self.software && wanted == DeviceChoice::Auto {
            return self.fail(format!(
                "{} is computed by the processor: the CPU engine is faster; ?backend=webgpu insists",
                self.adapter_name
            ));
        }
        let (outcome, detail) = if self.software {
            (CheckOutcome::Warned, "computed by the processor: correct, but slow")
        } else {
            (CheckOutcome::Passed, "not a software adapter")
        };
        self.note(outcome, detail.into());
        Ok(())
    }

    fn cpu(mut self, why_skipped: &str) -> Event {
        self.skip_rest(why_skipped);
        Event::Device(DeviceReport {
            device: DeviceKind::Cpu,
            name: "WebAssembly, SIMD".into(),
            software: false,
            probe_checks: self.checks,
        })
    }

    fn pass_if(&mut self, holds: bool, passed: &str, failed: impl FnOnce() -> String) -> Result<(), String> {
        if holds {
            self.note(CheckOutcome::Passed, passed.into());
            return Ok(());
        }
        self.fail(failed())
    }

    fn fail<T>(&mut self, reason: String) -> Result<T, String> {
        self.note(CheckOutcome::Failed, reason.clone());
        Err(reason)
    }

    fn skip_rest(&mut self, why: &str) {
        while self.checks.len() < ProbeQuestion::ALL.len() {
            self.note(CheckOutcome::Skipped, why.into());
        }
    }

    fn note(&mut self, outcome: CheckOutcome, detail: String) {
        let question = ProbeQuestion::ALL[self.checks.len()];
        self.checks.push(ProbeCheck { question, outcome, detail });
    }
}

async fn request_adapter(gpu: &JsValue) -> JsValue {
    let call = || {
        let request: Function = get(gpu, "requestAdapter").dyn_into().ok()?;
        request.call0(gpu).ok()?.dyn_into::<Promise>().ok()
    };
    match call() {
        Some(promise) => JsFuture::from(promise).await.unwrap_or(JsValue::NULL),
        None => JsValue::NULL,
    }
}

/// The adapter's own words; browsers leave out what could identify a person.
fn describe(adapter: &JsValue) -> String {
    let info = get(adapter, "info");
    let words: Vec<String> = ["vendor", "architecture", "device", "description"]
        .iter()
        .filter_map(|field| get(&info, field).as_string())
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() { "an adapter without a name".into() } else { words.join(" ") }
}

fn is_software(adapter: &JsValue) -> bool {
    let fallback = |holder: &JsValue| get(holder, "isFallbackAdapter").as_bool().unwrap_or(false);
    let name = describe(adapter).to_lowercase();
    fallback(adapter)
        || fallback(&get(adapter, "info"))
        || ["swiftshader", "llvmpipe", "lavapipe"].iter().any(|known| name.contains(known))
}

fn set_has(set: &JsValue, name: &str) -> bool {
    let has = get(set, "has").dyn_into::<Function>().ok();
    has.and_then(|has| has.call1(set, &name.into()).ok()).is_some_and(|found| found.is_truthy())
}

fn get(holder: &JsValue, field: &str) -> JsValue {
    if !holder.is_object() && !holder.is_function() {
        return JsValue::UNDEFINED;
    }
    Reflect::get(holder, &field.into()).unwrap_or(JsValue::UNDEFINED)
}
