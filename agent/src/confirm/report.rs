//! What a confirmation found.

use shared::api::{StorageCode as Code, StorageVerdict as Verdict};
use shared::words::{count as grouped, counted};

/// What a confirmation found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfirmReport {
    /// Prepared files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files whose blob's MD5, as the store has it, is theirs.
    pub by_md5: u64,
    /// Files whose blocks the service's own log has with the hashes of the drive's manifest, or whose original has the
    /// CRC-64 that the log says.
    pub by_log: u64,
    /// Files that were read back from the store and compared with the drive's manifest.
    pub by_reading: u64,
    /// Files that are there by name and size only.
    pub unproven: u64,
    /// Files for Azure Files, where nothing was looked at.
    pub elsewhere: u64,
    /// Files that are not there.
    pub missing: u64,
    /// Files whose blob is another.
    pub different: u64,
    /// Files that become one blob with another.
    pub twice: u64,
    /// Files that should be on the drives and are not.
    pub not_prepared: u64,
    /// All files that were seen and never went onto a drive, those among them.
    pub left_out: u64,
    /// Drives of the sessions that nothing was asked about.
    pub other_drives: u64,
    /// Blobs that are where a shipment's go.
    pub taken: u64,
    /// The person stopped it.
    pub is_stopped: bool,
}

impl ConfirmReport {
    /// Counts a finding.
    pub(super) const fn count(&mut self, code: Code) {
        let place = match code {
            Code::Missing => &mut self.missing,
            Code::Size | Code::Md5 | Code::Content => &mut self.different,
            Code::Unproven => &mut self.unproven,
            Code::Elsewhere => &mut self.elsewhere,
            Code::Twice => &mut self.twice,
            Code::Exists => &mut self.taken,
            // Those are counts of their own.
            Code::LeftOut | Code::OtherDrive => return,
        };
        *place = place.saturating_add(1);
    }

    /// Returns one word for the whole job.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        let wrong = [self.missing, self.different, self.twice, self.not_prepared];
        let [missing, different, twice, not_prepared] = wrong;
        if self.is_stopped || missing > 0 || different > 0 || twice > 0 || not_prepared > 0 {
            Verdict::Incomplete
        } else if self.unproven > 0 || self.elsewhere > 0 {
            Verdict::Unproven
        } else {
            Verdict::Confirmed
        }
    }

    /// Returns the verdict in a sentence. It says no more than was compared.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.verdict() {
            _ if self.is_stopped => self.stopped_sentence(),
            Verdict::Confirmed => {
                let only_copy = if self.left_out > 0 || self.other_drives > 0 {
                    let mut but = Vec::new();
                    if self.left_out > 0 {
                        but.push(format!(
                            "{} that never went onto a drive",
                            counted(self.left_out, "file", "files")
                        ));
                    }
                    if self.other_drives > 0 {
                        but.push(format!(
                            "what is on {} of the session",
                            counted(self.other_drives, "other drive", "other drives")
                        ));
                    }
                    format!("nothing is said of {}", but.join(" and "))
                } else {
                    "nothing here is the only copy".to_owned()
                };
                let all = all_are(self.files, "");
                format!("{all} in Azure{}; {only_copy}.", self.how())
            }
            Verdict::Unproven => self.unproven_sentence(),
            _ => {
                let parts = [
                    (self.missing, "is missing", "are missing"),
                    (self.different, "is different", "are different"),
                    (
                        self.twice,
                        "shares a blob with another",
                        "share a blob with another",
                    ),
                    (
                        self.not_prepared,
                        "never went onto a drive",
                        "never went onto a drive",
                    ),
                    (
                        self.unproven,
                        "is there by name and size only",
                        "are there by name and size only",
                    ),
                    (
                        self.elsewhere,
                        "is for Azure Files, where nothing was looked at",
                        "are for Azure Files, where nothing was looked at",
                    ),
                ];
                let parts = parts.iter().filter(|(count, ..)| *count > 0);
                let parts: Vec<String> = parts
                    .map(|(count, one, many)| match count {
                        1 => format!("1 {one}"),
                        count => format!("{} {many}", grouped(*count)),
                    })
                    .collect();
                let not_all = match self.files {
                    1 => "The one file is not in Azure as it was prepared".to_owned(),
                    files => format!(
                        "Not all of {} are in Azure",
                        counted(files, "file", "files")
                    ),
                };
                format!("{not_all}: {}.", parts.join(", "))
            }
        }
    }

    fn unproven_sentence(&self) -> String {
        let looked = self.files.saturating_sub(self.elsewhere);
        let blobs = match self.unproven {
            0 => {
                let all = all_are(looked, " for Blob storage");
                format!("{all} in Azure{}.", self.how())
            }
            unproven => {
                let content = match looked {
                    1 => "its content".to_owned(),
                    _ => format!("the content of {} of them", grouped(unproven)),
                };
                format!(
                    "{} there by name and size; {content} was not compared, so what is here may be the only copy.",
                    all_are(looked, "")
                )
            }
        };
        match self.elsewhere {
            0 => blobs,
            _ => format!("{blobs} {}", self.elsewhere_sentence()),
        }
    }

    /// Says how contents were compared.
    fn how(&self) -> String {
        let ways = [
            (self.by_md5, "by the MD5 that the store has"),
            (self.by_log, "by the service's own log"),
            (self.by_reading, "by reading them back"),
        ];
        let ways: Vec<_> = ways.iter().filter(|(count, _)| *count > 0).collect();
        match ways.as_slice() {
            [] => String::new(),
            [(_, way)] => format!(", compared {way}"),
            several => {
                let several: Vec<String> = several
                    .iter()
                    .map(|(count, way)| format!("{} {way}", grouped(*count)))
                    .collect();
                format!(", compared: {}", several.join(", "))
            }
        }
    }

    /// Returns one word for a shipment that did not leave yet.
    #[must_use]
    pub const fn shipment_verdict(&self) -> Verdict {
        if self.is_stopped {
            Verdict::Incomplete
        } else if self.taken > 0 || self.twice > 0 {
            Verdict::Taken
        } else if self.elsewhere > 0 {
            Verdict::Unproven
        } else {
            Verdict::Free
        }
    }

    /// Returns what stands in the way of a shipment, in a sentence. It says no more than was looked at.
    #[must_use]
    pub fn shipment_sentence(&self) -> String {
        if self.is_stopped {
            return self.stopped_sentence();
        }
        let looked = self.files.saturating_sub(self.elsewhere);
        let all = counted(looked, "file", "files");
        let mut said = match self.taken {
            0 if looked == 1 => {
                "Nothing is there yet where the one file of this shipment goes.".to_owned()
            }
            0 => format!("Nothing is there yet where the {all} of this shipment go."),
            1 => format!(
                "{} of this shipment goes where a blob is already. Today's service overwrites it, whatever the manifest \
                 says.",
                match looked {
                    1 => "The one file".to_owned(),
                    _ => format!("1 of the {all}"),
                }
            ),
            taken => format!(
                "{} of the {all} of this shipment go where blobs are already. Today's service overwrites them, whatever \
                 the manifest says.",
                grouped(taken)
            ),
        };
        if self.twice > 0 {
            said += &format!(
                " {} of them become a blob that another becomes too, and only one can be in it.",
                grouped(self.twice)
            );
        }
        if self.elsewhere > 0 {
            said += &format!(" {}", self.elsewhere_sentence());
        }
        said
    }

    fn elsewhere_sentence(&self) -> String {
        format!(
            "Nothing is said of {} for Azure Files: only Blob storage was looked at.",
            counted(self.elsewhere, "file", "files")
        )
    }

    fn stopped_sentence(&self) -> String {
        let all = counted(self.files, "file", "files");
        format!("Stopped before the end: nothing is said of the {all}.")
    }
}

