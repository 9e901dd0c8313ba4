//! Infos of streams from the core to C, and their end.

use super::{
    jsClusterInfo, jsLostStreamData, jsPeerInfo, jsStreamAlternate, jsStreamInfo, jsStreamInfoList,
    jsStreamNamesList, jsStreamSourceInfo, jsStreamState, jsStreamStateSubject,
    jsStreamStateSubjects,
};
use crate::error::Result;
use crate::ffi::jetstream::beyond::{self, Beyond};
use crate::ffi::jetstream::memory::{
    Made, Release, destroy, free, free_pointers, free_text, free_values, numbers, optional,
    pointers, text, texts, values,
};
use crate::ffi::jetstream::stream_config::convert::{
    external_to_c, to_c as config_to_c, transform_to_c,
};
use crate::js::api::{
    ClusterInfo, LostData, PeerInfo, SourceInfo, StreamAlternate, StreamInfo, StreamState,
};

/// Makes an info for the program.
pub(in crate::ffi) fn to_c(info: &StreamInfo) -> Result<Made<jsStreamInfo>> {
    let mut c = Made::<jsStreamInfo>::zeroed()?;
    c.Config = optional(info.config.as_ref(), config_to_c)?;
    c.Created = info.created.0;
    state_to_c(&info.state, &mut c.State)?;
    c.Cluster = optional(info.cluster.as_ref(), cluster_to_c)?;
    c.Mirror = optional(info.mirror.as_ref(), source_to_c)?;
    (c.Sources, c.SourcesLen) = pointers(info.sources.iter(), source_to_c)?;
    (c.Alternates, c.AlternatesLen) = pointers(info.alternates.iter(), alternate_to_c)?;
    beyond::keep(&*c, Beyond::of_stream(info));
    Ok(c)
}

/// Makes a list of infos for the program.
pub(in crate::ffi::jetstream) fn list_to_c(infos: &[StreamInfo]) -> Result<Made<jsStreamInfoList>> {
    let mut c = Made::<jsStreamInfoList>::zeroed()?;
    (c.List, c.Count) = pointers(infos.iter(), to_c)?;
    Ok(c)
}

/// Makes a list of names for the program.
pub(in crate::ffi::jetstream) fn names_to_c(names: &[String]) -> Result<Made<jsStreamNamesList>> {
    let mut c = Made::<jsStreamNamesList>::zeroed()?;
    (c.List, c.Count) = texts(names.iter())?;
    Ok(c)
}

fn state_to_c(state: &StreamState, c: &mut jsStreamState) -> Result<()> {
    c.Msgs = state.msgs;
    c.Bytes = state.bytes;
    c.FirstSeq = state.first_seq;
    c.FirstTime = state.first_time.0;
    c.LastSeq = state.last_seq;
    c.LastTime = state.last_time.0;
    c.NumSubjects = state.num_subjects;
    let subjects = (!state.subjects.is_empty()).then_some(state);
    c.Subjects = optional(subjects, subjects_to_c)?;
    c.NumDeleted = state.num_deleted;
    (c.Deleted, c.DeletedLen) = numbers(&state.deleted)?;
    c.Lost = optional(state.lost.as_ref(), lost_to_c)?;
    c.Consumers = state.consumers;
    Ok(())
}

fn subjects_to_c(state: &StreamState) -> Result<Made<jsStreamStateSubjects>> {
    let mut c = Made::<jsStreamStateSubjects>::zeroed()?;
    let subject = |(subject, msgs): (&String, &u64), c: &mut jsStreamStateSubject| {
        c.Subject = text(subject)?;
        c.Msgs = *msgs;
        Ok(())
    };
    (c.List, c.Count) = values(state.subjects.iter(), subject)?;
    Ok(c)
}

fn lost_to_c(lost: &LostData) -> Result<Made<jsLostStreamData>> {
    let mut c = Made::<jsLostStreamData>::zeroed()?;
    (c.Msgs, c.MsgsLen) = numbers(&lost.msgs)?;
    c.Bytes = lost.bytes;
    Ok(c)
}

