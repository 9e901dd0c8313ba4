//! Tests of the locks.

use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;

#[test]
fn a_panic_leaves_the_lock_usable() {
    let mutex = Mutex::new(1);
    let panics = || {
        let _guard = mutex.lock();
        panic!("on purpose");
    };
    assert!(fork::caught(panics).is_none());
    assert_eq!(*mutex.lock(), 1);
    assert!(mutex.try_lock().is_some());
}

#[test]
fn let_go_and_taken_again() {
    let mutex = Mutex::new(1);
    let mut guard = mutex.lock();
    assert!(mutex.try_lock().is_none());
    MutexGuard::unlocked(&mut guard, || *mutex.lock() += 1);
    assert_eq!(*guard, 2);
    assert!(mutex.try_lock().is_none());
}

#[test]
fn waiting_ends_by_a_call_or_with_the_time() {
    let (mutex, changed) = (Mutex::new(false), Condvar::new());
    let mut guard = mutex.lock();
    assert!(changed.wait_until(&mut guard, Instant::now()).timed_out());
    assert!(
        changed
            .wait_for(&mut guard, Duration::from_millis(5))
            .timed_out()
    );
    changed.notify_one();
    thread::scope(|scope| {
        scope.spawn(|| {
            *mutex.lock() = true;
            changed.notify_all();
        });
        while !*guard {
            changed.wait(&mut guard);
        }
    });
}

#[test]
fn a_timed_lock_is_waited_for_until_the_deadline() {
    let timed = TimedMutex::new(0_u32);
    let guard = timed.lock();
    let start = Instant::now();
    let time = Duration::from_millis(5);
    assert!(timed.try_lock_for(time).is_none() && start.elapsed() >= time);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let guard = timed.try_lock_for(Duration::from_secs(100));
            *guard.expect("it is let go in time") += 1;
        });
        while timed.waiters.load(SeqCst) == 0 {
            thread::yield_now();
        }
        drop(guard);
        waiting.join().expect("no assertion failed");
    });
    assert_eq!(*timed.lock(), 1);
}

#[test]
fn many_take_a_timed_lock_and_nobody_is_forgotten() {
    const ROUNDS: u32 = 2000;
    let timed = TimedMutex::new(0_u32);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let guard = timed.try_lock_for(Duration::from_secs(100));
                    *guard.expect("it is let go in time") += 1;
                }
            });
        }
    });
    assert_eq!(*timed.lock(), 4 * ROUNDS);
}

#[test]
fn a_reentrant_lock_is_its_threads_to_the_last_guard() {
    let lock = ReentrantLock::default();
    let outer = lock.lock();
    let inner = lock.lock();
    let had = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = lock.lock();
            had.store(true, SeqCst);
        });
        drop(outer);
        thread::sleep(Duration::from_millis(5));
        assert!(!had.load(SeqCst));
        drop(inner);
    });
    assert!(had.load(SeqCst));
}
