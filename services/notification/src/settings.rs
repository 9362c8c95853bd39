use portcullis_chassis::{ServiceProgram, ServiceSettings};

use crate::schema::NAME;

/// Settings of the notification service.
pub type Settings = ServiceSettings<NotificationProgram>;

/// The notification program.
#[derive(Clone, Copy, Debug)]
pub struct NotificationProgram;

impl ServiceProgram for NotificationProgram {
    const NAME: &'static str = NAME;
    const ABOUT: &'static str = env!("CARGO_PKG_DESCRIPTION");
    const LISTEN: &'static str = "127.0.0.1:8001";
    const OPERATIONS_LISTEN: &'static str = "127.0.0.1:9101";
    const CLIENT_ID_VARIABLE: &'static str = "AZURE_NOTIFICATION_CLIENT_ID";
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
