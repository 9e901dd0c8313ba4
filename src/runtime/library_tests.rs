//! Tests of opening and closing.

use std::sync::mpsc;
use std::thread;

use super::*;

fn start(config: Config) -> Result<Arc<Runtime>> {
    Runtime::start(config)
}

fn status<T>(result: Result<T>) -> Status {
    result.err().map_or(Status::NATS_OK, |e| e.status())
}

#[test]
fn states_and_statuses() {
    let library = Library::new();
    assert_eq!(
        status(library.close_and_wait(None)),
        Status::NATS_NOT_INITIALIZED
    );
    library.close();

    let first = library.runtime(None, start).unwrap();
    let second = library.runtime(None, |_| unreachable!()).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    drop(second);

    // Closing, with a reference left.
    let timeout = Some(Duration::from_millis(1));
    assert_eq!(
        status(library.close_and_wait(timeout)),
        Status::NATS_TIMEOUT
    );
    assert!(library.state.lock().is_closing());
    assert_eq!(
        status(library.runtime(None, start)),
        Status::NATS_FAILED_TO_INITIALIZE
    );
    assert_eq!(
        status(library.close_and_wait(None)),
        Status::NATS_ILLEGAL_STATE
    );
    library.close();
    assert!(!first.events.post(Box::new(|| ())));
    let (done, ran) = mpsc::channel();
    let action = move || done.send(()).unwrap();
    first.timers.after(Duration::ZERO, Box::new(action));
    ran.recv().unwrap();

    // The last reference goes: closed, and open again at once.
    drop(first);
    assert_eq!(
        status(library.close_and_wait(None)),
        Status::NATS_NOT_INITIALIZED
    );
    drop(library.runtime(None, start).unwrap());
    assert_eq!(status(library.close_and_wait(None)), Status::NATS_OK);
}

#[test]
fn starting_from_within_the_start_is_refused_and_others_wait() {
    let library = Library::new();
    thread::scope(|scope| {
        let (ask, asked) = mpsc::channel();
        let library = &library;
        let other = scope.spawn(move || {
            asked.recv().unwrap();
            library.runtime(None, |_| unreachable!("it is being opened"))
        });
        let runtime = library
            .runtime(None, |config| {
                assert_eq!(
                    status(library.runtime(None, start)),
                    Status::NATS_ILLEGAL_STATE
                );
                assert_eq!(
                    status(library.close_and_wait(None)),
                    Status::NATS_ILLEGAL_STATE
                );
                assert!(library.open(None, None).is_ok());
                ask.send(()).unwrap();
                start(config)
            })
            .unwrap();
        assert!(Arc::ptr_eq(&runtime, &other.join().unwrap().unwrap()));
    });
    assert_eq!(status(library.close_and_wait(None)), Status::NATS_OK);
}

#[test]
fn failing_to_start_leaves_it_to_the_next_call() {
    let library = Library::new();
    let error = Error::from(Status::NATS_SYS_ERROR);
    assert_eq!(
        status(library.runtime(None, |_| Err(error))),
        Status::NATS_SYS_ERROR
    );
    assert_eq!(
        status(library.runtime(None, |_| panic!("…"))),
        Status::NATS_ERR
    );
    assert_eq!(status(library.runtime(None, start)), Status::NATS_OK);
    library.close();
}

#[test]
fn a_thread_of_the_library_may_close_but_not_wait_and_may_hold_the_last_reference() {
    let library = Arc::new(Library::new());
    let runtime = library.runtime(None, start).unwrap();
    let threads = runtime.threads.clone();
    let (done, result) = mpsc::channel();
    let (own, of_library) = (runtime.clone(), library.clone());
    runtime.events.post(Box::new(move || {
        let refused = status(of_library.close_and_wait(None));
        of_library.close();
        done.send(refused).unwrap();
        drop(own);
    }));
    drop(runtime);
    assert_eq!(result.recv().unwrap(), Status::NATS_ILLEGAL_STATE);
    assert!(threads.wait(None));
    assert!(!library.state.lock().is_closing());
}

#[test]
fn open_without_a_thread_and_closed_again() {
    let library = Library::new();
    assert_eq!(library.open(None, None).unwrap().thread_pool_max, 1);
    library.grow_delivery_threads(3);
    assert_eq!(library.open(None, None).unwrap().thread_pool_max, 3);
    assert!(matches!(&*library.state.lock(), State::Open(_)));
    assert_eq!(status(library.close_and_wait(None)), Status::NATS_OK);
    assert_eq!(
        status(library.close_and_wait(None)),
        Status::NATS_NOT_INITIALIZED
    );
}

#[test]
fn a_child_has_the_settings_that_the_program_gave() {
    let given = Config {
        thread_pool_max: 7,
        ..Config::default()
    };
    let (parent, child) = (Library::new(), Library::new());
    parent.open(Some(given.clone()), None).unwrap();
    assert_eq!(child.open(None, Some(&parent)).unwrap().thread_pool_max, 7);
    let own = Config {
        thread_pool_max: 2,
        ..Config::default()
    };
    let other = Library::new();
    let opened = other.open(Some(own), Some(&parent)).unwrap();
    assert_eq!(opened.thread_pool_max, 2);
    // Being changed when the child was made, or closed.
    let _locked = parent.given.lock();
    let late = Library::new();
    assert_eq!(late.open(None, Some(&parent)).unwrap().thread_pool_max, 1);
    child.close();
    let last = Library::new();
    assert_eq!(last.open(None, Some(&child)).unwrap().thread_pool_max, 1);
}

#[test]
fn the_environment_is_read_as_c_would() {
    for (text, number) in [
        ("12", Some(12)),
        (" +7ms", Some(7)),
        ("0", None),
        ("-3", None),
        ("", None),
        ("x1", None),
        ("99999999999999999999999", Some(u64::MAX)),
    ] {
        assert_eq!(positive_prefix(text), number, "{text}");
    }
    let config = Config::from_vars(|name| {
        Some(if name.contains("DEADLINE") { "250" } else { "" }.to_owned())
    });
    assert_eq!(config.default_write_deadline, Duration::from_millis(250));
    assert!(config.default_to_thread_pool);
    assert_eq!(config.thread_pool_max, 1);
}

#[test]
fn waiting_for_the_end_includes_threads_of_an_earlier_runtime() {
    let library = Library::new();
    let runtime = library.runtime(None, start).unwrap();
    let threads = runtime.threads.clone();
    library.close();
    // A thread that is slow to end, after the runtime is gone.
    let (let_go, wait) = mpsc::channel::<()>();
    let body = move || {
        let _ = wait.recv();
    };
    threads.spawn("nats-test", body).unwrap();
    drop(runtime);
    let short = Some(Duration::from_millis(1));
    library.open(None, None).unwrap();
    assert_eq!(status(library.close_and_wait(short)), Status::NATS_TIMEOUT);
    library.open(None, None).unwrap();
    drop(library.runtime(None, start).unwrap());
    let_go.send(()).unwrap();
    assert_eq!(status(library.close_and_wait(None)), Status::NATS_OK);
    assert!(library.leaving.lock().is_empty());
    assert!(threads.wait(Some(Duration::ZERO)));
}
