use portcullis_chassis::{ServiceProgram, ServiceSettings};

use crate::schema::NAME;

/// Settings of the audit service.
pub type Settings = ServiceSettings<AuditProgram>;

/// The audit program.
#[derive(Clone, Copy, Debug)]
pub struct AuditProgram;

impl ServiceProgram for AuditProgram {
    const NAME: &'static str = NAME;
    const ABOUT: &'static str = env!("CARGO_PKG_DESCRIPTION");
    const AFTER_HELP: Option<&'static str> =
        Some("`audit verify` checks the hash chains; see audit verify --help");
    const LISTEN: &'static str = "127.0.0.1:8002";
    const OPERATIONS_LISTEN: &'static str = "127.0.0.1:9102";
    const CLIENT_ID_VARIABLE: &'static str = "AZURE_AUDIT_CLIENT_ID";
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn issuer_decides_whether_there_is_a_client_id() {
        dev_service::settings::assert_client_id_depends_on_issuer::<Settings>();
    }

    #[test]
    fn settings_have_distinct_flags_and_ids() {
        dev_service::settings::assert_distinct::<Settings>();
    }

    #[test]
    fn every_setting_has_an_example_for_its_error() {
        dev_service::settings::assert_examples::<Settings>();
    }
}
