use std::path::Path;
use std::process::{Output, Stdio};

use dev_entra::InProcess;
use dev_service::CONTOSO;
use dev_service::log::{self, PATIENCE};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub(crate) const AUDIT: &str = "3a5c0003-0000-4000-8000-000000000003";
pub(crate) const TASK_API: &str = "3a5c0001-0000-4000-8000-000000000001";

/// The audit program without any setting, in an empty environment.
pub(crate) fn bare_program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_audit"));
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A loopback port that the system picks.
pub(crate) const ANY_PORT: &str = "127.0.0.1:0";

/// The audit program with tokens of `issuer`, files in `directory` and listeners at these
/// addresses.
pub(crate) fn program(
    issuer: &InProcess,
    directory: &Path,
    listen: &str,
    operations_listen: &str,
) -> Command {
    let certificate = directory.join("ca.pem");
    std::fs::write(&certificate, issuer.authority_pem()).unwrap();
    let mut command = bare_program();
    command.args(["--listen", listen, "--operations-listen", operations_listen]);
    command.args([
        "--home-tenant",
        CONTOSO,
        "--client-id",
        AUDIT,
        "--allowed-applications",
        TASK_API,
    ]);
    command
        .args(["--authority", &issuer.authority()])
        .arg("--extra-ca")
        .arg(certificate);
    command.arg("--data-dir").arg(directory.join("data"));
    command
}

/// Exit code and standard error of a program that ends by itself.
pub(crate) async fn outcome(mut command: Command) -> (Option<i32>, String) {
    let output = finished(command.spawn().unwrap()).await;
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

pub(crate) async fn finished(child: Child) -> Output {
    tokio::time::timeout(PATIENCE, child.wait_with_output())
        .await
        .expect("the program does not end")
        .unwrap()
}

/// The address that the program listens on, from its log.
pub(crate) async fn listening_address(child: &mut Child) -> String {
    let entry = log::listening(&mut BufReader::new(child.stdout.as_mut().unwrap()).lines()).await;
    entry["address"].as_str().unwrap().to_owned()
}
