use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::net::{TcpStream, UnixStream};

use super::{ListenAddress, Listener, Stream};

async fn unix(path: &Path) -> anyhow::Result<Listener> {
    Listener::bind("checks", "--listen", &ListenAddress::Unix(path.to_owned())).await
}

#[tokio::test]
async fn accepted_tcp_socket_sends_small_packets_at_once() {
    let listener = Listener::bind("checks", "--listen", &"127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let ListenAddress::Tcp(address) = listener.local_address().unwrap() else {
        panic!("a TCP address")
    };
    let _client = TcpStream::connect(address).await.unwrap();
    let Stream::Tcp(accepted) = listener.accept().await.unwrap() else {
        panic!("a TCP stream")
    };
    assert!(accepted.nodelay().unwrap());
}

#[tokio::test]
async fn unix_socket_has_mode_0660_and_is_removed_on_drop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authz.sock");
    let listener = unix(&path).await.unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o660
    );
    let _client = UnixStream::connect(&path).await.unwrap();
    assert!(matches!(listener.accept().await.unwrap(), Stream::Unix(_)));
    drop(listener);
    assert!(!path.exists());
}

#[tokio::test]
async fn stale_socket_is_replaced_and_successors_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authz.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "as after a crash");
    let first = unix(&path).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let _second = unix(&path).await.unwrap();
    drop(first);
    UnixStream::connect(&path).await.unwrap();
}

#[tokio::test]
async fn unix_socket_that_cannot_be_bound_says_why_and_what_to_do() {
    struct Case<'a> {
        name: &'static str,
        path: &'a Path,
        parts: [&'static str; 2],
    }

    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    let file = folder.path().join("file");
    let _first = unix(&taken).await.unwrap();
    std::fs::write(&file, "precious").unwrap();
    for Case { name, path, parts } in [
        Case {
            name: "occupied",
            path: &taken,
            parts: ["another process listens on it", "stop it"],
        },
        Case {
            name: "a file",
            path: &file,
            parts: ["not a socket", "move it away"],
        },
        Case {
            name: "no folder",
            path: &folder.path().join("absent/authz.sock"),
            parts: ["cannot listen", "create its folder"],
        },
    ] {
        let error = format!("{:#}", unix(path).await.unwrap_err());
        for part in ["--listen unix:", &path.display().to_string()]
            .iter()
            .chain(&parts)
        {
            assert!(
                error.contains(part),
                "{name}: {part} is missing in: {error}"
            );
        }
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    UnixStream::connect(&taken).await.unwrap();
}
