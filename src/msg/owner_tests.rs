use std::sync::Arc;

use super::owner::OwnerRef;

#[test]
fn references_are_taken_one_by_one_or_many_at_a_time() {
    let value = Arc::new(());
    let owner = OwnerRef::new(value.clone());
    let mut many = owner.many(3);
    assert_eq!(owner.count(), 4);
    let first = many.next().unwrap();
    assert!(first.get::<Arc<()>>().is_some() && first.get::<u8>().is_none());
    drop(first);
    let (second, third) = (many.next(), many.next());
    assert!(many.next().is_none());
    drop(many);
    assert_eq!(owner.count(), 3);
    drop((second, owner.many(7), owner));
    assert_eq!(Arc::strong_count(&value), 2);
    drop(third);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn the_last_reference_may_be_dropped_by_any_thread() {
    let value = Arc::new(());
    let owner = OwnerRef::new(value.clone());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let many = owner.many(100);
            scope.spawn(move || many.for_each(drop));
        }
        drop(owner);
    });
    assert_eq!(Arc::strong_count(&value), 1);
}
