use std::sync::{Arc, PoisonError, RwLock};

use super::algorithm::Algorithm;
use super::compact::CompactJws;
use super::header::Header;
use crate::token_denied::TokenDenied;

/// The header of the last verified token.
///
/// An issuer writes the same header for every token that it signs with one key. Parsing it is a
/// fifth of the cost of a token beside the signature. The result depends only on the bytes and on
/// the allowed algorithms, which are always the same for one memo.
#[derive(Debug, Default)]
pub(crate) struct HeaderMemo(RwLock<Option<LastHeader>>);

#[derive(Debug)]
struct LastHeader {
    encoded: Box<str>,
    header: Arc<Header>,
}

impl HeaderMemo {
    pub(crate) fn read(
        &self,
        jws: &CompactJws<'_>,
        allowed: &[Algorithm],
    ) -> Result<Arc<Header>, TokenDenied> {
        match self.find(jws.encoded_header()) {
            Some(header) => Ok(header),
            None => Header::parse(&jws.header()?, allowed).map(Arc::new),
        }
    }

    /// Stores a header whose token is verified. Forged headers thus displace nothing.
    pub(crate) fn store(&self, encoded: &str, header: &Arc<Header>) {
        if self.find(encoded).is_none() {
            let last = LastHeader {
                encoded: encoded.into(),
                header: Arc::clone(header),
            };
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(last);
        }
    }

    fn find(&self, encoded: &str) -> Option<Arc<Header>> {
        let last = self.0.read().unwrap_or_else(PoisonError::into_inner);
        last.as_ref()
            .filter(|last| &*last.encoded == encoded)
            .map(|last| Arc::clone(&last.header))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::HeaderMemo;
    use crate::jws::algorithm::Algorithm;
    use crate::jws::compact::CompactJws;

    fn token(header: &str) -> String {
        format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn header_is_parsed_once_after_its_token_is_verified() {
        let memo = HeaderMemo::default();
        let good = token(r#"{"alg":"RS256","kid":"k"}"#);
        let other = token(r#"{"alg":"RS256","kid":"l"}"#);
        let [good, other] = [&good, &other].map(|token| CompactJws::parse(token).unwrap());
        let read = |jws: &CompactJws<'_>| memo.read(jws, &[Algorithm::Rs256]).unwrap();
        let first = read(&good);
        assert!(
            !Arc::ptr_eq(&first, &read(&good)),
            "nothing is stored before the signature is checked"
        );
        memo.store(good.encoded_header(), &first);
        assert!(Arc::ptr_eq(&first, &read(&good)));
        assert_eq!(read(&other).key_id, "l");
        let unsigned = token(r#"{"alg":"none","kid":"k"}"#);
        assert!(
            memo.read(&CompactJws::parse(&unsigned).unwrap(), &[Algorithm::Rs256])
                .is_err()
        );
    }
}
