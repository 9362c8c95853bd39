mod documents;
mod rules;
mod schema;

use super::{GOOD, compile};

/// A mistake: [`GOOD`] with `bad` instead of `good`, and a part of the policy errors.
struct Case {
    name: &'static str,
    good: &'static str,
    bad: &'static str,
    expected: &'static str,
}

fn assert_each(cases: &[Case]) {
    for Case {
        name,
        good,
        bad,
        expected,
    } in cases
    {
        assert!(GOOD.contains(good), "{name}: {good}");
        let problems = compile(&GOOD.replace(good, bad)).unwrap_err();
        assert!(problems.contains(expected), "{name}: {bad}:\n{problems}");
        assert!(problems.starts_with("policy.yaml:"), "{name}: {problems}");
        assert!(!problems.contains(" at line "), "{name}: {problems}");
    }
}
