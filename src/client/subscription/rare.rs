//! What few subscriptions have. The others have one pointer for all of it: a program may have a million of them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use once_cell::race::OnceBox;

use crate::client::subscription::extension::Extension;
use crate::client::subscription::home::Home;
use crate::client::subscription::intake::Intake;
use crate::client::subscription::state::Subscription;

/// See the [module](self).
pub(super) struct Rare<S> {
    intake: Option<Arc<dyn Intake<S>>>,
    timeout: Option<Duration>,
    extension: OnceLock<Arc<dyn Extension<S>>>,
}

impl<S> Rare<S> {
    /// What a new subscription has of it.
    pub(super) fn if_any(
        intake: Option<Arc<dyn Intake<S>>>,
        timeout: Option<Duration>,
    ) -> OnceBox<Self> {
        match (&intake, timeout) {
            (None, None) => OnceBox::new(),
            _ => OnceBox::with_value(Rare::boxed(intake, timeout)),
        }
    }

    fn boxed(intake: Option<Arc<dyn Intake<S>>>, timeout: Option<Duration>) -> Box<Self> {
        Box::new(Rare {
            intake,
            timeout,
            extension: OnceLock::new(),
        })
    }

    /// False if there is one already.
    pub(super) fn set_extension(&self, extension: Arc<dyn Extension<S>>) -> bool {
        self.extension.set(extension).is_ok()
    }
}

impl<H: Home> Subscription<H> {
    pub(super) fn rare(&self) -> &Rare<Self> {
        self.rare.get_or_init(|| Rare::boxed(None, None))
    }

    #[inline]
    pub(super) fn intake(&self) -> Option<&Arc<dyn Intake<Self>>> {
        self.rare.get()?.intake.as_ref()
    }

    /// The time without a message after which the sink is told.
    #[inline]
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.rare.get()?.timeout
    }

    #[inline]
    pub(super) fn extension_dyn(&self) -> Option<&Arc<dyn Extension<Self>>> {
        self.rare.get()?.extension.get()
    }
}
