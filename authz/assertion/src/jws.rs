use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Builds a compact JWS (RFC 7515 §7.1) in one allocation.
#[derive(Debug)]
pub(crate) struct JwsBuilder(String);

impl JwsBuilder {
    /// Starts with an encoded `header`. `signature` is the length of the signature in bytes.
    pub(crate) fn new(header: &str, payload: &[u8], signature: usize) -> Self {
        let encoded = |bytes: usize| bytes.div_ceil(3) * 4;
        let length = header.len() + encoded(payload.len()) + encoded(signature) + 2;
        let mut jws = String::with_capacity(length);
        jws.push_str(header);
        jws.push('.');
        URL_SAFE_NO_PAD.encode_append(payload, &mut jws);
        Self(jws)
    }

    /// The bytes to sign.
    pub(crate) fn signing_input(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Appends the signature and returns the JWS.
    pub(crate) fn finish(self, signature: &[u8]) -> String {
        let Self(mut jws) = self;
        jws.push('.');
        URL_SAFE_NO_PAD.encode_append(signature, &mut jws);
        jws
    }
}

/// Encodes a header, once for all assertions of one key.
pub(crate) fn encoded_header(header: &Value) -> String {
    URL_SAFE_NO_PAD.encode_to_string(header.to_string())
}
