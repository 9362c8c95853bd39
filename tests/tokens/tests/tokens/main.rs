//! Tokens, good and bad, judged by the verifier as programs use it.

mod attacks;
mod entra_matrix;
mod key_fetch;
mod kinds;
mod mutations;
mod oracle;
