//! HTTP for the official client: it signs, waits, and asks again.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, HeaderValue};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::TokioExecutor;
use zeroize::Zeroizing;

use super::authorization::Authorization;
use super::endpoint::Endpoint;
use super::error::StoreFault;
use super::md5::md5_of;
use super::patience::{Patience, is_passing};
use crate::pipeline::Cancel;

/// Put on an answer when an earlier attempt of its request got none, or a fault of the service's own: that one may have
/// been carried out.
pub(super) const UNANSWERED: HeaderName = HeaderName::from_static("x-argosy-unanswered");

/// Bytes of the longest answer taken: more than any range that is asked for, or any page of a list.
const ANSWER_BYTES_MAX: usize = 128 << 20;
/// How often bytes travel at most that come as others: a line that spoils them each time will do so again.
pub(super) const SPOILED_MAX: u32 = 3;
/// Bytes of a page blob that one letter of a list of its pages stands for at least.
const LISTED_BYTES: u64 = 14;
/// How often a wish to stop is looked for while waiting.
const LOOK: Duration = Duration::from_millis(100);
/// How long an answer is waited for once somebody wished to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Sends the official client's requests, signed, until there is an answer that counts.
pub(super) struct Transport {
    wire: Wire,
    authorization: Authorization,
    patience: Patience,
    cancel: Cancel,
}

