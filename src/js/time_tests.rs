use super::*;
use proptest::prelude::*;

#[test]
fn times_are_read() {
    let read = |text: &str| Time::parse(text).map(|t| t.0);
    assert_eq!(read("0001-01-01T00:00:00Z"), Ok(0));
    assert_eq!(read("1970-01-01T00:00:01Z"), Ok(NANOS));
    assert_eq!(read("1969-12-31T23:59:59.5Z"), Ok(-NANOS / 2));
    assert_eq!(
        read("2024-02-29T12:34:56.123456789Z"),
        Ok(1_709_210_096_123_456_789)
    );
    assert_eq!(
        read("2024-02-29t12:34:56.5z"),
        Ok(1_709_210_096_500_000_000)
    );
    assert_eq!(
        read("2024-02-29T14:04:56.000005+01:30"),
        Ok(1_709_210_096_000_005_000)
    );
    assert_eq!(read("2024-02-29T04:34:56-08:00"), Ok(1_709_210_096 * NANOS));
    // A pause until a far day is no error.
    assert_eq!(read("9999-12-31T23:59:59Z"), Ok(i64::MAX));
    assert_eq!(read("0000-01-01T00:00:00Z"), Ok(i64::MIN));
}

#[test]
fn what_is_no_time() {
    let fault = |text: &str| Time::parse(text).unwrap_err().to_string();
    assert_eq!(fault(""), "time '' too small");
    assert_eq!(
        fault("2024-02-29T12:34:56"),
        "time '2024-02-29T12:34:56' too small"
    );
    assert!(fault("2024-02-29T12:34:56.1234567890123456Z+").ends_with("too long"));
    assert!(fault("2024-02-29T12:34:56.1234567890Z").ends_with("second fraction too big"));
    for bad in ["+1:00", "+01:60", "+24:00", "+0100", " ", "x", "+01:0x"] {
        let text = fault(&format!("2024-02-29T12:34:56{bad:>1}"));
        assert!(
            text.ends_with("has invalid UTC offset") || text.ends_with("too small"),
            "{text}"
        );
    }
    for bad in [
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "2024-01-01 00:00:00Z",
        "2024/01/01T00:00:00Z",
        "20x4-01-01T00:00:00Z",
        "2024-01-01T00:00:00.Z",
        "äää-01-01T00:00:00.Z",
    ] {
        assert!(fault(bad).ends_with("is invalid"), "{bad}: {}", fault(bad));
    }
}

#[test]
fn times_are_written() {
    assert_eq!(Time(0).to_text(), "0001-01-01T00:00:00Z");
    assert_eq!(Time(NANOS + 5000).to_text(), "1970-01-01T00:00:01.000005Z");
    assert_eq!(Time(-1).to_text(), "1969-12-31T23:59:59.999999999Z");
    assert_eq!(Time(i64::MAX).to_text(), "2262-04-11T23:47:16.854775807Z");
    assert_eq!(Time(i64::MIN).to_text(), "1677-09-21T00:12:43.145224192Z");
}

#[test]
fn durations_of_headers() {
    for (millis, text) in [
        (0, "0s"),
        (1, "1ms"),
        (500, "500ms"),
        (1000, "1s"),
        (1500, "1.5s"),
        (1001, "1.001s"),
        (60_000, "1m0s"),
        (90_000, "1m30s"),
        (90_250, "1m30.25s"),
        (3_600_000, "1h0m0s"),
        (90_061_001, "25h1m1.001s"),
        (-1500, "-1.5s"),
        (i64::MIN, "-2562047788015h12m55.808s"),
    ] {
        assert_eq!(header_duration(millis), text);
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(nanos: i64) {
        prop_assert_eq!(Time::parse(&Time(nanos).to_text()), Ok(Time(nanos)));
    }

    #[test]
    fn no_text_is_a_panic(text in "\\PC{0,40}", digits in "[-0-9T:.+Z]{18,38}") {
        let _ = Time::parse(&text);
        let _ = Time::parse(&digits);
    }
}
