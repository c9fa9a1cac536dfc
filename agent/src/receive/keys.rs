//! The keys of many drives, from what the service's key listing returns or from a text file.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bitlocker_image::{Credential, CredentialError, ExternalKeyFile, key_text};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use thiserror::Error;
use zeroize::Zeroizing;

/// More keys than any listing has; each that is tried costs a third of a second.
const KEYS_MAX: usize = 1000;

/// A key and whose it is.
pub struct Key {
    /// Serial of its drive, when the file says.
    pub serial: Option<String>,
    /// Its place in the file, from 1.
    pub number: usize,
    /// The secret.
    pub credential: Credential,
}

/// Every key of a file, wiped when dropped.
pub struct KeyRing {
    keys: Vec<Key>,
    /// Entries that hold no key: number, and why.
    broken: Vec<(usize, CredentialError)>,
}

/// A file without keys.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// Neither JSON nor lines of text.
    #[error("this is neither JSON nor text")]
    NotText,
    /// Damaged JSON. The parser's own words might hold a piece of a key.
    #[error("the JSON is damaged in line {line}, column {column}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// No key in it.
    #[error(
        "there is no key in it: no bitLockerKey beside a driveId or diskSerialNumber, and no line with one"
    )]
    Empty,
    /// No listing is so long.
    #[error("{found} keys in it; more than {KEYS_MAX} are no listing of a job's drives")]
    TooMany {
        /// Keys found.
        found: usize,
    },
}

/// A text that is wiped when dropped.
struct Secret(Zeroizing<String>);

/// Serial and key, as they stand in the file.
type Pair = (Option<String>, Secret);

impl KeyRing {
    /// Reads a keys file: the answer of `listBitLockerKeys` or of `az import-export bit-locker-key
    /// list`, that of Data Box's `listCredentials`, or lines of `SERIAL KEY` or `KEY`.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub fn parse(file: &[u8]) -> Result<Self, KeyRingError> {
        let text = key_text(file).ok_or(KeyRingError::NotText)?;
        let pairs = match text.trim_start().chars().next() {
            Some('{' | '[') => pairs_of_json(&text)?,
            _ => pairs_of_lines(&text),
        };
        if pairs.is_empty() {
            return Err(KeyRingError::Empty);
        }
        if pairs.len() > KEYS_MAX {
            return Err(KeyRingError::TooMany { found: pairs.len() });
        }
        let mut ring = Self {
            keys: Vec::new(),
            broken: Vec::new(),
        };
        for ((serial, secret), number) in pairs.into_iter().zip(1..) {
            match credential_of(&secret.0) {
                Ok(credential) => ring.keys.push(Key {
                    serial,
                    number,
                    credential,
                }),
                Err(error) => ring.broken.push((number, error)),
            }
        }
        Ok(ring)
    }

    /// Returns entries that hold no key: their number from 1, and why.
    #[must_use]
    pub fn broken(&self) -> &[(usize, CredentialError)] {
        &self.broken
    }

    /// Returns whether there is no key at all, only entries that hold none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the keys in the order in which a drive should be tried with them: those with its
    /// serial, those without any, the others.
    #[must_use]
    pub fn for_drive(&self, serial: &str) -> Vec<&Key> {
        let rank = |key: &&Key| match &key.serial {
            Some(of) if is_same_serial(of, serial) => 0,
            None => 1,
            Some(_) => 2,
        };
        let mut keys: Vec<&Key> = self.keys.iter().collect();
        keys.sort_by_key(rank);
        keys
    }
}

/// Says only how many.
impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} secrets)", self.keys.len())
    }
}

/// Serials are compared without blanks and regardless of case.
fn is_same_serial(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|letter| !letter.is_whitespace());
        kept.flat_map(char::to_uppercase).collect()
    };
    let one = plain(one);
    !one.is_empty() && one == plain(other)
}

