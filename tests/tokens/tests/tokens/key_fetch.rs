//! Fetches of signing keys over TLS from an issuer that misbehaves.
//!
//! Every error names the document, and the last good keys stay.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic, its helpers outside #[test] functions too"
)]

mod server;

use std::time::Duration;

use portcullis_token::{
    Algorithm, FetchError, FetchedKeys, KeyCache, KeyLocation, KeyPolicy, KeySource, PublishedKeys,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, StatusCode};
use serde_json::{Value, json};
use token_tests::issuer::jwk;

use server::{Answer, Server};

/// The deadline of a whole fetch, long enough for a slow machine.
const DEADLINE: Duration = Duration::from_secs(20);

fn client(certificate: &str, deadline: Duration) -> Client {
    let certificate = Certificate::from_pem(certificate.as_bytes()).unwrap();
    let builder = Client::builder()
        .no_proxy()
        .tls_certs_only([certificate])
        .redirect(Policy::none());
    builder.timeout(deadline).build().unwrap()
}

fn source(http: Client, location: KeyLocation) -> PublishedKeys {
    PublishedKeys {
        http,
        location,
        algorithms: vec![Algorithm::Rs256],
    }
}

fn discovery(server: &Server, keys_elsewhere: bool) -> KeyLocation {
    KeyLocation::Discovery {
        url: format!("{}/metadata", server.origin).parse().unwrap(),
        keys_elsewhere,
    }
}

fn metadata(keys: impl AsRef<str>) -> Answer {
    Answer::Document(
        json!({"issuer": "https://issuer.example", "jwks_uri": keys.as_ref()}).to_string(),
    )
}

fn good(server: &Server) -> Value {
    json!({"keys": [jwk("good", &server.keys.good)]})
}

