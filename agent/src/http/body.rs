//! Request bodies: JSON, bounded in length and in time.

use std::time::Duration;

use futures::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use shared::api::{ApiError, code};
use warp::Buf;
use zeroize::Zeroizing;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// Returns the value that the body holds.
///
/// # Errors
/// [`ApiError`] when it is longer than `bytes_max`, does not arrive in ten seconds, is not declared as JSON or is not
/// what the path takes.
pub(super) async fn json<T, B>(
    content_type: Option<String>,
    body: impl Stream<Item = Result<B, warp::Error>> + Send,
    bytes_max: usize,
) -> Result<T, ApiError>
where
    T: DeserializeOwned,
    B: Buf,
{
    // A form or an image of a foreign page cannot declare this type without asking first.
    let declared = content_type.unwrap_or_default();
    let kind = declared.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(bad("The body is not declared as application/json."));
    }
    let bytes = tokio::time::timeout(PATIENCE, collect(body, bytes_max))
        .await
        .map_err(|_| bad("The body did not arrive in ten seconds."))??;
    serde_json::from_slice(&bytes).map_err(|error| {
        bad("The body is not what this path takes.")
            .at(format!("line {} column {}", error.line(), error.column()))
            .next(format!("{error}."))
    })
}

async fn collect<B: Buf>(
    body: impl Stream<Item = Result<B, warp::Error>> + Send,
    bytes_max: usize,
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let mut bytes: Zeroizing<Vec<u8>> = Zeroizing::default();
    let mut body = std::pin::pin!(body);
    while let Some(piece) = body.next().await {
        let mut piece = piece.map_err(|_| bad("The body broke off."))?;
        while piece.has_remaining() {
            let chunk = piece.chunk();
            if bytes.len().saturating_add(chunk.len()) > bytes_max {
                return Err(ApiError::new(code::TOO_LARGE, "The body is too long.")
                    .at(format!("more than {bytes_max} bytes"))
                    .safe("Nothing was done."));
            }
            extend(&mut bytes, chunk);
            let taken = chunk.len();
            piece.advance(taken);
        }
    }
    Ok(bytes)
}

/// Adds a piece. A body may hold a token or a signature: what is outgrown is wiped, as the whole is in the end.
fn extend(bytes: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    let wanted = bytes.len().saturating_add(piece.len());
    if wanted > bytes.capacity() {
        let room = wanted.max(bytes.capacity().saturating_mul(2));
        let mut larger = Zeroizing::new(Vec::with_capacity(room));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.extend_from_slice(piece);
}

fn bad(message: &str) -> ApiError {
    ApiError::new(code::BAD_REQUEST, message).safe("Nothing was done.")
}
