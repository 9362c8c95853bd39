//! The services, as they run, compared with the OpenAPI documents that they serve. An independent
//! program, schemathesis, reads each document and makes up requests from it.