enum Wire {
    /// To this computer.
    Open(Client<HttpConnector, Full<Bytes>>),
    Encrypted(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What came of one attempt.
enum Attempt {
    Answer(AsyncRawResponse),
    /// The service asks for another one, after this time.
    Busy(AsyncRawResponse, Option<Duration>),
    /// Other bytes came than were sent, and the service took none of them.
    Spoiled(AsyncRawResponse),
    /// Nothing was sent.
    NotReached(String),
    /// The other side is not who it should be, or speaks no TLS that is spoken here: no use in asking again.
    NoTls(String),
    /// It was sent, and whether it was carried out is unknown.
    Unanswered(String),
}

impl Transport {
    /// Makes ready for an account.
    ///
    /// # Errors
    /// [`StoreFault`] when HTTPS cannot be spoken here, or a token would travel in the open.
    pub(super) fn new(
        endpoint: &Endpoint,
        authorization: Authorization,
        patience: Patience,
        cancel: Cancel,
    ) -> Result<Self, StoreFault> {
        if matches!(authorization, Authorization::Token(_)) && !endpoint.is_encrypted() {
            return Err(StoreFault::TokenInTheOpen);
        }
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(patience.connect));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let builder = Client::builder(TokioExecutor::new());
        let wire = if endpoint.is_encrypted() {
            Wire::Encrypted(encrypted(&builder, tcp)?)
        } else {
            Wire::Open(builder.build(tcp))
        };
        Ok(Self {
            wire,
            authorization,
            patience,
            cancel,
        })
    }

    /// Sends a request until it is answered, patience ends, or the person stops it.
    async fn send(&self, request: &Request) -> Result<AsyncRawResponse, StoreFault> {
        let mut unanswered = false;
        let mut spoiled = 0_u32;
        let mut number = 1;
        loop {
            if self.cancel.is_cancelled() {
                return Err(StoreFault::Stopped);
            }
            let attempt = self.attempt(request).await?;
            let asked = match &attempt {
                Attempt::Answer(_) | Attempt::NotReached(_) => None,
                Attempt::Spoiled(_) => {
                    spoiled = spoiled.saturating_add(1);
                    None
                }
                // A time-out of its own or a gateway's does not say that nothing was done.
                Attempt::Busy(_, asked) => {
                    unanswered = true;
                    *asked
                }
                Attempt::NoTls(what) => return Err(StoreFault::NoTls { what: what.clone() }),
                Attempt::Unanswered(_) => {
                    unanswered = true;
                    None
                }
            };
            let wait = self.patience.wait(number, asked);
            match (attempt, wait) {
                (Attempt::Spoiled(answer), _) if spoiled >= SPOILED_MAX => {
                    return Ok(marked(answer, unanswered));
                }
                (Attempt::Answer(answer), _)
                | (Attempt::Busy(answer, _) | Attempt::Spoiled(answer), None) => {
                    return Ok(marked(answer, unanswered));
                }
                (
                    Attempt::NotReached(what) | Attempt::NoTls(what) | Attempt::Unanswered(what),
                    None,
                ) => {
                    return Err(StoreFault::NoAnswer { what });
                }
                (_, Some(wait)) => self.pause(wait).await,
            }
            number = number.saturating_add(1);
        }
    }

    /// Waits, or until the person stops it.
    async fn pause(&self, wait: Duration) {
        let mut left = wait;
        while !left.is_zero() && !self.cancel.is_cancelled() {
            let step = left.min(LOOK);
            tokio::time::sleep(step).await;
            left = left.saturating_sub(step);
        }
    }

    async fn attempt(&self, request: &Request) -> Result<Attempt, StoreFault> {
        let signed = self.signed(request)?;
        let sent = request.body().len().unwrap_or(0);
        let within = self.patience.within(sent.max(asked_bytes(request)));
        let exchange = tokio::time::timeout(within, self.exchange(signed));
        tokio::select! {
            answered = exchange => Ok(answered.unwrap_or_else(|_| {
                Attempt::Unanswered(format!("none within {} s", within.as_secs()))
            })),
            () = self.stopped() => Err(StoreFault::Stopped),
        }
    }

    /// Returns some time after the person wished to stop: what is on its way may still be answered.
    async fn stopped(&self) {
        while !self.cancel.is_cancelled() {
            tokio::time::sleep(LOOK).await;
        }
        tokio::time::sleep(GRACE).await;
    }

    async fn exchange(&self, request: http::Request<Full<Bytes>>) -> Attempt {
        let answer = match &self.wire {
            Wire::Open(client) => client.request(request).await,
            Wire::Encrypted(client) => client.request(request).await,
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if is_distrust(&error) => return Attempt::NoTls(reason(&error)),
            Err(error) if error.is_connect() => return Attempt::NotReached(reason(&error)),
            Err(error) => return Attempt::Unanswered(reason(&error)),
        };
        let (head, body) = answer.into_parts();
        let body = match whole(body).await {
            Ok(body) => body,
            Err(error) => return Attempt::Unanswered(format!("it broke off: {error}")),
        };
        let status = head.status.as_u16();
        let asked = asked_wait(&head.headers);
        let answer = AsyncRawResponse::from_bytes(status.into(), received(&head.headers), body);
        if is_passing(status) {
            Attempt::Busy(answer, asked)
        } else if is_spoiled(&head.headers) {
            Attempt::Spoiled(answer)
        } else {
            Attempt::Answer(answer)
        }
    }

    /// Returns the request as it travels. Only here do address and headers hold the secret.
    fn signed(&self, request: &Request) -> Result<http::Request<Full<Bytes>>, StoreFault> {
        let malformed = |error: http::Error| StoreFault::Malformed {
            what: format!("a request that cannot be sent: {error}"),
        };
        let Body::Bytes(body) = request.body() else {
            let what = "a request whose body streams".to_owned();
            return Err(StoreFault::Malformed { what });
        };
        let mut address = Zeroizing::new(request.url().as_str().to_owned());
        if let Authorization::Signature(signature) = &self.authorization {
            let joint = if request.url().query().is_some() {
                '&'
            } else {
                '?'
            };
            address.push(joint);
            address.push_str(signature);
        }
        let mut signed = http::Request::builder()
            .method(request.method().as_str())
            .uri(address.as_str());
        let mut has_md5 = false;
        for (name, value) in request.headers().iter() {
            has_md5 |= name.as_str() == "content-md5";
            signed = signed.header(name.as_str(), value.as_str().as_bytes());
        }
        if !body.is_empty() && !has_md5 {
            signed = signed.header("content-md5", STANDARD.encode(md5_of(body)));
        }
        if let Authorization::Token(token) = &self.authorization {
            let text = Zeroizing::new(format!("Bearer {}", token.as_str()));
            let value = HeaderValue::from_str(&text);
            let mut value = value.map_err(|error| malformed(error.into()))?;
            value.set_sensitive(true);
            signed = signed.header(AUTHORIZATION, value);
        }
        signed.body(Full::new(body.clone())).map_err(malformed)
    }
}

/// Returns all of an answer's body, in the memory that its length says: gathered in pieces first, it would be there twice.
async fn whole<B>(body: B) -> Result<Bytes, BoxError>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    let mut body = Limited::new(body, ANSWER_BYTES_MAX);
    let said = body.size_hint().exact();
    let said = said.and_then(|bytes| usize::try_from(bytes).ok());
    let mut all = BytesMut::with_capacity(said.unwrap_or(0).min(ANSWER_BYTES_MAX));
    while let Some(frame) = body.frame().await {
        // Trailers say nothing here.
        if let Ok(piece) = frame?.into_data() {
            all.extend_from_slice(&piece);
        }
    }
    Ok(all.freeze())
}

