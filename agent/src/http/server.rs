//! The listening socket, and how it ends.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::agent::Agent;
use super::routes::routes;

/// Opens the socket on 127.0.0.1; port 0 takes a free one.
///
/// # Errors
/// The operating system's word when the port is taken.
pub async fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// Answers requests until `ending` becomes true and the answers under way are given.
pub async fn run(listener: TcpListener, agent: Agent, mut ending: watch::Receiver<bool>) {
    let ended = async move {
        // An error means that nobody can end us any more, which is an end too.
        let _ = ending.wait_for(|ended| *ended).await;
    };
    warp::serve(routes(agent))
        .incoming(listener)
        .graceful(ended)
        .run()
        .await;
}
