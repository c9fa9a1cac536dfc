//! Microsoft's emulator of Blob storage, as a store of a test's own, and what signs for it.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::oracle::{have, repository, run};

/// The emulator's account.
pub const ACCOUNT: &str = "devstoreaccount1";
/// The emulator's key, which is public and the same everywhere.
pub const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// How long it may take to start: node on a busy machine.
const START: Duration = Duration::from_secs(60);

/// An Azurite with a folder of its own on a free port; ended when dropped.
#[derive(Debug)]
pub struct Azurite {
    port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
    /// The account's key.
    key: String,
    /// Where it speaks HTTPS.
    certificate: Option<PathBuf>,
}

impl Azurite {
    /// Starts one; `None` where it is not installed and need not be.
    ///
    /// # Errors
    /// When it must be there and is not, or does not start.
    pub fn start() -> Result<Option<Self>> {
        Self::start_as(false)
    }

    /// Starts one that speaks HTTPS, with a certificate of its own, and takes tokens of Microsoft Entra.
    ///
    /// # Errors
    /// When it must be there and is not, or does not start.
    pub fn start_encrypted() -> Result<Option<Self>> {
        Self::start_as(true)
    }

    fn start_as(encrypted: bool) -> Result<Option<Self>> {
        if !have(if encrypted {
            &["node", "openssl"]
        } else {
            &["node"]
        })? {
            return Ok(None);
        }
        if !script().exists() {
            ensure!(
                std::env::var("ARGOSY_REQUIRE_ORACLES").is_err(),
                "missing: {}; `cargo xtask test` installs it",
                script().display()
            );
            eprintln!("skipped: no {}", script().display());
            return Ok(None);
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = tempfile::tempdir()?;
        let certificate = encrypted.then(|| folder.path().join("certificate.pem"));
        if let Some(certificate) = &certificate {
            make_certificate(certificate, &folder.path().join("key.pem"))?;
        }
        let mut azurite = Self {
            port,
            folder,
            child: None,
            key: KEY.to_owned(),
            certificate,
        };
        azurite.start_again()?;
        Ok(Some(azurite))
    }

    /// Returns the account's address.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = self.certificate.as_ref().map_or("http", |_| "https");
        format!("{scheme}://127.0.0.1:{}/{ACCOUNT}", self.port)
    }

    /// Returns the certificate of one that speaks HTTPS.
    #[must_use]
    pub fn certificate(&self) -> Option<&Path> {
        self.certificate.as_deref()
    }

    /// Returns its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Ends it so that all that it answered for is kept: killed, it forgets the last seconds, which the service never does.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn stop(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let id = child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status()?;
        ensure!(asked.success(), "kill says {asked}");
        child.wait()?;
        Ok(())
    }

    /// Ends it, as a power cut would.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Starts it over the same folder and port.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&mut self) -> Result<()> {
        self.kill()?;
        let place = self.folder.path();
        let mut node = Command::new("node");
        node.arg(script())
            .args(["--silent", "--disableTelemetry", "--skipApiVersionCheck"])
            .args(["--blobHost", "127.0.0.1", "--blobPort"])
            .arg(self.port.to_string())
            .arg("--location")
            .arg(place.join("data"))
            .arg("--debug")
            .arg(self.log_path())
            .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{}", self.key));
        if let Some(certificate) = &self.certificate {
            node.args(["--oauth", "basic", "--cert"]).arg(certificate);
            node.arg("--key").arg(place.join("key.pem"));
        }
        let child = node
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start node")?;
        self.child = Some(child);
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let begun = Instant::now();
        while begun.elapsed() < START {
            if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("azurite did not start within {START:?}")
    }

    /// Gives the account another key, as its owner does: what the old one signed opens nothing any more.
    ///
    /// # Errors
    /// When it does not start again.
    pub fn rotate_key(&mut self) -> Result<()> {
        self.stop()?;
        self.key = STANDARD.encode(Sha256::digest(&self.key));
        self.start_again()
    }

    /// Returns all that it logged: a line for every request, among others.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.log_path())?)
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("debug.log")
    }

    /// Writes a shared access signature that allows everything for a day into a file, and returns its path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn signature_file(&self) -> Result<PathBuf> {
        let path = self.folder.path().join("sas.txt");
        std::fs::write(&path, signature_by(&self.key, "rwdlacupitf"))?;
        Ok(path)
    }

    /// Returns the connection string that the services' own SDKs take.
    #[must_use]
    pub fn connection_string(&self) -> String {
        format!(
            "DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={};BlobEndpoint={};",
            self.key,
            self.url()
        )
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            eprintln!("cannot end azurite: {error:#}");
        }
    }
}

fn script() -> PathBuf {
    let folder: &Path = &repository();
    folder.join("target/azurite/node_modules/azurite/dist/src/blob/main.js")
}

/// Makes a certificate for this computer that nobody signed.
fn make_certificate(certificate: &Path, key: &Path) -> Result<()> {
    let name = "subjectAltName=IP:127.0.0.1";
    let leaf = "basicConstraints=critical,CA:FALSE";
    let (certificate, key) = (certificate.to_string_lossy(), key.to_string_lossy());
    let mut arguments = vec![
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
    ];
    arguments.extend(["-subj", "/CN=127.0.0.1", "-addext", name, "-addext", leaf]);
    arguments.extend(["-keyout", &key, "-out", &certificate]);
    run("openssl", &arguments).map(drop)
}

/// Returns a token of the form that Microsoft Entra gives. The emulator looks at its claims, and not who signed it.
#[must_use]
pub fn access_token() -> String {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = since.as_secs();
    let claims = format!(
        "{{\"aud\":\"https://storage.azure.com\",\"iss\":\"https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/\",\
         \"iat\":{now},\"nbf\":{},\"exp\":{}}}",
        now.saturating_sub(60),
        now.saturating_add(3600)
    );
    let head = URL_SAFE_NO_PAD.encode("{\"alg\":\"RS256\",\"typ\":\"JWT\"}");
    let claims = URL_SAFE_NO_PAD.encode(claims);
    format!("{head}.{claims}.{}", URL_SAFE_NO_PAD.encode("no signature"))
}

/// Returns a shared access signature for the emulator's whole account with these permissions, until 2099.
///
/// Source: "Create an account SAS", version 2020-12-06 and later (learn.microsoft.com/rest/api/storageservices).
#[must_use]
pub fn account_signature(permissions: &str) -> String {
    signature_by(KEY, permissions)
}

fn signature_by(key: &str, permissions: &str) -> String {
    let (version, expiry) = ("2021-08-06", "2099-01-01T00:00:00Z");
    let signed =
        format!("{ACCOUNT}\n{permissions}\nb\nsco\n\n{expiry}\n\nhttps,http\n{version}\n\n");
    let key = STANDARD.decode(key).unwrap_or_default();
    let signature = STANDARD.encode(hmac_sha256(&key, signed.as_bytes()));
    let signature = signature
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    format!(
        "sv={version}&ss=b&srt=sco&sp={permissions}&se={}&spr=https,http&sig={signature}",
        expiry.replace(':', "%3A")
    )
}

/// RFC 2104 over SHA-256.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut padded = [0_u8; BLOCK];
    let short = if key.len() > BLOCK {
        Sha256::digest(key).to_vec()
    } else {
        key.to_vec()
    };
    for (into, byte) in padded.iter_mut().zip(short) {
        *into = byte;
    }
    let inner = Sha256::new()
        .chain_update(padded.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(padded.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::hmac_sha256;

    #[test]
    fn hmac_agrees_with_rfc_4231() {
        // Test case 2.
        let mac = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(mac[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
    }
}
