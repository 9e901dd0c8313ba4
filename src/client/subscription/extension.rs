//! State that a layer above the client attaches to a subscription of the program.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use crate::client::subscription::home::Home;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Result, Status};
use crate::msg::Msg;

/// Belongs to a subscription, opaque to the client, and can change the result of the program's calls. Its functions are
/// called with no lock held.
///
/// The subscription owns it, so a reference back to the subscription has to be weak.
pub trait Extension<S = crate::client::Subscription>: Any + Send + Sync {
    /// Called when the program asks for the next message. An error becomes the result of that call.
    fn next_begins(&self, sub: &Arc<S>) -> Result<()> {
        let _ = sub;
        Ok(())
    }

    /// Called before the program gets this message as the next one.
    fn taken(&self, sub: &Arc<S>, msg: &mut Msg) {
        let _ = (sub, msg);
    }

    /// Called when there is no next message for the program. The result replaces `error`.
    fn next_failed(&self, sub: &Arc<S>, error: Error) -> Error {
        let _ = sub;
        error
    }

    /// Called when the program has unsubscribed, which has taken effect. May wait. An error becomes the result of the
    /// program's call.
    fn unsubscribed(&self, sub: &Arc<S>) -> Result<()> {
        let _ = sub;
        Ok(())
    }

    /// Called when the program destroys the subscription, which is then closed if it is still open.
    fn destroying(&self, sub: &Arc<S>) {
        let _ = sub;
    }

    /// Called when the program has waited for a drain, which is complete. May wait, until the deadline if there is one.
    /// An error becomes the result of the program's call.
    fn drain_awaited(&self, sub: &Arc<S>, deadline: Option<Instant>) -> Result<()> {
        let _ = (sub, deadline);
        Ok(())
    }

    /// Called after the connection's error handler has been called with this error of the subscription, on the same
    /// thread. May wait, and may call the program.
    fn reported(&self, sub: &Arc<S>, status: Status) {
        let _ = (sub, status);
    }

    /// The name of the subject in error texts.
    fn shown_subject(&self) -> Option<String> {
        None
    }
}

impl<H: Home> Subscription<H> {
    /// Attaches an extension, once and before messages arrive. False if there is one already.
    pub fn set_extension(&self, extension: Arc<dyn Extension<Self>>) -> bool {
        self.rare().set_extension(extension)
    }

    /// The name of its subject, as the layer above gives it.
    pub(in crate::client) fn name_above(&self) -> Option<String> {
        self.extension_dyn()?.shown_subject()
    }

    /// The error handler has been called with an error of this subscription.
    pub(in crate::client) fn tell_above(self: &Arc<Self>, status: Status) {
        if let Some(extension) = self.extension_dyn() {
            extension.reported(self, status);
        }
    }

    /// Its extension, if that is a `T`.
    pub fn extension<T: Extension<Self>>(&self) -> Option<Arc<T>> {
        let extension: Arc<dyn Any + Send + Sync> = self.extension_dyn()?.clone();
        extension.downcast().ok()
    }
}
