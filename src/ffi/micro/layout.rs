//! The layouts that compiled programs rely on: those of 64-bit Linux.
#![cfg(all(target_pointer_width = "64", target_os = "linux"))]

use super::stats::*;
use super::types::*;
use crate::ffi::jetstream::layout::layouts;

layouts! {
    microEndpointConfig 64 {
        Name 0, Subject 8, QueueGroup 16, NoQueueGroup 24, Metadata 32, Handler 48, State 56,
    }
    microEndpointInfo 40 { Name 0, Subject 8, QueueGroup 16, Metadata 24 }
    microEndpointStats 2112 {
        Name 0, Subject 8, QueueGroup 16, NumRequests 24, NumErrors 32, ProcessingTimeSeconds 40,
        ProcessingTimeNanoseconds 48, AverageProcessingTimeNanoseconds 56, LastErrorString 64,
    }
    microGroupConfig 24 { Prefix 0, QueueGroup 8, NoQueueGroup 16 }
    microServiceConfig 96 {
        Name 0, Version 8, Description 16, QueueGroup 24, NoQueueGroup 32, Metadata 40, Endpoint 56, StatsHandler 64,
        ErrHandler 72, DoneHandler 80, State 88,
    }
    microServiceInfo 72 {
        Type 0, Name 8, Version 16, Description 24, Id 32, Metadata 40, Endpoints 56, EndpointsLen 64,
    }
    microServiceStats 56 { Type 0, Name 8, Version 16, Id 24, Started 32, Endpoints 40, EndpointsLen 48 }
}
