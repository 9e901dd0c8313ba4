//! Fetching: requesting messages, and waiting for them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::request::{Body, FetchRequest, expiry, heartbeat_chosen, heartbeat_within, weight};
use super::status::{Said, Verdict};
use super::{Act, Pull, State, silence};
use crate::client::{Batch, Subscription, When};
use crate::error::{Error, Result, Status};
use crate::js::consume::Backoff;
use crate::msg::{Msg, MsgList, Owners};
use crate::words::ms;

/// The state of the thread that fetches.
pub(super) struct Fetching {
    /// The number of its request; 0 for none.
    number: u64,
    /// The server has ended the request.
    said: Option<Said>,
    /// The request was lost and has to be repeated.
    pub(super) again: bool,
}

impl Fetching {
    /// No server has the request any more.
    pub(super) fn lost(&mut self) {
        self.number = 0;
    }
}

/// The reason why waiting for the messages of a request has ended.
enum End {
    /// All messages have arrived.
    Full,
    /// The time has passed.
    Late,
    /// The server has ended the request.
    Said(Said),
    /// The request was lost.
    Lost,
    /// The server is silent.
    Silent,
}

/// The messages that a fetch has received so far.
#[derive(Default)]
struct Got {
    list: MsgList,
    bytes: u64,
    /// The next message is larger than the rest of the byte limit.
    too_large: bool,
}

impl Got {
    fn is_full(&self, want: &FetchRequest) -> bool {
        let bytes = want.max_bytes > 0 && (self.too_large || self.bytes >= want.max_bytes);
        self.list.len() >= want.batch || bytes
    }
}

/// Ends the fetch when it is dropped.
struct Turn<'a>(&'a Pull);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state.lock().fetch = None;
        self.0.fetching.store(false, Ordering::Release);
    }
}

fn concurrent() -> Error {
    Error::new(Status::NATS_ERR, "concurrent fetch request not allowed")
}

/// Fetches messages of a pull subscription: those that wait, and then those that arrive until there
/// are enough, the time has passed, or the server has no more. Fails only if there are none.
///
/// If `take_first` is set, the first request takes only the messages that the server has now; if
/// there are none, a second request waits.
pub fn fetch(sub: &Arc<Subscription>, want: &FetchRequest, take_first: bool) -> Result<Fetched> {
    let Some(pull) = sub.extension::<Pull>() else {
        return Err(Error::new(
            Status::NATS_INVALID_SUBSCRIPTION,
            "not a JetStream pull subscription",
        ));
    };
    if pull.ahead.is_some() || pull.fetching.swap(true, Ordering::AcqRel) {
        return Err(concurrent());
    }
    let _turn = Turn(&pull);
    pull.state.lock().fetch = Some(Fetching {
        number: 0,
        said: None,
        again: false,
    });
    let mut got = Got::default();
    let result = pull.fetch(sub, want, take_first, &mut got);
    match result {
        Err(error) if got.list.is_empty() => {
            Err(error.or_say(|status| pull.why_nothing(status, want)))
        }
        _ => Ok(Fetched {
            owners: pull.owners(got.list.len()),
            list: got.list,
        }),
    }
}

/// The messages of a fetch, which are prepared for acknowledgement when they are taken out.
pub struct Fetched {
    list: MsgList,
    /// One for each message, or none if they need no acknowledgement.
    owners: Owners,
}

impl Iterator for Fetched {
    type Item = Msg;

    fn next(&mut self) -> Option<Msg> {
        let mut msg = self.list.pop()?;
        match self.owners.next() {
            Some(owner) => msg.set_owner(owner),
            None => {
                msg.set_acked();
            }
        }
        Some(msg)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.list.len(), Some(self.list.len()))
    }
}

impl ExactSizeIterator for Fetched {}

