//! Fills the holes of gadgets.

use crate::canary::Role;
use crate::case::Setting;

pub(super) struct Holes {
    setting: Setting,
    /// The smuggled request, which must not arrive.
    passenger: Vec<u8>,
}

impl Holes {
    pub(super) fn new(setting: &Setting) -> Self {
        let planted = setting.canary.with_role(Role::Planted);
        let Setting { path, host, .. } = setting;
        let passenger = format!("GET {path}?{planted} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Self {
            setting: setting.clone(),
            passenger: passenger.into_bytes(),
        }
    }

    /// Fills the holes of `template`, for a body of `body` bytes.
    ///
    /// - `{R}` request line and headers, `{H}` the headers alone, `{P}` path, `{A}` host
    /// - `{C}` the planted canary, `{E}` the passenger
    /// - `{n}` and `{x}` the passenger's length in decimal and hexadecimal
    /// - `{B}` the length of the body, `{L}` 16 KiB
    pub(super) fn fill(&self, template: &[u8], body: usize) -> Vec<u8> {
        let mut filled = Vec::with_capacity(template.len() + 256);
        let mut rest = template;
        while let Some((first, after)) = rest.split_first() {
            let hole = match rest {
                [b'{', letter, b'}', after @ ..] => {
                    self.hole(*letter, body).map(|text| (text, after))
                }
                _ => None,
            };
            if let Some((text, after_hole)) = hole {
                filled.extend(text);
                rest = after_hole;
            } else {
                filled.push(*first);
                rest = after;
            }
        }
        filled
    }

    fn hole(&self, letter: u8, body: usize) -> Option<Vec<u8>> {
        let head = || self.setting.http1_head();
        Some(match letter {
            b'R' => head(),
            b'H' => {
                let head = head();
                let line = head
                    .windows(2)
                    .position(|pair| pair == b"\r\n")
                    .map_or(0, |at| at + 2);
                head.get(line..).unwrap_or_default().to_vec()
            }
            b'P' => self.setting.path.clone().into_bytes(),
            b'A' => self.setting.host.clone().into_bytes(),
            b'C' => self
                .setting
                .canary
                .with_role(Role::Planted)
                .to_string()
                .into_bytes(),
            b'E' => self.passenger.clone(),
            b'n' => self.passenger.len().to_string().into_bytes(),
            b'x' => format!("{:x}", self.passenger.len()).into_bytes(),
            b'B' => body.to_string().into_bytes(),
            b'L' => vec![b'a'; 16 * 1024],
            _ => return None,
        })
    }
}
