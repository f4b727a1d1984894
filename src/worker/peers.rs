//! Workers of the training worker's own that share its steps: plain messages and transferred buffers, no
//! shared memory, so that the site needs no headers of its server.

use std::rc::Rc;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

use super::message_queue::MessageQueue;
use super::worker_global::worker_global;
use crate::config::ExperimentConfig;
use crate::engine::LocalFuture;
use crate::engine::folded::{Collective, Exchange, MAX_SHARDS, PackedState, Request, Score};
use crate::error::{FailedDevice, LabError, Result};
use crate::model::ModelShape;
use crate::model::folding::n_numbers;
use crate::protocol::PROTOCOL_VERSION;
use crate::protocol::codec::{self, BufferPool};
use crate::protocol::peer::{PeerCommand, PeerReply};

/// The peers' program, beside the training worker's own.
const PEER_URL: &str = "./peer_loader.js";

/// A peer that says nothing for so long is given up: its tab's neighbour may have been frozen or killed.
const SILENCE_MILLIS: i32 = 60_000;

/// Below so many multiply-adds in the neurons' product a step is over before a message has arrived.
const SHARED_STEP: usize = 5_000_000;

/// How many workers a run gets, the training worker included: what the setting says, or what the
/// machine offers if it says 0 and the steps are worth sharing out.
pub(super) fn n_workers(config: &ExperimentConfig, n_train: usize) -> usize {
    let offered = || match worker_global().navigator().hardware_concurrency() as usize {
        cores @ 0..=2 => cores.max(1),
        // The page wants to draw meanwhile.
        cores => (cores - 1).min(MAX_SHARDS),
    };
    let n_numbers = n_numbers(&ModelShape::new(&config.data, &config.model));
    match config.run.threads {
        0 if n_train * config.model.d_mlp * n_numbers < SHARED_STEP => 1,
        0 => offered(),
        threads => threads.min(MAX_SHARDS),
    }
}

/// Workers that each hold a share; they end when this is dropped.
#[derive(Debug)]
pub(super) struct BrowserPeers {
    members: Vec<Member>,
}

impl BrowserPeers {
    /// Begins `count` workers and gives each its share of `count + 1`.
    ///
    /// # Errors
    /// [`LabError::Device`] if the browser refuses one or its program cannot be had.
    pub(super) async fn join(config: &ExperimentConfig, count: usize) -> Result<Self> {
        // All load at the same time.
        let members: Vec<Member> = (0..count).map(|_| Member::spawn()).collect::<Result<_>>()?;
        for (i, member) in members.iter().enumerate() {
            match member.reply().await? {
                PeerReply::Ready { version } if version == PROTOCOL_VERSION => {}
                other => return Err(unexpected(&other)),
            }
            let (config, count) = (Box::new(config.clone()), count + 1);
            member.post(PeerCommand::Join { version: PROTOCOL_VERSION, config, index: i + 1, count })?;
        }
        let peers = Self { members };
        peers
            .replies(|reply| match reply {
                PeerReply::Joined => Ok(()),
                other => Err(unexpected(&other)),
            })
            .await?;
        Ok(peers)
    }

    /// Says the same to all.
    fn post_all(&self, command: PeerCommand) -> Result<()> {
        let Some((last, others)) = self.members.split_last() else { return Ok(()) };
        others.iter().try_for_each(|member| member.post(command.clone()))?;
        last.post(command)
    }

    /// Waits for one reply of each; `take` says what it should be.
    async fn replies<T>(&self, take: impl Fn(PeerReply) -> Result<T>) -> Result<Vec<T>> {
        let mut all = Vec::with_capacity(self.members.len());
        for member in &self.members {
            all.push(take(member.reply().await?)?);
        }
        Ok(all)
    }
}

impl Collective for BrowserPeers {
    fn n_followers(&self) -> usize {
        self.members.len()
    }

