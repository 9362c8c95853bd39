//! Tests through the real Envoy, on the harness `dev/stack`. Each test has a stack of its own on free ports.
