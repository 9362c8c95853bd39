//! Gadgets: requests whose end a gateway and a service may see in different places. The bytes
//! between the two ends are another request, the passenger.

mod chunks;
mod holes;
mod http2;
mod lengths;
mod lines;

use crate::case::{Case, Setting, Wire};
use holes::Holes;

/// A gadget, with holes for the values of the setting.
#[derive(Clone, Debug)]
pub(crate) struct Gadget {
    what: String,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum Shape {
    Http1 { head: Vec<u8>, body: Vec<u8> },
    Http2(Vec<http2::Change>),
}

/// All gadgets for one version of HTTP.
pub(crate) fn gadgets(http2: bool) -> Vec<Gadget> {
    if http2 {
        http2::all()
    } else {
        [lengths::all(), chunks::all(), lines::all()].concat()
    }
}

impl Gadget {
    fn http1(what: String, head: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Self {
        Self {
            what,
            shape: Shape::Http1 {
                head: head.as_ref().to_vec(),
                body: body.as_ref().to_vec(),
            },
        }
    }

    /// The request with its passenger. The passenger has no token, so it arrives only without a
    /// Check.
    pub(crate) fn case(&self, setting: &Setting) -> Case {
        let holes = Holes::new(setting);
        let wire = match &self.shape {
            Shape::Http1 { head, body } => {
                let body = holes.fill(body, 0);
                Wire::Http1([holes.fill(head, body.len()), body].concat())
            }
            Shape::Http2(changes) => Wire::Http2(http2::parts(setting, &holes, changes)),
        };
        Case {
            what: self.what.clone(),
            wire,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::gadgets;
    use crate::canary::{Canary, Role};
    use crate::case::{Setting, Wire};
    use crate::escape::escaped;

    #[test]
    fn gadgets_are_hundreds_with_passengers() {
        let canary = Canary {
            role: Role::Case,
            run: 1,
            group: 2,
            index: 3,
        };
        let setting = Setting {
            method: "POST".to_owned(),
            path: "/a".to_owned(),
            host: "h".to_owned(),
            token: None,
            more: Vec::new(),
            canary,
        };
        for (http2, least) in [(false, 500), (true, 150)] {
            let cases: Vec<_> = gadgets(http2)
                .iter()
                .map(|gadget| gadget.case(&setting))
                .collect();
            let different: HashSet<String> = cases
                .iter()
                .map(|case| format!("{:?}", case.wire))
                .collect();
            assert!(
                different.len() >= least,
                "{} of {}",
                different.len(),
                cases.len()
            );
            for case in cases {
                if let Wire::Http1(bytes) = &case.wire {
                    let passenger =
                        Canary::find_all(bytes).contains(&canary.with_role(Role::Planted));
                    assert!(passenger, "{}: {}", case.what, escaped(bytes));
                }
            }
        }
    }
}
