//! Tests that run the program `portcullis`.

mod commands;
mod first_contact;
mod last_good_policies;
mod map;
mod process;
mod renamed_settings;
