//! Tests of borrowing, ending and holding handles.

use std::ptr;

use super::*;
use crate::error::Error;

fn refused<T>(result: Result<T>, text: &str) -> bool {
    result
        .err()
        .is_some_and(|e| e == Error::invalid_arg(text.to_owned()))
}

#[test]
fn null_stale_and_wrong_handles_are_refused() {
    let options = new_options(Options::default());
    // SAFETY: NULLs and handles of this library.
    unsafe {
        assert!(refused(
            borrow::<natsConnection>(ptr::null()),
            natsConnection::NULL
        ));
        assert!(refused(
            borrow_arc::<natsSubscription>(ptr::null()),
            natsSubscription::NULL
        ));
        assert!(destroy::<natsOptions>(ptr::null()).is_none());
        assert!(refused(
            borrow(options.cast::<natsConnection>()),
            natsConnection::STALE
        ));
        assert!(destroy(options.cast::<natsSubscription>()).is_none());

        borrow(options)
            .expect("alive")
            .edit(|o| {
                o.url = Some("a".into());
                Ok(())
            })
            .expect("nothing fails");
        assert_eq!(
            borrow(options).expect("alive").get().url.as_deref(),
            Some("a")
        );
        let object = destroy(options).expect("the first time");
        assert!(destroy(options).is_none());
        assert!(refused(borrow(options), natsOptions::STALE));
        assert_eq!(object.get().url.as_deref(), Some("a"));
    }
}

#[test]
fn an_ended_object_gives_its_slot_back() {
    // More than the quarantine, so that slots are reused: each is alive when it is new.
    for round in 0..200 {
        let options = new_options(Options::default());
        // SAFETY: a handle of this library.
        unsafe {
            assert!(
                borrow(options).expect("alive").get().servers.is_empty(),
                "{round}"
            );
            borrow(options)
                .expect("alive")
                .edit(|o| {
                    o.servers.push("a".into());
                    Ok(())
                })
                .expect("nothing fails");
            assert!(destroy(options).is_some());
        }
    }
}

#[test]
fn a_callback_gets_the_handle_of_the_program_whatever_that_did_to_it() {
    let connection = Connection::new(&Options::default()).expect("no network needed");
    let handle = new_connection(&connection);
    // SAFETY: a handle of this library.
    unsafe {
        let held = hold_connection(&connection);
        assert_eq!(*held, handle);
        assert!(destroy(handle).is_some());
        assert!(borrow(handle).is_ok());
        drop(held);
        assert!(borrow(handle).is_err());
        let held = hold_connection(&connection);
        assert_eq!(*held, handle);
        assert!(Arc::ptr_eq(&borrow_arc(handle).expect("held"), &connection));
        drop(held);
        assert!(borrow(handle).is_err());
    }
}

#[test]
fn a_connection_without_a_handle_is_null_to_callbacks() {
    let connection = Connection::new(&Options::default()).expect("no network needed");
    assert!(hold_connection(&connection).is_null());
}
