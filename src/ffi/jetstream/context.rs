//! `jsCtx`: a connection's way to JetStream.

/// A connection's way to JetStream, opaque to C.
///
/// @ingroup nats_js_context
pub type jsCtx = __jsCtx;

/// The structure behind `jsCtx`.
pub struct __jsCtx {
    _opaque: [u8; 0],
}
