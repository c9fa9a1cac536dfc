//! What lets us in: a shared access signature, or a token of Microsoft Entra.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// A secret that opens an account, wiped when it is dropped. It never prints.
pub enum Authorization {
    /// A shared access signature: the query of an address, without `?`.
    Signature(Zeroizing<String>),
    /// A bearer token, which only ever travels over HTTPS.
    Token(Zeroizing<String>),
}

/// What is no signature or token. Never shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// A signature without a signature.
    #[error("this is no shared access signature: it has no `sig=`")]
    NoSignature,
    /// A token that cannot be one.
    #[error("this is no access token: it is empty, or holds blanks or characters beyond ASCII")]
    NoToken,
    /// Characters that no address can have.
    #[error("this is no shared access signature: it holds blanks or characters beyond ASCII")]
    Characters,
}

impl Authorization {
    /// Takes a signature as people have it: alone, with its `?`, or as the end of an address.
    ///
    /// # Errors
    /// [`AuthorizationError`] when it is none.
    pub fn signature(bytes: &[u8]) -> Result<Self, AuthorizationError> {
        let text = graphic(bytes).ok_or(AuthorizationError::Characters)?;
        let query = text.rsplit_once('?').map_or(text, |(_, query)| query);
        let is_signed = query
            .split('&')
            .any(|pair| pair.strip_prefix("sig=").is_some_and(|sig| !sig.is_empty()));
        if !is_signed || query.contains('#') {
            return Err(AuthorizationError::NoSignature);
        }
        Ok(Self::Signature(Zeroizing::new(query.to_owned())))
    }

    /// Takes a token, as `az account get-access-token --query accessToken --output tsv` prints it.
    ///
    /// # Errors
    /// [`AuthorizationError::NoToken`].
    pub fn token(bytes: &[u8]) -> Result<Self, AuthorizationError> {
        let text = graphic(bytes).filter(|text| !text.is_empty());
        let text = text.ok_or(AuthorizationError::NoToken)?;
        Ok(Self::Token(Zeroizing::new(text.to_owned())))
    }
}

/// Returns the text without blanks around it, when it holds nothing but visible ASCII.
fn graphic(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let text = text.trim_matches('"');
    text.bytes()
        .all(|byte| byte.is_ascii_graphic())
        .then_some(text)
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signature(_) => "Signature(hidden)",
            Self::Token(_) => "Token(hidden)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_taken_in_the_three_ways_that_people_have_it() {
        for text in [
            "sv=2024&sig=a%2Fb",
            "?sv=2024&sig=a%2Fb\n",
            "https://a.blob.core.windows.net/?sv=2024&sig=a%2Fb",
        ] {
            let taken = Authorization::signature(text.as_bytes());
            let Ok(Authorization::Signature(query)) = taken else {
                panic!("{text}: {taken:?}");
            };
            assert_eq!(query.as_str(), "sv=2024&sig=a%2Fb");
        }
    }

    #[test]
    fn what_is_no_signature_is_refused_without_being_shown() {
        for text in ["", "sv=2024", "sig=", "sig=a b", "sig=é", "sig=a#b"] {
            let error = Authorization::signature(text.as_bytes()).expect_err(text);
            assert!(
                text.is_empty() || !error.to_string().contains(text),
                "{error}"
            );
        }
    }

    #[test]
    fn a_secret_does_not_print() {
        let signature = Authorization::signature(b"sig=secret").expect("one");
        let token = Authorization::token(b"secret\n").expect("one");
        assert!(!format!("{signature:?} {token:?}").contains("secret"));
    }
}
