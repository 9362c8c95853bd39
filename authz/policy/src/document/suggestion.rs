/// The end of an error about `given`: the closest expected name, if it is close enough.
#[must_use]
pub fn did_you_mean(given: &str, expected: &[&str]) -> String {
    closest(given, expected).map_or_else(String::new, |best| format!("; did you mean {best}?"))
}

/// The expected name that is closest to `given`, if it is close enough to be a misspelling.
pub(super) fn closest<'a>(given: &str, expected: &[&'a str]) -> Option<&'a str> {
    const CLOSE: f64 = 0.8;
    let closeness =
        |candidate: &&str| strsim::jaro_winkler(&given.to_lowercase(), &candidate.to_lowercase());
    let best = expected
        .iter()
        .copied()
        .max_by(|left, right| closeness(left).total_cmp(&closeness(right)));
    best.filter(|best| closeness(best) >= CLOSE)
}

/// The expected names, in an error.
pub(super) fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