impl Pull {
    /// The text for a fetch that has got nothing.
    #[cold]
    fn why_nothing(&self, status: Status, want: &FetchRequest) -> String {
        let (stream, consumer) = self.names();
        let what = format!("fetch from consumer '{consumer}' of stream '{stream}'");
        let why = match status {
            Status::NATS_TIMEOUT if self.connection().is_reconnecting() => format!(
                "no message within {}; the connection is lost, reconnecting",
                ms(want.expires)
            ),
            Status::NATS_TIMEOUT => format!(
                "no message within {}: none is pending, or as many as the consumer allows wait for their \
                 acknowledgements (MaxAckPending)",
                ms(want.expires)
            ),
            Status::NATS_NOT_FOUND => "the consumer has no message now".to_owned(),
            Status::NATS_NO_RESPONDERS => "no responders: the consumer does not exist any more, it has no leader, or \
                                           JetStream is away; the fetch can be repeated"
                .to_owned(),
            Status::NATS_MISSED_HEARTBEAT => format!(
                "the server has sent neither messages nor heartbeats, which it was to send every {}; the fetch can be \
                 repeated",
                ms(want.options.heartbeat)
            ),
            Status::NATS_PIN_ID_MISMATCH => {
                "another client is pinned, or the pin has changed: fetch without an id for a new one".to_owned()
            }
            Status::NATS_CONNECTION_CLOSED => "the connection is closed".to_owned(),
            Status::NATS_INVALID_SUBSCRIPTION => "the subscription is closed".to_owned(),
            status => status.text().to_owned(),
        };
        format!("{what}: {why}")
    }

    fn fetch(
        &self,
        sub: &Arc<Subscription>,
        want: &FetchRequest,
        take_first: bool,
        got: &mut Got,
    ) -> Result<()> {
        let now = Instant::now();
        let deadline = now + want.expires;
        // Messages that arrived too late for an earlier request come first.
        self.collect(sub, want, got, now)?;
        if got.is_full(want) {
            return Ok(());
        }
        // If messages were collected already, or several are wanted, the messages that the server has now are
        // sufficient.
        let takes_first = take_first && (!got.list.is_empty() || want.batch > 1);
        let mut no_wait = want.no_wait || takes_first;
        let (mut backoff, mut is_first) = (None, true);
        loop {
            self.ask_for(want, got, deadline, no_wait, is_first)?;
            is_first = false;
            let end = self.await_end(sub, want, got, deadline)?;
            let said = match end {
                End::Full => return Ok(()),
                End::Late => return Err(Status::NATS_TIMEOUT.into()),
                End::Lost => continue,
                End::Silent => {
                    let _ = self.leave_inbox(&mut self.state.lock(), sub);
                    return Err(Status::NATS_MISSED_HEARTBEAT.into());
                }
                End::Said(said) => said,
            };
            match said.verdict {
                Verdict::Nothing if !want.no_wait && no_wait && got.list.is_empty() => {
                    no_wait = false;
                }
                Verdict::Again if Instant::now() < deadline => {
                    // At once the first time.
                    let wait = match &mut backoff {
                        None => Duration::ZERO,
                        Some(backoff) => Backoff::failed(backoff),
                    };
                    backoff.get_or_insert_default();
                    let until = deadline.min(Instant::now() + wait);
                    self.collect(sub, want, got, until)?;
                    if got.is_full(want) {
                        return Ok(());
                    }
                }
                // The messages would be requested again if there were time.
                Verdict::Again if !want.no_wait => return Err(Status::NATS_TIMEOUT.into()),
                Verdict::Deleted => {
                    let mut state = self.state.lock();
                    state.acts.push_back(Act::Gone(said.error.clone()));
                    drop(state);
                    self.act();
                    return Err(said.error);
                }
                Verdict::Unanswered => {
                    self.fetch_unanswered();
                    return Err(said.error);
                }
                _ => return Err(said.error),
            }
        }
    }

