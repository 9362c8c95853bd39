//! `dev/envoy/obtain` with an `ENVOY` that is not an Envoy.

use std::process::Command;

#[test]
fn unusable_envoy_is_named_with_the_fix() -> anyhow::Result<()> {
    let obtain = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dev/envoy/obtain");
    for (envoy, problem) in [
        ("/nowhere/envoy", "not an executable program"),
        ("/bin/true", "does not report an Envoy version"),
    ] {
        let output = Command::new(obtain).env("ENVOY", envoy).output()?;
        let text = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(1), "{envoy}: {text}");
        assert!(
            output.stdout.is_empty(),
            "{envoy}: the output must not hold a path"
        );
        for part in [
            envoy,
            problem,
            "set ENVOY to an Envoy 1.40 binary of your own",
        ] {
            assert!(text.contains(part), "{envoy}: {part} is missing in: {text}");
        }
    }
    Ok(())
}
