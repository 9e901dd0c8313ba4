use proptest::prelude::*;

use super::*;
use crate::js::api::arbitrary::any_of;
use crate::js::api::json::{parse, to_text};
use crate::js::api::{AckPolicy, DeliverPolicy, ReplayPolicy};

fn read_back(c: &jsConsumerConfig) -> Result<ConsumerConfig> {
    // SAFETY: made by `to_c`.
    unsafe { from_c(c) }
}

proptest! {
    #[test]
    fn a_config_comes_back_whole(config in any_of::<ConsumerConfig>()) {
        // Strings of C end at a NUL.
        let text = String::from_utf8(to_text(&config)).unwrap().replace("\\u0000", "n");
        let mut config: ConsumerConfig = parse(text.as_bytes()).unwrap();
        config.durable.push('D');
        let c = to_c(&config).unwrap();
        let mut expected = config;
        expected.deliver_policy.get_or_insert_default();
        expected.ack_policy.get_or_insert_default();
        expected.replay_policy.get_or_insert_default();
        prop_assert_eq!(read_back(&c).unwrap(), expected);
    }
}

#[test]
fn what_c_has_no_place_for_survives_a_change() {
    let text = br#"{"durable_name":"D","ack_policy":"someday","deliver_policy":"all","replay_policy":"instant","new":{"a":1}}"#;
    let config: ConsumerConfig = parse(text).unwrap();
    let c = to_c(&config).unwrap();
    assert_eq!(c.AckPolicy.0, 255);
    let mut copy = *c;
    copy.MaxDeliver = 3;
    let mut expected = config;
    expected.max_deliver = 3;
    assert_eq!(read_back(&copy).unwrap(), expected);
    copy.AckPolicy.0 = 3;
    expected.ack_policy = Some(AckPolicy::FlowControl);
    assert_eq!(read_back(&copy).unwrap(), expected);
}

#[test]
fn policies_may_be_not_chosen_but_not_anything() {
    let mut c = to_c(&ConsumerConfig::default()).unwrap();
    let chosen = read_back(&c).unwrap();
    assert_eq!(chosen.deliver_policy, Some(DeliverPolicy::All));
    assert_eq!(chosen.ack_policy, Some(AckPolicy::Explicit));
    assert_eq!(chosen.replay_policy, Some(ReplayPolicy::Instant));
    c.choose_nothing();
    assert_eq!(read_back(&c).unwrap(), ConsumerConfig::default());
    c.DeliverPolicy.0 = 6;
    assert_eq!(
        read_back(&c).unwrap_err().text(),
        "invalid deliver policy 6"
    );
    c.DeliverPolicy.0 = 5;
    c.AckPolicy.0 = -2;
    assert_eq!(read_back(&c).unwrap_err().text(), "invalid ack policy -2");
    c.AckPolicy.0 = 255;
    assert_eq!(read_back(&c).unwrap_err().text(), "invalid ack policy 255");
    c.AckPolicy.0 = 2;
    c.ReplayPolicy.0 = 2;
    assert_eq!(read_back(&c).unwrap_err().text(), "invalid replay policy 2");
}
