use std::collections::HashMap;

use envoy_types::ext_authz::v3::pb::{CheckRequest as Generated, HeaderValue};
use envoy_types::pb::envoy::config::core::v3::{Address, HeaderMap, SocketAddress, address};
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Peer, Request};
use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use prost::Message;

use super::CheckRequest;

const HEADERS: [&str; 4] = [
    "authorization",
    "x-request-id",
    "x-envoy-external-address",
    "x-gateway-request-size",
];
const EXTENSIONS: [&str; 2] = ["policy", "removed_prefix"];

/// Headers that are read, and others.
fn header_name() -> impl Strategy<Value = String> {
    let [authorization, id, address, size] = HEADERS.map(|name| Just(name.to_owned()));
    prop_oneof![authorization, id, address, size, "[a-z-]{1,12}"]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let header = (header_name(), ".{0,40}", vec(any::<u8>(), 0..40));
    let header = header.prop_map(|(key, value, raw_value)| HeaderValue {
        key,
        value,
        raw_value,
    });
    vec(header, 0..6).prop_map(|headers| HeaderMap { headers })
}

fn extensions() -> impl Strategy<Value = HashMap<String, String>> {
    let [policy, prefix] = EXTENSIONS.map(|name| Just(name.to_owned()));
    hash_map(prop_oneof![policy, prefix, "[a-z]{1,8}"], ".{0,20}", 0..4)
}

fn peer(address: String) -> Peer {
    let socket = SocketAddress {
        address,
        ..SocketAddress::default()
    };
    Peer {
        address: Some(Address {
            address: Some(address::Address::SocketAddress(socket)),
        }),
        ..Peer::default()
    }
}

/// A `CheckRequest` as Envoy may write it, with and without `encode_raw_headers`.
fn check_request() -> impl Strategy<Value = Generated> {
    let http = (
        option::of(headers()),
        hash_map(header_name(), ".{0,40}", 0..3),
        "[A-Z]{0,8}",
        ".{0,60}",
        any::<i64>(),
    );
    let http = http.prop_map(|(header_map, headers, method, path, size)| HttpRequest {
        id: "id".to_owned(),
        method,
        path,
        size,
        headers,
        header_map,
        ..HttpRequest::default()
    });
    let address = option::of("[0-9.:]{1,20}");
    let attributes =
        (http, extensions(), address).prop_map(|(http, context_extensions, address)| {
            AttributeContext {
                source: address.map(peer),
                request: Some(Request {
                    http: Some(http),
                    time: None,
                }),
                context_extensions,
                ..AttributeContext::default()
            }
        });
    attributes.prop_map(|attributes| Generated {
        attributes: Some(attributes),
    })
}

/// The lines of a header in the generated types.
fn lines<'a>(http: &'a HttpRequest, name: &str) -> Vec<&'a [u8]> {
    let bytes = |header: &'a HeaderValue| {
        if header.raw_value.is_empty() {
            header.value.as_bytes()
        } else {
            header.raw_value.as_slice()
        }
    };
    let map = http.headers.get(name).map(String::as_bytes);
    let raw = http.header_map.iter().flat_map(|map| &map.headers);
    let raw = raw.filter(|header| header.key == name).map(bytes);
    map.into_iter().chain(raw).collect()
}

/// The address of the peer in the generated types.
fn source_address(attributes: &AttributeContext) -> &[u8] {
    let peer = attributes.source.as_ref();
    let address = peer.and_then(|peer| peer.address.as_ref()?.address.as_ref());
    match address {
        Some(address::Address::SocketAddress(socket)) => socket.address.as_bytes(),
        _ => &[],
    }
}

fn assert_equal(check: &CheckRequest, expected: &Generated) -> Result<(), TestCaseError> {
    let (Some(found), Some(expected)) = (&check.attributes, &expected.attributes) else {
        prop_assert_eq!(check.attributes.is_some(), expected.attributes.is_some());
        return Ok(());
    };
    prop_assert_eq!(found.source_address(), source_address(expected));
    for name in EXTENSIONS {
        let expected = expected.context_extensions.get(name);
        prop_assert_eq!(found.extension(name), expected.map(String::as_bytes));
    }
    let http = found.request.as_ref().and_then(|found| found.http.as_ref());
    let expected = expected.request.as_ref();
    let expected = expected.and_then(|expected| expected.http.as_ref());
    prop_assert_eq!(http.is_some(), expected.is_some());
    if let (Some(http), Some(expected)) = (http, expected) {
        prop_assert_eq!(&*http.method, expected.method.as_bytes());
        prop_assert_eq!(&*http.path, expected.path.as_bytes());
        for name in HEADERS {
            let found: Vec<_> = http.lines(name).collect();
            prop_assert_eq!(found, lines(expected, name));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(2000)
    })]

    #[test]
    fn message_is_read_as_the_generated_types_read_it(request in check_request()) {
        let check = CheckRequest::decode(&*request.encode_to_vec()).unwrap();
        assert_equal(&check, &request)?;
    }

    #[test]
    fn damaged_message_is_read_as_the_generated_types_read_it(
        request in check_request(),
        place in any::<Index>(),
        byte: u8,
    ) {
        let mut bytes = request.encode_to_vec();
        *place.get_mut(&mut bytes) = byte;
        // They also deny strings that are not UTF-8, and other faults of fields that are not read.
        if let Ok(request) = Generated::decode(&*bytes) {
            assert_equal(&CheckRequest::decode(&*bytes).unwrap(), &request)?;
        }
    }

    #[test]
    fn later_message_is_merged_as_the_generated_types_merge_it(
        first in check_request(),
        mut second in check_request(),
    ) {
        // A key that occurs twice in a map is one line to the generated types, and two here.
        if let Some(request) = second.attributes.as_mut().and_then(|it| it.request.as_mut()) {
            request.http.get_or_insert_default().headers.clear();
        }
        let bytes = [first.encode_to_vec(), second.encode_to_vec()].concat();
        let merged = Generated::decode(&*bytes).unwrap();
        assert_equal(&CheckRequest::decode(&*bytes).unwrap(), &merged)?;
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        // Any result is right: the test is that there is one.
        let _result = CheckRequest::decode(&*bytes);
    }
}