fn encrypted(
    builder: &Builder,
    tcp: HttpConnector,
) -> Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>, StoreFault> {
    let no_tls = |error: std::io::Error| StoreFault::NoTls {
        what: error.to_string(),
    };
    let connector = HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(no_tls)?
        .https_only()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(builder.build(connector))
}

/// Returns whether TLS itself failed: rustls' errors come as those of data that are no data.
fn is_distrust(error: &(dyn std::error::Error + 'static)) -> bool {
    let Some(io) = error.downcast_ref::<std::io::Error>() else {
        return error.source().is_some_and(is_distrust);
    };
    // What an I/O error wraps is not its source, but that one's.
    let inner: Option<&(dyn std::error::Error + 'static)> = match io.get_ref() {
        Some(inner) => Some(inner),
        None => None,
    };
    io.kind() == std::io::ErrorKind::InvalidData || inner.is_some_and(is_distrust)
}

/// Returns the innermost words of an error: those above it only say that something failed.
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// Returns how many bytes a request asks for at most, by its range.
fn asked_bytes(request: &Request) -> u64 {
    let bytes = range_bytes(request);
    let is_list = request.url().query().is_some_and(|query| {
        let mut words = query.split('&');
        words.any(|word| word == "comp=pagelist")
    });
    if is_list {
        // At most every other page is told, in some 70 letters.
        bytes.div_ceil(LISTED_BYTES)
    } else {
        bytes
    }
}

fn range_bytes(request: &Request) -> u64 {
    let range = HeaderName::from_static("range");
    let other = HeaderName::from_static("x-ms-range");
    let headers = request.headers();
    let text = headers
        .get_optional_str(&range)
        .or_else(|| headers.get_optional_str(&other));
    let ends = text
        .and_then(|text| text.strip_prefix("bytes="))
        .and_then(|text| text.split_once('-'));
    let number = |text: &str| text.parse::<u64>().ok();
    ends.and_then(|(first, last)| number(last)?.checked_sub(number(first)?))
        .unwrap_or(0)
}

/// Returns whether the service says that the body is not what its hash was made of; Azurite has a wider word for it.
fn is_spoiled(headers: &http::HeaderMap) -> bool {
    let code = headers.get("x-ms-error-code");
    code.is_some_and(|code| matches!(code.as_bytes(), b"Md5Mismatch" | b"InvalidOperation"))
}

fn asked_wait(headers: &http::HeaderMap) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_secs)
}

fn received(headers: &http::HeaderMap) -> Headers {
    let mut received = Headers::new();
    for (name, value) in headers {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        received.insert(name.as_str().to_owned(), text);
    }
    received
}

fn marked(answer: AsyncRawResponse, unanswered: bool) -> AsyncRawResponse {
    if !unanswered {
        return answer;
    }
    let (status, mut headers, body) = answer.deconstruct();
    headers.insert(UNANSWERED, "1");
    AsyncRawResponse::new(status, headers, Box::pin(body))
}

#[async_trait]
impl HttpClient for Transport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        self.send(request)
            .await
            .map_err(|fault| azure_core::Error::new(ErrorKind::Io, fault))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("authorization", &self.authorization)
            .finish_non_exhaustive()
    }
}