/// Makes what says on which servers something is.
pub(in crate::ffi::jetstream) fn cluster_to_c(
    cluster: &ClusterInfo,
) -> Result<Made<jsClusterInfo>> {
    let mut c = Made::<jsClusterInfo>::zeroed()?;
    c.Name = text(&cluster.name)?;
    c.Leader = text(&cluster.leader)?;
    (c.Replicas, c.ReplicasLen) = pointers(cluster.replicas.iter(), peer_to_c)?;
    c.RaftGroup = text(&cluster.raft_group)?;
    c.LeaderSince = cluster.leader_since.0;
    c.SystemAcc = cluster.system_account;
    c.TrafficAcc = text(&cluster.traffic_account)?;
    Ok(c)
}

fn peer_to_c(peer: &PeerInfo) -> Result<Made<jsPeerInfo>> {
    let mut c = Made::<jsPeerInfo>::zeroed()?;
    c.Name = text(&peer.name)?;
    c.Current = peer.current;
    c.Offline = peer.offline;
    c.Active = peer.active;
    c.Lag = peer.lag;
    beyond::keep(&*c, Beyond::of_peer(peer));
    Ok(c)
}

fn source_to_c(source: &SourceInfo) -> Result<Made<jsStreamSourceInfo>> {
    let mut c = Made::<jsStreamSourceInfo>::zeroed()?;
    c.Name = text(&source.name)?;
    c.External = optional(source.external.as_ref(), external_to_c)?;
    c.Lag = source.lag;
    c.Active = source.active;
    c.FilterSubject = text(&source.filter_subject)?;
    let transforms = source.subject_transforms.iter();
    (c.SubjectTransforms, c.SubjectTransformsLen) = values(transforms, transform_to_c)?;
    beyond::keep(&*c, Beyond::of_source(source));
    Ok(c)
}

fn alternate_to_c(alternate: &StreamAlternate) -> Result<Made<jsStreamAlternate>> {
    let mut c = Made::<jsStreamAlternate>::zeroed()?;
    c.Name = text(&alternate.name)?;
    c.Domain = text(&alternate.domain)?;
    c.Cluster = text(&alternate.cluster)?;
    Ok(c)
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsStreamInfo {
    unsafe fn release(&mut self) {
        beyond::forget(self);
        // SAFETY: the contract of the trait.
        unsafe {
            destroy(self.Config);
            self.State.release();
            destroy(self.Cluster);
            destroy(self.Mirror);
            free_pointers(self.Sources, self.SourcesLen);
            free_pointers(self.Alternates, self.AlternatesLen);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsStreamInfoList {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe { free_pointers(self.List, self.Count) };
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsStreamNamesList {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe { crate::ffi::jetstream::memory::free_texts(self.List.cast(), self.Count) };
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsStreamState {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            destroy(self.Subjects);
            free(self.Deleted);
            destroy(self.Lost);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsStreamStateSubjects {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe { free_values(self.List, self.Count) };
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsStreamStateSubject {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe { free_text(self.Subject) };
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsLostStreamData {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe { free(self.Msgs) };
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsClusterInfo {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free(self.Name);
            free(self.Leader);
            free_pointers(self.Replicas, self.ReplicasLen);
            free(self.RaftGroup);
            free(self.TrafficAcc);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsPeerInfo {
    unsafe fn release(&mut self) {
        beyond::forget(self);
        // SAFETY: the contract of the trait.
        unsafe { free(self.Name) };
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsStreamSourceInfo {
    unsafe fn release(&mut self) {
        beyond::forget(self);
        // SAFETY: the contract of the trait.
        unsafe {
            free(self.Name);
            destroy(self.External);
            free_text(self.FilterSubject);
            free_values(self.SubjectTransforms, self.SubjectTransformsLen);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsStreamAlternate {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.Name);
            free_text(self.Domain);
            free_text(self.Cluster);
        }
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
