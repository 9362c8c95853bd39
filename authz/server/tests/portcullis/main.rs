//! The program as it is run: its commands, its errors, its end.

mod commands;
mod first_contact;
mod last_good_policies;
mod process;