    /// Sends a request for the missing messages, unless that has to wait.
    fn ask_for(
        &self,
        want: &FetchRequest,
        got: &Got,
        deadline: Instant,
        no_wait: bool,
        is_first: bool,
    ) -> Result<()> {
        let mut state = self.state.lock();
        self.fetch_news.store(false, Ordering::Release);
        if let Some(fetch) = &mut state.fetch {
            (fetch.number, fetch.said, fetch.again) = (0, None, false);
        }
        // It is sent when the connection or the consumer has been restored.
        if self.connection().is_reconnecting() || state.gone.is_being_made() {
            return Ok(());
        }
        let expires = expiry(deadline, Instant::now());
        let heartbeat = want.options.heartbeat;
        let body = Body {
            batch: (want.batch - got.list.len()) as u64,
            max_bytes: match want.max_bytes {
                0 => 0,
                max => max.saturating_sub(got.bytes).max(1),
            },
            expires: Some(expires).filter(|expires| {
                // A server keeps a request with an expiry although it does not wait; but without an expiry there are
                // no heartbeats.
                let waits = !want.no_wait || !want.options.heartbeat.is_zero();
                waits && !expires.is_zero()
            }),
            no_wait,
            heartbeat: match is_first {
                true => heartbeat_chosen(heartbeat, Some(want.expires), Some(expires)),
                false => heartbeat_within(heartbeat, Some(expires)),
            },
            id: &want.options.id,
            options: &want.options,
        };
        let request = Self::request(&mut state, &body);
        if let Some(fetch) = &mut state.fetch {
            fetch.number = request.number;
        }
        // The lock is released first: the thread that reads must not wait for the one that fetches, which may wait
        // for room in the outgoing buffer.
        drop(state);
        self.send_request(&request, When::Soon, deadline)?;
        // The server cannot have heard of it before, however long that took.
        self.state.lock().active = Instant::now();
        Ok(())
    }

    /// Collects messages until the request has ended.
    fn await_end(
        &self,
        sub: &Arc<Subscription>,
        want: &FetchRequest,
        got: &mut Got,
        deadline: Instant,
    ) -> Result<End> {
        loop {
            let silent_at = silence(want.options.heartbeat).and_then(|silence| {
                let state = self.state.lock();
                let waits = state.fetch.as_ref().is_some_and(|fetch| fetch.number > 0);
                let due = state.active + silence;
                waits.then(|| state.patience.until(state.active, due))
            });
            let until = silent_at.map_or(deadline, |at| at.min(deadline));
            self.collect(sub, want, got, until)?;
            if got.is_full(want) {
                return Ok(End::Full);
            }
            if self.fetch_news.swap(false, Ordering::AcqRel)
                && let Some(fetch) = &mut self.state.lock().fetch
            {
                if let Some(said) = fetch.said.take() {
                    return Ok(End::Said(said));
                }
                if fetch.again {
                    return Ok(End::Lost);
                }
            }
            let now = Instant::now();
            if now >= deadline {
                return Ok(End::Late);
            }
            if let Some(silence) = silence(want.options.heartbeat) {
                let unread = self.connection().has_unread();
                let mut state = self.state.lock();
                let waits = state.fetch.as_ref().is_some_and(|fetch| fetch.number > 0);
                let heard = state.active;
                if waits
                    && now >= heard + silence
                    && !(unread && state.patience.lasts(heard, now, silence))
                {
                    return Ok(End::Silent);
                }
            }
        }
    }

    /// Takes messages until `until`, until there are enough, or until a status or an event of the fetch has arrived.
    fn collect(
        &self,
        sub: &Arc<Subscription>,
        want: &FetchRequest,
        got: &mut Got,
        until: Instant,
    ) -> Result<()> {
        let stop = || self.fetch_news.load(Ordering::Acquire);
        while !got.is_full(want) {
            let Got {
                list,
                bytes,
                too_large,
            } = &mut *got;
            let mut fits = |msg: &Msg| {
                let more = *bytes + weight(msg);
                // A message larger than the whole limit is returned alone; otherwise it would never be returned.
                let fits = more <= want.max_bytes || *bytes == 0;
                *too_large = !fits;
                *bytes = if fits { more } else { *bytes };
                fits
            };
            let limited = want.max_bytes > 0;
            let mut batch = Batch {
                max: want.batch - list.len(),
                deadline: Some(until),
                stop: Some(&stop),
                soon: true,
                accept: if limited { Some(&mut fits) } else { None },
            };
            match sub.next_batch(&mut batch, list) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(e) if e.status() == Status::NATS_TIMEOUT => return Ok(()),
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// A status of the server for a fetch.
    pub(super) fn fetch_said(&self, state: &mut State, number: u64, said: Said) {
        if let Some(fetch) = &mut state.fetch
            && fetch.number == number
        {
            fetch.said = Some(said);
            state.acts.push_back(Act::Wake);
        }
    }
}
