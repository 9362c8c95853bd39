//! Plans for smuggled requests: each gadget, followed by an honest request.

use super::{Kind, Made, Plan, version};
use crate::case::Setting;
use crate::smuggle::gadgets;
use crate::target::Target;

/// The time at which the next request on the connection is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// After the first answer, or its timeout.
    Afterwards,
    /// At once, in the same packet.
    AtOnce,
}

pub(super) fn plans(target: &Target, http2: bool) -> Vec<Plan> {
    let gadgets = gadgets(http2);
    // Frames mark the end of an HTTP/2 stream, so no request can follow in the same stream.
    let manners: &'static [Manner] = if http2 {
        &[Manner::Afterwards]
    } else {
        &[Manner::Afterwards, Manner::AtOnce]
    };
    let target = target.clone();
    vec![Plan {
        name: format!("smuggling, {}", version(http2)),
        cases: gadgets.len() * manners.len(),
        kind: Kind::Smuggling(Box::new(|index| {
            // The manners alternate with the number of the case.
            let manner = usize::try_from(index)
                .ok()
                .and_then(|index| manners.get(index % manners.len()));
            manner.copied().unwrap_or(Manner::Afterwards)
        })),
        make: Box::new(move |canary| {
            let gadget = gadgets.get(usize::try_from(canary.index).ok()? / manners.len())?;
            let protected = target.protected.first()?;
            let get = target.get(&protected.path, Some(&protected.token), canary);
            let setting = Setting {
                method: "POST".to_owned(),
                ..get
            };
            Some(Made {
                case: gadget.case(&setting),
                setting,
            })
        }),
    }]
}
