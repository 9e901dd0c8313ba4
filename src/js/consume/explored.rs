//! The counters of a push subscription in many orders of the steps of its threads ([`crate::explore`]). What depends
//! on the order in which memory is written and read is in `reordered`.

#[path = "counts.rs"]
#[expect(dead_code, reason = "not all of it is explored")]
mod counts;
#[path = "counts_model.rs"]
mod model;

use super::{flow, flow_ack};
use crate::explore::{self as sync, explore};

#[test]
fn questions_and_messages() {
    explore(1000, model::a_question_and_the_last_message);
    explore(1000, model::two_questions);
    explore(1000, model::rounds_on_two_threads);
}

#[test]
fn a_full_queue() {
    explore(1000, model::a_full_queue_and_its_last_message);
}

#[test]
fn messages_that_the_program_takes() {
    explore(1000, model::messages_that_are_taken);
}
