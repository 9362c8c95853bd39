//! Tests of the verifier with good and bad tokens.

mod attacks;
mod entra_matrix;
mod key_fetch;
mod kinds;
mod mutations;
mod oracle;
