//! The inputs of the WHATWG URL tests (`data/whatwg-url`), as targets and as parts of targets.

use super::{Paths, Target, TokenOf};

const INPUTS: &str = include_str!("../../data/whatwg-url/inputs.json");

pub(super) fn all(paths: &Paths) -> Vec<Target> {
    let count = paths.gateway.len().max(1);
    let each = inputs().into_iter().enumerate();
    each.flat_map(|(at, input)| {
        let base = at % count;
        let path = paths.gateway.get(base).map_or("", String::as_str);
        let target = |bytes: String| {
            Target::new(
                base,
                TokenOf::Base,
                &format!("WHATWG {input:?} with {path}"),
                bytes.into_bytes(),
            )
        };
        // A line break would make this another request, which is a case of smuggling.
        let text: String = input
            .chars()
            .filter(|character| !matches!(character, '\r' | '\n'))
            .collect();
        [
            target(text.clone()),
            target(format!("{path}/{text}")),
            target(format!("{path}{text}")),
            target(format!("/{text}/..{path}")),
        ]
    })
    .collect()
}

fn inputs() -> Vec<String> {
    serde_json::from_str(INPUTS).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn inputs_are_complete() {
        assert_eq!(super::inputs().len(), 794);
    }
}
