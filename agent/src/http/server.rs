//! The listening sockets, one connection after the other, and how it ends.
//!
//! ```text
//! accept -> whose is it? (peer) -> too many? -> HTTP/1.1 within limits -> shape -> routes
//! ```

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures::future::join_all;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use shared::api::ApiError;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use warp::http::Request;
use warp::hyper::body::Incoming;
use warp::hyper::server::conn::http1;
use warp::hyper::service::{Service, service_fn};
use warp::reply::Response;

use super::agent::Agent;
use super::peer::{self, Users};
use super::routes::routes;
use super::{reply, shape};

/// How long the head of a request may take to arrive, and how long a connection may lie idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of the head of a request. Ours have under 2 KiB; other servers' cookies come along.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Headers of a request.
const HEADERS_MAX: usize = 64;
/// How long answers under way are waited for at the end.
const FAREWELL: Duration = Duration::from_secs(3);
/// Free ports tried until one is free on both addresses.
const PORTS_TRIED: usize = 16;

/// The sockets that listen: 127.0.0.1 and, where there is IPv6, `[::1]`, on one port.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<TcpListener>,
    port: u16,
}

impl Listener {
    /// Returns the port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

/// Opens the sockets; port 0 takes a free one. No other address can be asked for.
///
/// Both addresses are taken: `localhost` means either, and whoever held the other one could show a page of their own
/// there. A port that anybody listens on already is refused, never shared.
///
/// # Errors
/// The operating system's word when the port is taken on either address.
pub async fn listen(port: u16) -> std::io::Result<Listener> {
    let mut tries = 0_usize;
    loop {
        tries = tries.saturating_add(1);
        match listen_on_both(port).await {
            Err(error)
                if port == 0 && error.kind() == ErrorKind::AddrInUse && tries < PORTS_TRIED => {}
            other => return other,
        }
    }
}

async fn listen_on_both(port: u16) -> std::io::Result<Listener> {
    let first = bind(Ipv4Addr::LOCALHOST.into(), port).await?;
    let port = first.local_addr()?.port();
    let second = match bind(Ipv6Addr::LOCALHOST.into(), port).await {
        Ok(second) => Some(second),
        Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(error),
        // This machine has no IPv6; then `localhost` cannot mean it either.
        Err(_) => None,
    };
    let sockets = std::iter::once(first).chain(second).collect();
    Ok(Listener { sockets, port })
}

async fn bind(address: IpAddr, port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::new(address, port)).await
}

/// Answers the requests of `users` until `ending` becomes true and the answers under way are given.
pub async fn run(listener: Listener, users: Users, agent: Agent, ending: watch::Receiver<bool>) {
    let presence = agent.presence.clone();
    let filtered = TowerToHyperService::new(warp::service(routes(agent.clone())));
    let service = service_fn(move |request: Request<Incoming>| {
        let filtered = filtered.clone();
        async move {
            match shape::check(&request) {
                Ok(()) => filtered.call(request).await,
                Err(misshapen) => Ok(reply::error(&ApiError::from(&misshapen))),
            }
        }
    });
    let sockets = listener.sockets.into_iter();
    let accepting = sockets.map(|socket| accept(socket, &agent, &users, &service, ending.clone()));
    join_all(accepting).await;
    // Who does not take their answer is not waited for.
    drop(tokio::time::timeout(FAREWELL, presence.empty()).await);
}

async fn accept<S>(
    socket: TcpListener,
    agent: &Agent,
    users: &Users,
    service: &S,
    ending: watch::Receiver<bool>,
) where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut ended = std::pin::pin!(ended(ending.clone()));
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            () = &mut ended => return,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, or the other end is gone already: breathe, then go on.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (presence, users, service) = (agent.presence.clone(), users.clone(), service.clone());
        let ending = ending.clone();
        tokio::spawn(async move {
            if peer::check(&stream, &users).is_err() {
                presence.turn_away(stream).await;
            } else if let Some(counted) = presence.enter() {
                converse(stream, service, ending).await;
                drop(counted);
            }
        });
    }
}

/// Speaks with one program until it goes or the agent ends.
async fn converse<S>(stream: TcpStream, service: S, ending: watch::Receiver<bool>)
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    // An error is a program that went away or did not speak HTTP in time; it was answered as far as it could be.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = ended(ending) => connection.as_mut().graceful_shutdown(),
    }
    drop(connection.await);
}

async fn ended(mut ending: watch::Receiver<bool>) {
    // An error means that nobody can end us any more, which is an end too.
    drop(ending.wait_for(|ended| *ended).await);
}
