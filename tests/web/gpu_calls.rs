//! Counts what a program asks of WebGPU, by wrapping the methods of the browser's own classes.

use std::cell::OnceCell;

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// Calls since the last [`reset`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calls {
    pub dispatches: usize,
    pub pipelines: usize,
    pub submits: usize,
    pub maps: usize,
}

const WRAPPED: [(&str, &str); 6] = [
    ("GPUComputePassEncoder", "dispatchWorkgroups"),
    ("GPUComputePassEncoder", "dispatchWorkgroupsIndirect"),
    ("GPUDevice", "createComputePipeline"),
    ("GPUDevice", "createComputePipelineAsync"),
    ("GPUQueue", "submit"),
    ("GPUBuffer", "mapAsync"),
];

thread_local! {
    static COUNTS: OnceCell<Object> = const { OnceCell::new() };
}

/// Begins to count from zero; the methods are wrapped at the first call.
pub fn reset() {
    let counts = counts();
    for (_, method) in WRAPPED {
        Reflect::set(&counts, &method.into(), &0.0.into()).expect("a plain object");
    }
}

/// What was called since.
pub fn calls() -> Calls {
    let counts = counts();
    let of =
        |method: &str| Reflect::get(&counts, &method.into()).ok().and_then(|n| n.as_f64()).unwrap_or(0.0);
    Calls {
        dispatches: (of("dispatchWorkgroups") + of("dispatchWorkgroupsIndirect")) as usize,
        pipelines: (of("createComputePipeline") + of("createComputePipelineAsync")) as usize,
        submits: of("submit") as usize,
        maps: of("mapAsync") as usize,
    }
}

fn counts() -> Object {
    COUNTS.with(|counts| counts.get_or_init(wrap_all).clone())
}

fn wrap_all() -> Object {
    let counts = Object::new();
    // `this` and any number of arguments: that a closure of Rust's could not pass on.
    let wrap = Function::new_with_args(
        "original, counts, name",
        "return function (...given) { counts[name] += 1; return original.apply(this, given); };",
    );
    for (class, method) in WRAPPED {
        let class = Reflect::get(&js_sys::global(), &class.into()).expect("the browser has WebGPU");
        let prototype = Reflect::get(&class, &"prototype".into()).expect("a class");
        let original = Reflect::get(&prototype, &method.into()).expect("a method");
        assert!(original.is_function(), "{method} is there to be counted");
        let wrapped =
            wrap.call3(&JsValue::NULL, &original, &counts, &method.into()).expect("makes a function");
        assert!(wrapped.unchecked_ref::<Function>().is_function(), "{method} is wrapped");
        Reflect::set(&prototype, &method.into(), &wrapped).expect("methods can be replaced");
    }
    counts
}
