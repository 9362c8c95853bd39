//! Reads documents over HTTP and from files, up to a size.

use std::path::Path;

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::io::AsyncReadExt;
use url::Url;

use super::error_description::error_description;
use super::source::{FetchError, MAX_DOCUMENT};

/// Fetches the document at `url`; any status but 200 is an error.
pub(super) async fn get(http: &Client, url: &Url) -> Result<Vec<u8>, FetchError> {
    let response = send(http.get(url.clone()), url).await?;
    if response.status() == StatusCode::OK {
        body(response, url).await
    } else {
        Err(status_error(response, url).await)
    }
}

/// The error for a response with a status other than 200.
pub(super) async fn status_error(response: Response, url: &Url) -> FetchError {
    let status = response.status();
    let text = body(response, url)
        .await
        .ok()
        .and_then(|body| error_description(&body));
    FetchError::Status {
        url: url.clone(),
        status,
        text,
    }
}

/// Sends `request` to `url`.
pub(super) async fn send(request: RequestBuilder, url: &Url) -> Result<Response, FetchError> {
    request
        .send()
        .await
        .map_err(|cause| FetchError::Unreachable {
            url: url.clone(),
            cause,
        })
}

/// Reads the body of a response from `url`, up to `MAX_DOCUMENT` bytes.
pub(super) async fn body(mut response: Response, url: &Url) -> Result<Vec<u8>, FetchError> {
    let unreachable = |cause| FetchError::Unreachable {
        url: url.clone(),
        cause,
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_DOCUMENT {
            return Err(FetchError::TooLarge { url: url.clone() });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads the document in the file `path`.
pub(super) async fn read(path: &Path) -> Result<Vec<u8>, FetchError> {
    let failed = |cause| FetchError::File {
        file: path.display().to_string(),
        cause,
    };
    let mut body = Vec::new();
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    // A larger file is cut one byte beyond the limit, and the parser rejects it.
    file.take(MAX_DOCUMENT as u64 + 1)
        .read_to_end(&mut body)
        .await
        .map_err(failed)?;
    Ok(body)
}
