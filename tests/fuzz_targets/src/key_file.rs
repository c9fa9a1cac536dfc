//! Key files: recovery passwords, .BEK, external keys, passphrases.

use bitlocker_image::{Credential, ExternalKeyFile, RecoveryKey, RecoveryPassword};

/// Reads a key file in every form. What is accepted comes back when it is written again.
pub(crate) fn run(input: &[u8]) {
    if let Ok(Credential::RecoveryPassword(password)) = &Credential::parse(input) {
        let again: RecoveryPassword = password.reveal().parse().expect("its own text");
        assert!(again == *password);
    }
    if let Ok(file) = ExternalKeyFile::parse(input) {
        let again = ExternalKeyFile::parse(&file.to_bytes()[..]).expect("its own bytes");
        assert_eq!(again.protector, file.protector);
        assert!(
            again.key == file.key,
            "the key of a .BEK changes when it is written again"
        );
    }
    if let Some(key) = input.first_chunk() {
        let password = RecoveryPassword::new(RecoveryKey(*key));
        let again: RecoveryPassword = password.reveal().parse().expect("every key has its digits");
        assert!(again == password);
    }
}
