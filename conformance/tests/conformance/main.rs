//! The runner against a gateway that must fail, and what is generated from its lists.

mod careless;
mod page;
