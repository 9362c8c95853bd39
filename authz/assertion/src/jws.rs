use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;

/// A compact JWS (RFC 7515 §7.1) that is put together in one allocation.
#[derive(Debug)]
pub(crate) struct JwsBuilder(String);

impl JwsBuilder {
    /// `header` is encoded already; `signature` is how many bytes will be appended.
    pub(crate) fn new(header: &str, payload: &[u8], signature: usize) -> Self {
        let encoded = |bytes: usize| bytes.div_ceil(3) * 4;
        let length = header.len() + encoded(payload.len()) + encoded(signature) + 2;
        let mut jws = String::with_capacity(length);
        jws.push_str(header);
        jws.push('.');
        URL_SAFE_NO_PAD.encode_append(payload, &mut jws);
        Self(jws)
    }

    /// What is signed.
    pub(crate) fn signing_input(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The whole, with its signature.
    pub(crate) fn finish(self, signature: &[u8]) -> String {
        let Self(mut jws) = self;
        jws.push('.');
        URL_SAFE_NO_PAD.encode_append(signature, &mut jws);
        jws
    }
}

/// A header, encoded once for all that one key signs.
pub(crate) fn encoded_header(header: &Value) -> String {
    URL_SAFE_NO_PAD.encode_to_string(header.to_string())
}
