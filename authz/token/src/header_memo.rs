use std::sync::{Arc, PoisonError, RwLock};

use crate::algorithm::Algorithm;
use crate::compact::CompactJws;
use crate::header::Header;
use crate::refusal::Refusal;

/// The last good header. An issuer writes the same bytes before every token that it signs with one
/// key, and reading them is a fifth of what a token costs beside its signature. What comes of the
/// bytes depends on nothing but them and the algorithms, which are always the same here.
#[derive(Debug, Default)]
pub(crate) struct HeaderMemo(RwLock<Option<Remembered>>);

#[derive(Debug)]
struct Remembered {
    encoded: Box<str>,
    header: Arc<Header>,
}

impl HeaderMemo {
    pub(crate) fn read(
        &self,
        jws: &CompactJws<'_>,
        allowed: &[Algorithm],
    ) -> Result<Arc<Header>, Refusal> {
        match self.remembered(jws.encoded_header()) {
            Some(header) => Ok(header),
            None => Header::parse(&jws.header()?, allowed).map(Arc::new),
        }
    }

    /// Remembers a header, whose token was verified: what forgers write displaces nothing.
    pub(crate) fn remember(&self, encoded: &str, header: &Arc<Header>) {
        if self.remembered(encoded).is_none() {
            let last = Remembered {
                encoded: encoded.into(),
                header: Arc::clone(header),
            };
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(last);
        }
    }

    fn remembered(&self, encoded: &str) -> Option<Arc<Header>> {
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
    use crate::algorithm::Algorithm;
    use crate::compact::CompactJws;

    fn token(header: &str) -> String {
        format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn the_header_of_a_good_token_is_read_once_and_no_other_is_taken_for_it() {
        let memo = HeaderMemo::default();
        let (good, other) = (
            token(r#"{"alg":"RS256","kid":"k"}"#),
            token(r#"{"alg":"RS256","kid":"l"}"#),
        );
        let [good, other] = [&good, &other].map(|token| CompactJws::parse(token).unwrap());
        let read = |jws: &CompactJws<'_>| memo.read(jws, &[Algorithm::Rs256]).unwrap();
        let first = read(&good);
        assert!(
            !Arc::ptr_eq(&first, &read(&good)),
            "nothing is remembered before the signature was checked"
        );
        memo.remember(good.encoded_header(), &first);
        assert!(Arc::ptr_eq(&first, &read(&good)));
        assert_eq!(read(&other).key_id, "l");
        let refused = token(r#"{"alg":"none","kid":"k"}"#);
        assert!(
            memo.read(&CompactJws::parse(&refused).unwrap(), &[Algorithm::Rs256])
                .is_err()
        );
    }
}