async fn fetch(server: &Server, metadata: Answer, keys: Answer) -> Result<FetchedKeys, FetchError> {
    server.answers(metadata, keys);
    source(
        client(&server.certificate, DEADLINE),
        discovery(server, false),
    )
    .fetch()
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_issuer_answer_is_an_error_that_names_the_document() {
    struct Case<'a> {
        name: &'static str,
        metadata: Answer,
        keys_answer: Answer,
        place: &'a String,
        problem: &'static str,
    }

    let server = Server::start();
    let here = format!("{}/metadata", server.origin);
    let keys = format!("{}/keys", server.origin);
    let at = |document: &str| metadata(document);
    let document = |value: &Value| Answer::Document(value.to_string());
    let no_keys = || document(&json!({}));
    let html = "<html><body>Sign in to the network</body></html>";
    for Case {
        name,
        metadata,
        keys_answer,
        place,
        problem,
    } in [
        Case {
            name: "metadata redirects",
            metadata: Answer::RedirectTo(keys.clone()),
            keys_answer: no_keys(),
            place: &here,
            problem: "answered 302 Found",
        },
        Case {
            name: "metadata are unavailable",
            metadata: Answer::Status(StatusCode::SERVICE_UNAVAILABLE, "busy"),
            keys_answer: no_keys(),
            place: &here,
            problem: "answered 503",
        },
        Case {
            name: "metadata are a page",
            metadata: Answer::Status(StatusCode::OK, html),
            keys_answer: no_keys(),
            place: &here,
            problem: "is not a discovery document",
        },
        Case {
            name: "metadata are empty",
            metadata: no_keys(),
            keys_answer: no_keys(),
            place: &here,
            problem: "is not a discovery document",
        },
        Case {
            name: "keys at http",
            metadata: at("http://127.0.0.1:1/keys"),
            keys_answer: no_keys(),
            place: &here,
            problem: "is not https",
        },
        Case {
            name: "keys at another port",
            metadata: at("https://127.0.0.1:1/keys"),
            keys_answer: no_keys(),
            place: &here,
            problem: "leads to another origin, https://127.0.0.1:1",
        },
        Case {
            name: "keys at a host behind a user",
            metadata: at("https://user@evil.example/keys"),
            keys_answer: no_keys(),
            place: &here,
            problem: "leads to another origin, https://evil.example",
        },
        Case {
            name: "keys in a file",
            metadata: at("file:///etc/passwd"),
            keys_answer: no_keys(),
            place: &here,
            problem: "is not https",
        },
        Case {
            name: "metadata are endless",
            metadata: Answer::EndlessBody,
            keys_answer: no_keys(),
            place: &here,
            problem: "is larger than 524288 bytes",
        },
        Case {
            name: "keys redirect",
            metadata: at(&keys),
            keys_answer: Answer::RedirectTo(here.clone()),
            place: &keys,
            problem: "answered 302 Found",
        },
        Case {
            name: "keys are a page",
            metadata: at(&keys),
            keys_answer: Answer::Status(StatusCode::OK, html),
            place: &keys,
            problem: "",
        },
        Case {
            name: "keys are nothing",
            metadata: at(&keys),
            keys_answer: Answer::Status(StatusCode::OK, ""),
            place: &keys,
            problem: "",
        },
        Case {
            name: "keys are no list",
            metadata: at(&keys),
            keys_answer: document(&json!({})),
            place: &keys,
            problem: "",
        },
        Case {
            name: "keys are an empty list",
            metadata: at(&keys),
            keys_answer: document(&json!({"keys": []})),
            place: &keys,
            problem: "",
        },
        Case {
            name: "keys are too many",
            metadata: at(&keys),
            keys_answer: document(&json!({"keys": vec![json!({"kty": "RSA"}); 20_000]})),
            place: &keys,
            problem: "",
        },
        Case {
            name: "keys have the same id",
            metadata: at(&keys),
            keys_answer: document(&json!({"keys": vec![jwk("good", &server.keys.good); 2]})),
            place: &keys,
            problem: "",
        },
        Case {
            name: "keys are endless",
            metadata: at(&keys),
            keys_answer: Answer::EndlessBody,
            place: &keys,
            problem: "is larger than 524288 bytes",
        },
    ] {
        let error = fetch(&server, metadata, keys_answer)
            .await
            .unwrap_err()
            .to_string();
        let rest = error.strip_prefix(place.as_str());
        assert!(
            rest.is_some_and(|rest| rest.starts_with(": ") && rest.contains(problem)),
            "{name}: {error}"
        );
    }
    let fetched = fetch(&server, at(&keys), document(&good(&server)))
        .await
        .unwrap();
    assert_eq!(
        (fetched.issuer.as_deref(), fetched.keys.len()),
        (Some("https://issuer.example"), 1)
    );
    assert_eq!(server.requests(), ["/metadata", "/keys"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn redirect_is_not_followed_and_bad_key_is_skipped() {
    let server = Server::start();
    let redirect = Answer::RedirectTo(format!("{}/elsewhere", server.origin));
    fetch(
        &server,
        redirect,
        Answer::Document(good(&server).to_string()),
    )
    .await
    .unwrap_err();
    assert_eq!(server.requests(), ["/metadata"]);

    let bad = json!({"kty": "RSA", "kid": "bad", "n": "AQAB", "e": "AQAB"});
    let keys = json!({"keys": [bad, jwk("good", &server.keys.good)]});
    let keys = fetch(
        &server,
        metadata(format!("{}/keys", server.origin)),
        Answer::Document(keys.to_string()),
    )
    .await;
    let keys = keys.unwrap().keys;
    assert_eq!((keys.key_ids(), keys.skipped().len()), (vec!["good"], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn cloud_name_is_read_from_metadata_and_keys() {
    struct Case {
        name: &'static str,
        published: Option<Value>,
        cloud: Option<&'static str>,
    }

    let server = Server::start();
    for Case {
        name,
        published,
        cloud,
    } in [
        Case {
            name: "no name",
            published: None,
            cloud: None,
        },
        Case {
            name: "a name",
            published: Some(json!("microsoftonline.com")),
            cloud: Some("microsoftonline.com"),
        },
        Case {
            name: "a blank name",
            published: Some(json!(" ")),
            cloud: None,
        },
        // Other providers may use the name for values of another type.
        Case {
            name: "a number",
            published: Some(json!(7)),
            cloud: None,
        },
        Case {
            name: "null",
            published: Some(json!(null)),
            cloud: None,
        },
    ] {
        let mut key = jwk("good", &server.keys.good);
        let keys_url = format!("{}/keys", server.origin);
        let mut document = json!({"issuer": "https://issuer.example", "jwks_uri": keys_url});
        if let Some(published) = &published {
            key["cloud_instance_name"] = published.clone();
            document["cloud_instance_name"] = published.clone();
        }
        let keys = Answer::Document(json!({ "keys": [key] }).to_string());
        let fetched = fetch(&server, Answer::Document(document.to_string()), keys)
            .await
            .unwrap();
        assert_eq!(fetched.cloud_instance.as_deref(), cloud, "{name}");
        assert_eq!(
            fetched.keys.get("good").unwrap().cloud_instance(),
            cloud,
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_on_another_host_need_a_setting() {
    let server = Server::start();
    let other = Server::start();
    other.answers(metadata(""), Answer::Document(good(&other).to_string()));
    server.answers(
        metadata(format!("{}/keys", other.origin)),
        Answer::Document(String::new()),
    );
    let both = format!("{}{}", server.certificate, other.certificate);
    let certificates = Certificate::from_pem_bundle(both.as_bytes()).unwrap();
    let http = Client::builder()
        .no_proxy()
        .tls_certs_only(certificates)
        .build()
        .unwrap();
    source(http.clone(), discovery(&server, false))
        .fetch()
        .await
        .unwrap_err();
    assert!(other.requests().is_empty());
    assert_eq!(
        source(http, discovery(&server, true))
            .fetch()
            .await
            .unwrap()
            .keys
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn server_with_untrusted_certificate_is_an_error() {
    let server = Server::start();
    let other = Server::start();
    server.answers(
        metadata(format!("{}/keys", server.origin)),
        Answer::Document(good(&server).to_string()),
    );
    let stranger = source(
        client(&other.certificate, DEADLINE),
        discovery(&server, false),
    );
    let error = stranger.fetch().await.unwrap_err().to_string();
    assert!(
        error.starts_with(&server.origin) && error.contains("is not trusted: "),
        "{error}"
    );
    assert!(server.requests().is_empty(), "not even the path was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_answer_ends_at_the_deadline() {
    let server = Server::start();
    server.answers(
        metadata(format!("{}/keys", server.origin)),
        Answer::StalledBody,
    );
    let impatient = source(
        client(&server.certificate, Duration::from_secs(2)),
        discovery(&server, false),
    );
    let error = tokio::time::timeout(DEADLINE, impatient.fetch())
        .await
        .unwrap()
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&format!("{}/keys: cannot be reached", server.origin)),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn last_good_keys_stay_while_issuer_answers_nonsense() {
    let server = Server::start();
    let there = || metadata(format!("{}/keys", server.origin));
    server.answers(there(), Answer::Document(good(&server).to_string()));
    let published = source(
        client(&server.certificate, DEADLINE),
        discovery(&server, false),
    );
    let cache = KeyCache::start(published, KeyPolicy::default());
    tokio::time::timeout(DEADLINE, cache.ready()).await.unwrap();
    // Not `epoch()`, which rises a moment after the keys are available.
    let epoch = cache.status().epoch;
    for nonsense in [
        Answer::Document("{}".to_owned()),
        Answer::EndlessBody,
        Answer::Status(StatusCode::NOT_FOUND, ""),
    ] {
        server.answers(there(), nonsense);
        let error = cache.fetch_now().await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("{}/keys: ", server.origin)),
            "{error}"
        );
        assert_eq!(cache.keys().unwrap().keys.key_ids(), ["good"]);
        assert_eq!(cache.status().epoch, epoch);
    }
}
