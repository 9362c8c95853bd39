//! Gadgets, each alone and with the next request right behind it.

use super::{Kind, Made, Plan, version};
use crate::case::Setting;
use crate::smuggle::gadgets;
use crate::target::Target;

/// When the next request on the connection is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Once the first answer is there, or none is to come.
    Afterwards,
    /// In the same packet.
    AtOnce,
}

pub(super) fn plans(target: &Target, http2: bool) -> Vec<Plan> {
    let gadgets = gadgets(http2);
    // Over HTTP/2 a stream ends where it says, so nothing can be right behind it.
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
            // The manners alternate, so the number of the case says which it is.
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