/// A key as a key file has it; or a whole .BEK in base64.
fn credential_of(text: &str) -> Result<Credential, CredentialError> {
    if let Ok(bytes) = STANDARD.decode(text.trim()).map(Zeroizing::new)
        && ExternalKeyFile::parse(&bytes).is_ok()
    {
        return Credential::parse(&bytes);
    }
    Credential::parse(text.as_bytes())
}

/// Reads lines: `KEY`, or `SERIAL KEY` with a blank, tab, comma, semicolon or equals sign between.
fn pairs_of_lines(text: &str) -> Vec<Pair> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(pair_of_line).collect()
}

fn pair_of_line(line: &str) -> Pair {
    let secret = |text: &str| Secret(Zeroizing::new(text.to_owned()));
    let is_separator = |letter: char| letter.is_whitespace() || ",;=".contains(letter);
    if !is_surely_a_key(line)
        && let Some((serial, rest)) = line.split_once(is_separator)
    {
        let key = rest.trim_start_matches(is_separator);
        if is_surely_a_key(key) {
            return (Some(serial.to_owned()), secret(key));
        }
    }
    (None, secret(line))
}

/// Returns whether a text is a recovery password or a base64 key, and not a passphrase.
fn is_surely_a_key(text: &str) -> bool {
    matches!(
        credential_of(text),
        Ok(Credential::RecoveryPassword(_) | Credential::ExternalKey(_) | Credential::BekFile(_))
    )
}

fn pairs_of_json(text: &str) -> Result<Vec<Pair>, KeyRingError> {
    let mut pairs = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Collect(&mut pairs).deserialize(&mut reader);
    let read = read.and_then(|()| reader.end());
    read.map_err(|error| KeyRingError::Json {
        line: error.line(),
        column: error.column(),
    })?;
    Ok(pairs)
}

/// Collects serial and key of every object that has a key, however deep.
struct Collect<'a>(&'a mut Vec<Pair>);

impl<'de> DeserializeSeed<'de> for Collect<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Collect<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a listing of keys")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Collect(self.0))?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let (mut serial, mut key) = (None, None);
        while let Some(name) = fields.next_key::<String>()? {
            match name.to_ascii_lowercase().as_str() {
                "driveid" | "diskserialnumber" => serial = fields.next_value::<Option<String>>()?,
                "bitlockerkey" => key = fields.next_value_seed(TakeSecret)?,
                _ => fields.next_value_seed(Collect(self.0))?,
            }
        }
        if let Some(key) = key {
            self.0.push((serial, key));
        }
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// Takes a key; `null` and an empty text are none.
struct TakeSecret;

impl<'de> DeserializeSeed<'de> for TakeSecret {
    type Value = Option<Secret>;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<Secret>, D::Error> {
        from.deserialize_any(self)
    }
}

