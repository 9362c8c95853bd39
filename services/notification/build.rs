//! Rebuilds when a migration is added: `sqlx::migrate!` tracks only the files that it has already
//! seen.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