    fn broadcast_state(&mut self, state: PackedState) -> LocalFuture<'_, Result<()>> {
        Box::pin(async move {
            self.post_all(PeerCommand::Load { state })?;
            self.replies(|reply| match reply {
                PeerReply::Loaded => Ok(()),
                other => Err(unexpected(&other)),
            })
            .await?;
            Ok(())
        })
    }

    fn request(&mut self, request: Request) -> Result<()> {
        self.post_all(PeerCommand::Ask { request })
    }

    fn gather(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>> {
        Box::pin(self.replies(|reply| match reply {
            PeerReply::Told { told } => Ok(told),
            other => Err(unexpected(&other)),
        }))
    }

    fn broadcast(&mut self, what: Exchange, told: Vec<f32>) -> Result<()> {
        self.post_all(PeerCommand::Tell { what, told })
    }

    fn gather_scores(&mut self) -> LocalFuture<'_, Result<Vec<[Score; 2]>>> {
        Box::pin(self.replies(|reply| match reply {
            PeerReply::Scores { scores } => Ok(scores),
            other => Err(unexpected(&other)),
        }))
    }
}

/// One worker.
#[derive(Debug)]
struct Member {
    worker: Worker,
    message_queue: Rc<MessageQueue<Result<PeerReply>>>,
    pool: Rc<BufferPool>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut()>,
    _on_message_error: Closure<dyn FnMut()>,
    on_silence: Closure<dyn FnMut()>,
}

impl Member {
    fn spawn() -> Result<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name("peer");
        let worker = Worker::new_with_options(PEER_URL, &options)
            .map_err(|reason| failed(&format!("the browser refuses it: {reason:?}")))?;
        let message_queue = Rc::new(MessageQueue::default());
        let pool = Rc::new(BufferPool::default());
        let (receiver, buffers) = (Rc::clone(&message_queue), Rc::clone(&pool));
        let on_message = Closure::new(move |message: MessageEvent| {
            receiver.push(codec::decode_keeping(&message.data(), &buffers));
        });
        let says = |reason: &'static str| {
            let receiver = Rc::clone(&message_queue);
            Closure::<dyn FnMut()>::new(move || receiver.push(Err(failed(reason))))
        };
        let on_error = says("its program broke off");
        let on_message_error = says("a message of its could not be read");
        let on_silence = says("it has said nothing for a minute");
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_message_error.as_ref().unchecked_ref()));
        Ok(Self {
            worker,
            message_queue,
            pool,
            _on_message: on_message,
            _on_error: on_error,
            _on_message_error: on_message_error,
            on_silence,
        })
    }

    fn post(&self, command: PeerCommand) -> Result<()> {
        let message = codec::encode_in(command, &self.pool)?;
        self.worker
            .post_message_with_transfer(&message.value, &message.transfer)
            .map_err(|reason| failed(&format!("it cannot be reached: {reason:?}")))
    }

    /// From now on it is given up after [`SILENCE_MILLIS`].
    fn begin_to_wait(&self) -> Result<i32, JsValue> {
        let callback = self.on_silence.as_ref().unchecked_ref();
        worker_global().set_timeout_with_callback_and_timeout_and_arguments_0(callback, SILENCE_MILLIS)
    }

    async fn reply(&self) -> Result<PeerReply> {
        let clock = self.message_queue.is_empty().then(|| self.begin_to_wait());
        let reply = self.message_queue.next().await;
        if let Some(Ok(handle)) = clock {
            worker_global().clear_timeout_with_handle(handle);
        }
        match reply? {
            PeerReply::Failed { error } => Err(failed(&error.message)),
            reply => Ok(reply),
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.set_onmessageerror(None);
        self.worker.terminate();
    }
}

fn failed(reason: &str) -> LabError {
    LabError::device(FailedDevice::PeerWorker, reason)
}

fn unexpected(reply: &PeerReply) -> LabError {
    failed(&format!("it said {reply:?} out of turn"))
}