impl Visitor<'_> for TakeSecret {
    type Value = Option<Secret>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, text: &str) -> Result<Option<Secret>, E> {
        let text = text.trim();
        Ok((!text.is_empty()).then(|| Secret(Zeroizing::new(text.to_owned()))))
    }
    fn visit_unit<E>(self) -> Result<Option<Secret>, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "235818-357951-253979-013365-241120-245575-342914-591910";
    const TWO: &str = "404558-436711-420860-678557-638220-018909-039941-695321";

    fn found(file: &str) -> Vec<(Option<String>, usize, Credential)> {
        let ring = KeyRing::parse(file.as_bytes()).expect("keys");
        assert_eq!(ring.broken(), []);
        let keys = ring.keys.iter();
        keys.map(|key| (key.serial.clone(), key.number, key.credential.clone()))
            .collect()
    }

    fn both() -> Vec<(Option<String>, usize, Credential)> {
        let key = |text: &str| Credential::RecoveryPassword(text.parse().expect("genuine"));
        vec![
            (Some("WD-1".to_owned()), 1, key(ONE)),
            (Some("WD-2".to_owned()), 2, key(TWO)),
        ]
    }

    #[test]
    fn every_form_of_the_listing_gives_the_same_keys() {
        let pairs = format!(
            r#"[{{"driveId":"WD-1","bitLockerKey":"{ONE}"}},{{"bitLockerKey":"{TWO}","driveId":"WD-2"}}]"#
        );
        let disks = pairs.replace("driveId", "diskSerialNumber");
        let forms = [
            pairs.clone(),
            format!(r#"{{"value":{pairs}}}"#),
            format!("\u{feff}{{\"nextLink\":null, \"value\" : {pairs} }}\r\n"),
            pairs.replace("driveId", "DriveId").replace("bitL", "BitL"),
            format!(
                r#"{{"jobSecretsType":"DataBoxCustomerDisk","diskSecrets":{disks},"carrierAccountNumber":"12"}}"#
            ),
            format!(
                r#"{{"value":[{{"jobName":"j","jobSecrets":{{"diskSecrets":{disks}}},"dcAccessSecurityCode":{{"a":[1,-2,0.5,true]}}}}]}}"#
            ),
            format!("# of job 7\nWD-1 {ONE}\r\n\nWD-2\t{TWO}\n"),
            format!("WD-1,{ONE}\nWD-2 = {TWO}"),
        ];
        for form in forms {
            assert_eq!(found(&form), both(), "{form}");
        }
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend(pairs.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(KeyRing::parse(&utf16).expect("keys").keys.len(), 2);
    }

    #[test]
    fn keys_of_other_kinds_and_without_a_serial_are_taken() {
        let external = STANDARD.encode([0x11; 32]);
        let file = ExternalKeyFile {
            protector: bitlocker_image::Guid([7; 16]),
            created: 1,
            changed: 1,
            key: [9; 32],
        };
        let bek = STANDARD.encode(file.to_bytes().as_slice());
        let found = found(&format!(
            "{ONE}\nS1 {external}\n{bek}\na passphrase of words\n"
        ));
        let kinds: Vec<_> = found
            .iter()
            .map(|(serial, _, key)| (serial.as_deref(), format!("{key:?}")))
            .collect();
        assert_eq!(
            kinds,
            [
                (None, "RecoveryPassword(secret)".to_owned()),
                (Some("S1"), "ExternalKey(secret)".to_owned()),
                (None, "BekFile(secret)".to_owned()),
                (None, "Passphrase(secret)".to_owned()),
            ]
        );
    }

    #[test]
    fn a_drive_is_tried_with_its_own_key_first() {
        let text = format!("WD-1 {ONE}\n{TWO}\nwd-2 {TWO}\n");
        let ring = KeyRing::parse(text.as_bytes()).expect("keys");
        let order = |serial| -> Vec<usize> {
            let keys = ring.for_drive(serial);
            keys.iter().map(|key| key.number).collect()
        };
        assert_eq!(order("WD-1"), [1, 2, 3]);
        assert_eq!(order(" WD-2 "), [3, 2, 1]);
        assert_eq!(order(""), [2, 1, 3]);
    }

    #[test]
    fn what_holds_no_key_is_told_without_showing_it() {
        let wrong = ONE.replace("253979", "253978");
        let ring =
            KeyRing::parse(format!(r#"[{{"driveId":"X","bitLockerKey":"{wrong}"}}]"#).as_bytes());
        let ring = ring.expect("a listing");
        assert_eq!(ring.broken().len(), 1);
        assert!(!format!("{:?} {:?}", ring, ring.broken()).contains("253978"));
        for (file, why) in [
            ("", "no key"),
            ("{\"value\":[]}", "no key"),
            ("[{\"driveId\":\"X\",\"bitLockerKey\":null}]", "no key"),
            ("{\"bitLockerKey\":\"123-hush", "damaged in line 1"),
            ("[{\"driveId\":\"X\",\"bitLockerKey\":77}]", "damaged"),
        ] {
            let error = KeyRing::parse(file.as_bytes())
                .expect_err("no key")
                .to_string();
            assert!(
                error.contains(why) && !error.contains("hush"),
                "{file}: {error}"
            );
        }
    }
}
