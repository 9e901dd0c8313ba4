//! Infos of consumers from the core to C, and their end.

use super::{
    jsConsumerInfo, jsConsumerInfoList, jsConsumerNamesList, jsConsumerPauseResponse,
    jsConsumerResetResponse, jsPriorityGroupState, jsSequenceInfo,
};
use crate::error::Result;
use crate::ffi::jetstream::beyond::{self, Beyond};
use crate::ffi::jetstream::consumer_config::convert::to_c as config_to_c;
use crate::ffi::jetstream::memory::{
    Made, Release, destroy, free, free_pointers, free_texts, free_values, optional, pointers, text,
    texts, values,
};
use crate::ffi::jetstream::stream_info::convert::cluster_to_c;
use crate::js::api::{
    ConsumerInfo, ConsumerPause, ConsumerReset, PriorityGroupState, SequenceInfo,
};

/// Makes an info for the program.
pub(in crate::ffi::jetstream) fn to_c(info: &ConsumerInfo) -> Result<Made<jsConsumerInfo>> {
    let mut c = Made::<jsConsumerInfo>::zeroed()?;
    c.Stream = text(&info.stream)?;
    c.Name = text(&info.name)?;
    c.Created = info.created.0;
    c.Config = config_to_c(&info.config)?.into_raw();
    c.Delivered = sequence_to_c(&info.delivered);
    c.AckFloor = sequence_to_c(&info.ack_floor);
    c.NumAckPending = info.num_ack_pending;
    c.NumRedelivered = info.num_redelivered;
    c.NumWaiting = info.num_waiting;
    c.NumPending = info.num_pending;
    c.Cluster = optional(info.cluster.as_ref(), cluster_to_c)?;
    c.PushBound = info.push_bound;
    c.Paused = info.paused;
    c.PauseRemaining = info.pause_remaining;
    (c.PriorityGroups, c.PriorityGroupsLen) = values(info.priority_groups.iter(), group_to_c)?;
    beyond::keep(&*c, Beyond::of_consumer(info));
    Ok(c)
}

/// Makes a list of infos for the program.
pub(in crate::ffi::jetstream) fn list_to_c(
    infos: &[ConsumerInfo],
) -> Result<Made<jsConsumerInfoList>> {
    let mut c = Made::<jsConsumerInfoList>::zeroed()?;
    (c.List, c.Count) = pointers(infos.iter(), to_c)?;
    Ok(c)
}

/// Makes a list of names for the program.
pub(in crate::ffi::jetstream) fn names_to_c(names: &[String]) -> Result<Made<jsConsumerNamesList>> {
    let mut c = Made::<jsConsumerNamesList>::zeroed()?;
    (c.List, c.Count) = texts(names.iter())?;
    Ok(c)
}

/// Makes what came of a pause for the program.
pub(in crate::ffi::jetstream) fn pause_to_c(
    pause: &ConsumerPause,
) -> Result<Made<jsConsumerPauseResponse>> {
    let mut c = Made::<jsConsumerPauseResponse>::zeroed()?;
    c.Paused = pause.paused;
    c.PauseUntil = pause.pause_until.0;
    c.PauseRemaining = pause.pause_remaining;
    Ok(c)
}

/// Makes what came of a reset for the program.
pub(in crate::ffi::jetstream) fn reset_to_c(
    reset: &ConsumerReset,
) -> Result<Made<jsConsumerResetResponse>> {
    let mut c = Made::<jsConsumerResetResponse>::zeroed()?;
    c.Consumer = to_c(&reset.consumer)?.into_raw();
    c.ResetSeq = reset.reset_seq;
    Ok(c)
}

fn sequence_to_c(sequence: &SequenceInfo) -> jsSequenceInfo {
    jsSequenceInfo {
        Consumer: sequence.consumer,
        Stream: sequence.stream,
        Last: sequence.last.0,
    }
}

fn group_to_c(group: &PriorityGroupState, c: &mut jsPriorityGroupState) -> Result<()> {
    c.Group = text(&group.group)?;
    c.PinnedClientID = text(&group.pinned_client_id)?;
    c.PinnedTS = group.pinned_since.0;
    Ok(())
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsConsumerInfo {
    unsafe fn release(&mut self) {
        beyond::forget(self);
        // SAFETY: the contract of the trait.
        unsafe {
            free(self.Stream);
            free(self.Name);
            destroy(self.Config);
            destroy(self.Cluster);
            free_values(self.PriorityGroups, self.PriorityGroupsLen);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsPriorityGroupState {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free(self.Group);
            free(self.PinnedClientID);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsConsumerInfoList {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe { free_pointers(self.List, self.Count) };
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsConsumerNamesList {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe { free_texts(self.List.cast(), self.Count) };
    }
}

// SAFETY: it points at nothing.
unsafe impl Release for jsConsumerPauseResponse {
    unsafe fn release(&mut self) {}
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsConsumerResetResponse {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe { destroy(self.Consumer) };
    }
}
