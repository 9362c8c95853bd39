use serde_json::Value;

/// A member that makes a valid body invalid.
#[derive(Debug)]
pub struct InvalidMember {
    pub name: &'static str,
    /// The member, which the problem names.
    pub field: &'static str,
    pub value: Value,
}

/// A query with an invalid parameter.
#[derive(Debug)]
pub struct InvalidParameter {
    pub name: &'static str,
    /// Path and query.
    pub uri: &'static str,
    /// The parameter, which the problem names.
    pub field: &'static str,
}

impl InvalidMember {
    /// `body` with this member.
    #[must_use]
    pub fn of(&self, mut body: Value) -> Value {
        body[self.field] = self.value.clone();
        body
    }
}
