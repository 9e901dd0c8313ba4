//! The program's functions as the core calls them.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::errors::{microError, take};
use super::request::RequestObject;
use super::types::{
    microDoneHandler, microEndpoint, microErrorHandler, microRequestHandler, microServiceConfig,
};
use crate::error::{Status, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::handle::{handles_of_service, hold_connection, hold_service, microService};
use crate::micro::{Endpoint, Events, Handler, Request, Result, Service};

type RequestFn = unsafe extern "C" fn(*mut super::request::microRequest) -> *mut microError;

/// A `microRequestHandler` that is not NULL, and the state of its endpoint.
pub(super) struct Program(Callback<RequestFn>);

impl Program {
    pub(super) fn handler(function: microRequestHandler, state: *mut c_void) -> Option<Self> {
        Callback::new(function, state).map(Program)
    }
}

impl Handler for Program {
    fn handle(&self, request: &mut Request<'_>) -> Result<()> {
        let (function, state) = self.0.parts();
        let service = request.service();
        // The round of [`ProgramEvents`] keeps both usable.
        let (nc, m) = handles_of_service(service);
        let service_state = ProgramEvents::state(service);
        let Some(msg) = request.take_msg() else {
            return Ok(());
        };
        let endpoint = request.endpoint();
        let (msg, error) = msg.lend(|desc| {
            let mut object =
                RequestObject::new(endpoint, desc.cast(), nc, m, (service_state, state));
            let req = object.pointer();
            // SAFETY: the program gave the function for this. The request and all that it has stay as they are until
            // it returns.
            let error = unsafe { function.call((req,)) };
            drop(object);
            error
        });
        request.put_msg(msg);
        // SAFETY: an error that the program gives away, or NULL.
        unsafe { take(error) }.map_or(Ok(()), Err)
    }
}

/// The program's functions that are told what happens to a service, and its pointer.
pub(super) struct ProgramEvents {
    error:
        Option<Callback<unsafe extern "C" fn(*mut microService, *mut microEndpoint, natsStatus)>>,
    done: Option<Callback<unsafe extern "C" fn(*mut microService)>>,
    state: Callback<()>,
}

impl ProgramEvents {
    pub(super) fn of(config: &microServiceConfig) -> Self {
        let (error, done): (microErrorHandler, microDoneHandler) =
            (config.ErrHandler, config.DoneHandler);
        ProgramEvents {
            error: Callback::new(error, ptr::null_mut()),
            done: Callback::new(done, ptr::null_mut()),
            state: Callback {
                function: (),
                closure: config.State,
            },
        }
    }

    /// The program's pointer for a service.
    pub(super) fn state(service: &Service) -> *mut c_void {
        service
            .events_as::<ProgramEvents>()
            .map_or(ptr::null_mut(), |events| events.state.parts().1)
    }
}

impl Events for ProgramEvents {
    fn around(&self, service: &Arc<Service>, round: &mut dyn FnMut()) {
        let _held = (hold_connection(service.connection()), hold_service(service));
        round();
    }

    fn error(&self, service: &Arc<Service>, endpoint: &Endpoint, status: Status) {
        let Some(callback) = &self.error else { return };
        let (function, _) = callback.parts();
        let m = hold_service(service);
        let endpoint = ptr::from_ref(endpoint).cast_mut().cast();
        // SAFETY: the program's function, with a handle that is held and an endpoint that lives.
        unsafe { function.call((*m, endpoint, status)) };
    }

    fn done(&self, service: &Arc<Service>) {
        let Some(callback) = &self.done else { return };
        let (function, _) = callback.parts();
        let m = hold_service(service);
        // SAFETY: the program's function, with a handle that is held.
        unsafe { function.call((*m,)) };
    }
}
