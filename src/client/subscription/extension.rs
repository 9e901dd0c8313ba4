//! What a layer above the client hangs on a subscription of the program's.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use crate::client::subscription::home::Home;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Result, Status};
use crate::msg::Msg;

/// What belongs to a subscription without the client knowing, and a say in what becomes of the
/// program's calls. No lock is held in any of its functions.
///
/// The subscription owns it: a reference back has to be weak.
pub trait Extension<S = crate::client::Subscription>: Any + Send + Sync {
    /// The program asks for the next message; an error is what it gets instead.
    fn next_begins(&self, sub: &Arc<S>) -> Result<()> {
        let _ = sub;
        Ok(())
    }

    /// The program is about to get this message as the next one.
    fn taken(&self, sub: &Arc<S>, msg: &mut Msg) {
        let _ = (sub, msg);
    }

    /// There is no next message for the program: what it is told instead of `error`.
    fn next_failed(&self, sub: &Arc<S>, error: Error) -> Error {
        let _ = sub;
        error
    }

    /// The program has unsubscribed, which has taken effect. May wait. An error is what the
    /// program's call returns.
    fn unsubscribed(&self, sub: &Arc<S>) -> Result<()> {
        let _ = sub;
        Ok(())
    }

    /// The program destroys the subscription, which is going to be closed if it is not.
    fn destroying(&self, sub: &Arc<S>) {
        let _ = sub;
    }

    /// The program has waited for a drain, which is complete. May wait, until the deadline if there
    /// is one. An error is what the program's call returns.
    fn drain_awaited(&self, sub: &Arc<S>, deadline: Option<Instant>) -> Result<()> {
        let _ = (sub, deadline);
        Ok(())
    }

    /// The error handler of the connection has been told of this error of the subscription; called where that
    /// handler is, and after it. May wait, and call the program.
    fn reported(&self, sub: &Arc<S>, status: Status) {
        let _ = (sub, status);
    }

    /// What texts call the subject.
    fn shown_subject(&self) -> Option<String> {
        None
    }
}

impl<H: Home> Subscription<H> {
    /// Hangs an extension on it: before messages come, and once. False if there is one already.
    pub fn set_extension(&self, extension: Arc<dyn Extension<Self>>) -> bool {
        self.extension.set(extension).is_ok()
    }

    /// What the layer above calls its subject.
    pub(in crate::client) fn name_above(&self) -> Option<String> {
        self.extension.get()?.shown_subject()
    }

    /// The error handler has been told of an error of this subscription.
    pub(in crate::client) fn tell_above(self: &Arc<Self>, status: Status) {
        if let Some(extension) = self.extension.get() {
            extension.reported(self, status);
        }
    }

    /// Its extension, if that is a `T`.
    pub fn extension<T: Extension<Self>>(&self) -> Option<Arc<T>> {
        let extension: Arc<dyn Any + Send + Sync> = self.extension.get()?.clone();
        extension.downcast().ok()
    }
}