/// Returns `All 7 files are`, and the same of one.
fn all_are(files: u64, of_what: &str) -> String {
    match files {
        1 => format!("The one file{of_what} is"),
        files => format!("All {}{of_what} are", counted(files, "file", "files")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_only_where_it_was_looked_at() {
        let free = ConfirmReport {
            files: 3,
            ..ConfirmReport::default()
        };
        assert_eq!(free.shipment_verdict(), Verdict::Free);
        let nothing = "Nothing is there yet where the 3 files of this shipment go.";
        assert_eq!(free.shipment_sentence(), nothing);
        for weaker in [
            ConfirmReport {
                elsewhere: 1,
                ..free.clone()
            },
            ConfirmReport {
                twice: 1,
                ..free.clone()
            },
            ConfirmReport {
                taken: 1,
                ..free.clone()
            },
            ConfirmReport {
                is_stopped: true,
                ..free.clone()
            },
        ] {
            assert_ne!(weaker.shipment_verdict(), Verdict::Free);
            assert_ne!(weaker.shipment_sentence(), nothing);
        }
    }

    #[test]
    fn one_file_is_spoken_of_as_one() {
        let one = ConfirmReport {
            files: 1,
            by_md5: 1,
            ..ConfirmReport::default()
        };
        assert_eq!(
            one.sentence(),
            "The one file is in Azure, compared by the MD5 that the store has; nothing here is the only copy."
        );
        let missing = ConfirmReport {
            missing: 1,
            ..one.clone()
        };
        assert_eq!(
            missing.sentence(),
            "The one file is not in Azure as it was prepared: 1 is missing."
        );
        assert_eq!(
            one.shipment_sentence(),
            "Nothing is there yet where the one file of this shipment goes."
        );
        let taken = ConfirmReport { taken: 1, ..one };
        assert_eq!(
            taken.shipment_sentence(),
            "The one file of this shipment goes where a blob is already. Today's service overwrites it, whatever the \
             manifest says."
        );
    }

    #[test]
    fn the_only_copy_is_spoken_of_only_where_all_was_compared() {
        let all = ConfirmReport {
            files: 1_284_332,
            by_md5: 1_284_332,
            ..ConfirmReport::default()
        };
        assert_eq!(
            all.sentence(),
            "All 1,284,332 files are in Azure, compared by the MD5 that the store has; nothing here is the only copy."
        );
        for weaker in [
            ConfirmReport {
                unproven: 1,
                ..all.clone()
            },
            ConfirmReport {
                elsewhere: 1,
                ..all.clone()
            },
            ConfirmReport {
                missing: 1,
                ..all.clone()
            },
            ConfirmReport {
                different: 1,
                ..all.clone()
            },
            ConfirmReport {
                twice: 1,
                ..all.clone()
            },
            ConfirmReport {
                left_out: 1,
                ..all.clone()
            },
            ConfirmReport {
                not_prepared: 1,
                ..all.clone()
            },
            ConfirmReport {
                other_drives: 1,
                ..all.clone()
            },
            ConfirmReport {
                is_stopped: true,
                ..all.clone()
            },
        ] {
            let said = weaker.sentence();
            assert!(!said.contains("nothing here is the only copy"), "{said}");
        }
    }
}
