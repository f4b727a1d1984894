//! The worker's life: say ready, take commands, step, and let the event loop breathe between.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

use super::ladder;
use super::session::Session;
use crate::config::DeviceChoice;
use crate::protocol::{Command, Event, PROTOCOL_VERSION, codec};

/// Installs the message handler, says [`Event::Ready`] and serves commands until the worker ends.
///
/// # Panics
/// If it does not run in a dedicated worker.
pub fn start() {
    report_panics();
    let inbox = Rc::new(Inbox::default());
    let receiver = Rc::clone(&inbox);
    let on_message =
        Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            match codec::decode::<Command>(&message.data()) {
                Ok(command) => receiver.push(command),
                Err(error) => post(failed(error.to_string())),
            }
        });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The handler lives as long as the worker.
    on_message.forget();
    spawn_local(serve(inbox));
    post(Event::Ready { version: PROTOCOL_VERSION });
}

async fn serve(inbox: Rc<Inbox>) {
    let mut session = Session::new(DeviceChoice::Cpu);
    let turn = Turn::new();
    loop {
        while let Some(command) = inbox.pop() {
            match command {
                Command::Connect { version, .. } if version != PROTOCOL_VERSION => {
                    post(failed(format!(
                        "the page speaks version {version}, the worker {PROTOCOL_VERSION}: reload the page"
                    )));
                }
                Command::Connect { device, .. } => {
                    let answer = ladder::climb(device).await;
                    if let Event::Device(report) = &answer {
                        let found =
                            if report.device == "gpu" { DeviceChoice::Gpu } else { DeviceChoice::Cpu };
                        session = Session::new(found);
                    }
                    post(answer);
                }
                command => session.handle(command, now_secs()).await.into_iter().for_each(post),
            }
        }
        if session.is_training() {
            session.advance(now_secs()).await.into_iter().for_each(post);
            turn.over().await;
        } else {
            inbox.wait().await;
        }
    }
}

/// Commands that have arrived, and whoever waits for the next one.
#[derive(Default)]
struct Inbox {
    commands: RefCell<VecDeque<Command>>,
    waiter: RefCell<Option<Function>>,
}

impl Inbox {
    fn push(&self, command: Command) {
        self.commands.borrow_mut().push_back(command);
        if let Some(wake) = self.waiter.borrow_mut().take() {
            wake.call0(&JsValue::NULL).expect("a promise's resolve function does not throw");
        }
    }

    fn pop(&self) -> Option<Command> {
        self.commands.borrow_mut().pop_front()
    }

    async fn wait(&self) {
        if !self.commands.borrow().is_empty() {
            return;
        }
        let woken = Promise::new(&mut |resolve, _| *self.waiter.borrow_mut() = Some(resolve));
        JsFuture::from(woken).await.expect("the promise is never rejected");
    }
}

/// Gives the event loop a turn: a message to ourselves, because promises alone would keep commands
/// and GPU callbacks waiting, and timers are held back to 4 ms.
struct Turn {
    channel: MessageChannel,
    resolve: Rc<RefCell<Option<Function>>>,
    _on_message: Closure<dyn FnMut()>,
}

impl Turn {
    fn new() -> Self {
        let channel = MessageChannel::new().expect("every browser with workers has message channels");
        let resolve: Rc<RefCell<Option<Function>>> = Rc::default();
        let waiting = Rc::clone(&resolve);
        let on_message = Closure::<dyn FnMut()>::new(move || {
            if let Some(resolve) = waiting.borrow_mut().take() {
                resolve.call0(&JsValue::NULL).expect("a promise's resolve function does not throw");
            }
        });
        channel.port1().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Self { channel, resolve, _on_message: on_message }
    }

    async fn over(&self) {
        let turn = Promise::new(&mut |resolve, _| {
            *self.resolve.borrow_mut() = Some(resolve);
            self.channel.port2().post_message(&JsValue::NULL).expect("null can always be posted");
        });
        JsFuture::from(turn).await.expect("the promise is never rejected");
    }
}

/// A panic ends the worker's wasm; its last words still reach the page.
fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        post(failed(format!("the worker stopped: {info}")));
    }));
}

fn failed(message: String) -> Event {
    Event::Failed { run_id: None, message, ladder: Vec::new() }
}

fn post(event: Event) {
    let encoded = codec::encode(event).expect("events are plain data");
    scope().post_message_with_transfer(&encoded.value, &encoded.transfer).expect("the page listens");
}

fn now_secs() -> f64 {
    scope().performance().map_or(0.0, |clock| clock.now() / 1000.0)
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().dyn_into().expect("this program runs in a dedicated worker")
}
