//! The worker's life: say ready, take commands, step, and yield to the event loop in between.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{MessageChannel, MessageEvent};

use super::bench;
#[cfg(not(feature = "engine"))]
use super::burn_client::BurnClient;
use super::device_probe;
use super::incoming::Incoming;
use super::message_queue::MessageQueue;
use super::session::Session;
use super::worker_global::{failed, now_secs, post, report_panics, worker_global};
use crate::config::{DeviceChoice, ExperimentConfig};
use crate::error::LabError;
use crate::protocol::{Command, Event, PROTOCOL_VERSION, Timing, codec};

/// Installs the message handler, says [`Event::Ready`] and serves commands until the worker ends.
///
/// # Panics
/// If it does not run in a dedicated worker.
pub fn start() {
    report_panics(failed);
    let message_queue = Rc::new(MessageQueue::default());
    let receiver = Rc::clone(&message_queue);
    let on_message =
        Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            match codec::decode::<Command>(&message.data()) {
                Ok(command) => receiver.push(Incoming::Command(command)),
                Err(error) => post(failed(error.into())),
            }
        });
    worker_global().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The handler lives as long as the worker.
    on_message.forget();
    spawn_local(serve(message_queue));
    post(Event::Ready { version: PROTOCOL_VERSION });
}

async fn serve(message_queue: Rc<MessageQueue<Incoming>>) {
    let mut session = new_session(DeviceChoice::Cpu);
    #[cfg(not(feature = "engine"))]
    let mut burn = BurnClient::new(Rc::clone(&message_queue));
    let turn = Turn::new();
    loop {
        while let Some(message) = message_queue.pop() {
            #[cfg(feature = "engine")]
            let Incoming::Command(command) = message;
            #[cfg(not(feature = "engine"))]
            let command = match message {
                Incoming::Command(command) => command,
                // Both programs are of one build.
                Incoming::FromBurn(Event::Ready { .. }) => {
                    burn.on_ready();
                    continue;
                }
                Incoming::FromBurn(event) => {
                    if let Event::Device(report) = &event {
                        session = new_session(report.device.into());
                    }
                    post(event);
                    continue;
                }
            };
            #[cfg(not(feature = "engine"))]
            let Some(command) = burn.route(command, &mut session) else { continue };
            match command {
                Command::Connect { version, .. } if version != PROTOCOL_VERSION => {
                    let error = LabError::Version { theirs: version, ours: PROTOCOL_VERSION };
                    post(failed(error.into()));
                }
                #[cfg(not(feature = "engine"))]
                Command::Connect { device, .. } => match device_probe::probe_without_burn(device).await {
                    Some(answer) => {
                        session = new_session(DeviceChoice::Cpu);
                        post(answer);
                    }
                    None => burn.connect(device),
                },
                #[cfg(feature = "engine")]
                Command::Connect { device, .. } => {
                    let answer = device_probe::probe(device).await;
                    if let Event::Device(report) = &answer {
                        session = new_session(report.device.into());
                    }
                    post(answer);
                }
                Command::Bench { config } => {
                    if session.is_training() {
                        post(Event::NotTimed { message: "a run is under way: pause it first".into() });
                    } else {
                        time_all(&config, session.device(), &message_queue, &turn).await;
                    }
                    post(Event::BenchOver);
                }
                Command::MeasureSpeed { config } => {
                    let timing = match session.is_training() {
                        true => None,
                        false => {
                            let device = session.device_for(&config.run);
                            probe(*config, device, &message_queue, &turn).await
                        }
                    };
                    post(Event::SpeedMeasured { timing });
                }
                Command::Ping => post(Event::Pong),
                command => session.handle(command, now_secs()).await.into_iter().for_each(post),
            }
        }
        if session.is_training() {
            session.advance(now_secs()).await.into_iter().for_each(post);
            turn.over().await;
        } else {
            message_queue.wait().await;
        }
    }
}

fn new_session(device: DeviceChoice) -> Session {
    Session::new(device).with_clock(now_secs)
}

/// Times every engine, until a command arrives.
async fn time_all(
    config: &ExperimentConfig,
    device: DeviceChoice,
    message_queue: &MessageQueue<Incoming>,
    turn: &Turn,
) {
    let yield_to_event_loop = async || {
        turn.over().await;
        !is_wanted_elsewhere(message_queue)
    };
    for config in bench::candidates(config, device == DeviceChoice::Gpu) {
        if is_wanted_elsewhere(message_queue) {
            return;
        }
        post(match bench::time(&config, bench::SECONDS, now_secs, yield_to_event_loop).await {
            Ok(timing) => Event::Timed(timing),
            Err(error) => Event::NotTimed { message: error.to_string() },
        });
    }
}

/// Times the engine that an experiment would get; none if a command arrives meanwhile, or if it fails.
async fn probe(
    mut config: ExperimentConfig,
    device: DeviceChoice,
    message_queue: &MessageQueue<Incoming>,
    turn: &Turn,
) -> Option<Timing> {
    let yield_to_event_loop = async || {
        turn.over().await;
        !is_wanted_elsewhere(message_queue)
    };
    config.run.device = device;
    let timing = bench::time(&config, bench::PROBE_SECONDS, now_secs, yield_to_event_loop).await.ok()?;
    (!is_wanted_elsewhere(message_queue)).then_some(timing)
}

/// Whether a command waits that ends a measurement: any but a late word on what the page has taken in.
fn is_wanted_elsewhere(message_queue: &MessageQueue<Incoming>) -> bool {
    message_queue.holds(|message| !matches!(message, Incoming::Command(Command::Acknowledge { .. })))
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
