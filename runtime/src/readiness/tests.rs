use super::{PartState, Readiness};

#[test]
fn readiness_waits_until_every_task_is_dropped() {
    let readiness = Readiness::new();
    let keys = readiness.task("signing keys");
    let database = readiness.task("database");
    assert_eq!(readiness.pending(), ["database", "signing keys"]);
    drop(database);
    assert_eq!(readiness.pending(), ["signing keys"]);
    drop(keys);
    assert!(readiness.pending().is_empty());
}

#[test]
fn part_blocks_readiness_only_while_it_fails() {
    struct Case {
        name: &'static str,
        state: PartState,
        pending: Option<&'static str>,
        degraded: Option<&'static str>,
    }

    let readiness = Readiness::new();
    let reason = || "tenant b does not answer".to_owned();
    for Case {
        name,
        state,
        pending,
        degraded,
    } in [
        Case {
            name: "degraded",
            state: PartState::Degraded(reason()),
            pending: None,
            degraded: Some("signing keys: tenant b does not answer"),
        },
        Case {
            name: "fails",
            state: PartState::Fails(reason()),
            pending: Some("signing keys: tenant b does not answer"),
            degraded: None,
        },
        Case {
            name: "fails without a reason",
            state: PartState::Fails(String::new()),
            pending: Some("signing keys"),
            degraded: None,
        },
        Case {
            name: "works",
            state: PartState::Works,
            pending: None,
            degraded: None,
        },
    ] {
        readiness.set("signing keys", &state);
        assert_eq!(
            readiness.pending(),
            Vec::from_iter(pending),
            "{name}: {state:?}"
        );
        assert_eq!(
            readiness.degraded(),
            Vec::from_iter(degraded),
            "{name}: {state:?}"
        );
    }
}

#[test]
fn missing_things_decide_state_and_are_named_up_to_a_bound() {
    struct Case {
        name: &'static str,
        number: usize,
        serves_some: bool,
        expected: PartState,
    }

    let missing = |number: usize| {
        (1..=number)
            .map(|number| format!("s{number}"))
            .collect::<Vec<_>>()
    };
    for Case {
        name,
        number,
        serves_some,
        expected,
    } in [
        Case {
            name: "nothing missing",
            number: 0,
            serves_some: true,
            expected: PartState::Works,
        },
        Case {
            name: "nothing missing, nothing served",
            number: 0,
            serves_some: false,
            expected: PartState::Works,
        },
        Case {
            name: "one of several missing",
            number: 1,
            serves_some: true,
            expected: PartState::Degraded("s1".to_owned()),
        },
        Case {
            name: "all missing",
            number: 2,
            serves_some: false,
            expected: PartState::Fails("s1; s2".to_owned()),
        },
        Case {
            name: "more missing than are named",
            number: 7,
            serves_some: false,
            expected: PartState::Fails("s1; s2; s3; s4; s5; and 2 more".to_owned()),
        },
    ] {
        assert_eq!(
            PartState::of_missing(&missing(number), serves_some),
            expected,
            "{name}"
        );
    }
}

#[test]
fn unchanged_state_is_not_notified() {
    struct Case {
        name: &'static str,
        state: PartState,
        changed: bool,
    }

    let readiness = Readiness::new();
    let mut changes = readiness.changes();
    let case = |name, state, changed| Case {
        name,
        state,
        changed,
    };
    for Case {
        name,
        state,
        changed,
    } in [
        case("still works", PartState::Works, false),
        case("first failure", PartState::Fails("a".to_owned()), true),
        case("same failure", PartState::Fails("a".to_owned()), false),
        case("other failure", PartState::Fails("b".to_owned()), true),
        case("works again", PartState::Works, true),
    ] {
        changes.mark_unchanged();
        readiness.set("part", &state);
        assert_eq!(changes.has_changed().unwrap(), changed, "{name}: {state:?}");
    }
}
