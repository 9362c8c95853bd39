//! Tests that run the program `portcullis`.

mod check_and_lint;
mod commands;
mod first_contact;
mod invalid_settings;
mod key_fetch;
mod last_good_policies;
mod map;
mod policy_file;
mod renamed_settings;
mod server;
