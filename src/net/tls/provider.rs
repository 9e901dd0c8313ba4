//! Which implementation of the algorithms rustls uses.

use std::sync::Arc;

use once_cell::race::OnceBox;
use rustls::crypto::{CryptoProvider, ring};

/// The cryptography for rustls.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceBox<Arc<CryptoProvider>> = OnceBox::new();
    PROVIDER
        .get_or_init(|| Box::new(Arc::new(ring::default_provider())))
        .clone()
}
