//! Signs an assertion as the authz server does, and verifies it as a backend does.
//!
//! ```text
//! cargo run --example sign_and_verify
//! ```

use std::error::Error;

use portcullis_assertion::{
    ALGORITHMS, AssertedRequest, Assertion, Expected, HEADER, Signer, verify,
};
use portcullis_token::{Caller, CallerKind, KeySet, unix_now};

fn main() -> Result<(), Box<dyn Error>> {
    // The authz server: signs with a key of its own, and publishes the public key as JWKS.
    let signer = Signer::generate()?;
    let assertion = signer
        .sign(&assertion(unix_now()))
        .ok_or("the assertion cannot be signed")?;
    println!("{HEADER}: {assertion}\n");

    // The backend: fetches the JWKS, and compares each assertion with the request that carries it.
    let keys = KeySet::parse(signer.key_set().as_bytes(), ALGORITHMS)?;
    let own = Expected {
        audience: "orders",
        method: "GET",
        path: "/orders?page=2",
        accept_unbound: false,
        now: unix_now(),
    };
    for (name, request) in [
        ("the request of the assertion", own),
        (
            "a second method",
            Expected {
                method: "DELETE",
                ..own
            },
        ),
        (
            "another upstream",
            Expected {
                audience: "invoices",
                ..own
            },
        ),
        (
            "two minutes later",
            Expected {
                now: own.now + 120,
                ..own
            },
        ),
    ] {
        match verify(&assertion, &keys, request) {
            Ok(Assertion { caller, .. }) => {
                println!(
                    "{name}: the caller is {} {}",
                    caller.kind.as_str(),
                    caller.object_id
                );
            }
            Err(denied) => println!("{name}: {} ({denied})", denied.code()),
        }
    }
    Ok(())
}

/// The identity of one caller for one request.
fn assertion(now: u64) -> Assertion {
    Assertion {
        audience: "orders".to_owned(),
        caller: Caller {
            tenant: "https://id.example".to_owned(),
            object_id: "ada".to_owned(),
            kind: CallerKind::User,
            actor: Some("web-shop".to_owned()),
            name: Some("Ada".to_owned()),
            email: None,
            roles: vec!["Reader".to_owned()],
            scopes: Vec::new(),
        },
        request: Some(AssertedRequest {
            id: "4bf92f3577b34da6".to_owned(),
            method: "GET".to_owned(),
            path: "/orders?page=2".to_owned(),
        }),
        issued_at: now,
    }
}
