//! Applications as objects of Microsoft Graph, and back.

mod describe;
mod project;
