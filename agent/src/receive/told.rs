//! What became of drives that came back, in the words of the wire.

use shared::api::{
    ApiError, ReceiveEnd, ReceiveFinding, ReceiveKey, ReceiveOrder, ReceiveVerdict, ReceivedDrive,
    StorageReport,
};
use shared::words::counted;

use super::received::Received;
use crate::job_error::JobError;
use crate::number::wide;

/// Findings of a drive that are told; the report has all of them.
const FINDINGS_TOLD: usize = 100;

/// Returns what came of an order; `room` is why there is none for all of it.
pub(super) fn end(
    order: ReceiveOrder,
    room: Result<(), JobError>,
    received: &[Received],
    is_cancelled: bool,
    report: StorageReport,
) -> ReceiveEnd {
    let drives: Vec<ReceivedDrive> = received.iter().map(drive).collect();
    let worst = drives.iter().map(|drive| drive.verdict).max();
    let error = room.err().map(|error| *error.error);
    let verdict = worst
        .filter(|_| error.is_none())
        .unwrap_or(ReceiveVerdict::Failed);
    let sum = |of: fn(&ReceivedDrive) -> u64| {
        let each = drives.iter().map(of);
        each.fold(0_u64, u64::saturating_add)
    };
    let mut end = ReceiveEnd {
        verdict,
        sentence: String::new(),
        // Whoever stops it after its end stops nothing.
        is_stopped: is_cancelled && verdict == ReceiveVerdict::Failed,
        files: sum(|drive| drive.files),
        bytes: sum(|drive| drive.bytes),
        order,
        error,
        report,
        drives,
    };
    end.sentence = sentence(&end);
    end
}

/// Returns the end of an order that a fault of ours broke off.
pub(super) fn broken_off(order: ReceiveOrder) -> ReceiveEnd {
    let error = ApiError::new(
        shared::api::code::INTERNAL,
        "the copying stopped unexpectedly; this is a fault of Argosy",
    )
    .safe("The drives were only read, and what is home stays.")
    .next("Copy home again: it goes on where it stopped.");
    let report = StorageReport::Lost {
        why: "the copying stopped unexpectedly".to_owned(),
    };
    let mut end = end(order, Ok(()), &[], false, report);
    end.error = Some(error);
    end.sentence = sentence(&end);
    end
}

fn drive(received: &Received) -> ReceivedDrive {
    let key = received.key.as_ref().map(|(number, serial)| ReceiveKey {
        number: wide(*number),
        serial: serial.clone(),
    });
    let report = received.report.as_ref();
    let found = report.map_or(&[][..], |report| report.findings.as_slice());
    let left_out = report.map_or(0, |report| report.findings_left_out);
    let told = found.iter().take(FINDINGS_TOLD);
    ReceivedDrive {
        serial: received.serial.clone(),
        path: received.path.to_string_lossy().into_owned(),
        verdict: received.verdict(),
        files: report.map_or(0, |report| report.files),
        bytes: report.map_or(0, |report| report.bytes),
        unproven: report
            .ok()
            .and_then(|report| report.unproven_words())
            .unwrap_or_default(),
        key,
        error: report.err().map(|error| (*error.error).clone()),
        findings: told
            .map(|finding| ReceiveFinding {
                code: finding.code.to_owned(),
                message: finding.message.clone(),
                file: finding.file.clone(),
                offset: finding.offset,
            })
            .collect(),
        findings_left_out: wide(found.len().saturating_sub(FINDINGS_TOLD)).saturating_add(left_out),
    }
}

fn sentence(end: &ReceiveEnd) -> String {
    let files = counted(end.files, "file", "files");
    let drives = counted(wide(end.drives.len()), "drive", "drives");
    let of_all = format!("{files} of {drives}");
    let is_home = if end.order.dry_run {
        "would be copied"
    } else if end.files == 1 {
        "is home"
    } else {
        "are home"
    };
    match end.verdict {
        _ if end.error.is_some() => "Nothing more was copied.".to_owned(),
        _ if end.is_stopped => {
            format!(
                "Stopped before the end. {files} {is_home}: copying home again goes on from there."
            )
        }
        ReceiveVerdict::Verified => {
            format!("Everything is home: {of_all}, each compared with the manifest on its drive.")
        }
        ReceiveVerdict::Copied => format!(
            "Everything is home as it is on the drives: {of_all}. Not all of it could be compared with anything."
        ),
        ReceiveVerdict::Planned => {
            format!("{of_all} would be copied, and there is room for them. Nothing was written.")
        }
        ReceiveVerdict::Mismatch => {
            format!(
                "Not everything is as it should be: {of_all} {is_home}, and what is wrong is named below."
            )
        }
        ReceiveVerdict::Failed => {
            let failed = end.drives.iter();
            let failed = failed.filter(|drive| drive.verdict == ReceiveVerdict::Failed);
            format!(
                "Not everything is home: {} of {drives} failed. {files} {is_home}.",
                failed.count()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::api::Pace;

    use super::*;
    use crate::unpack::{UnpackFinding, UnpackReport};

    fn received(serial: &str, verdict: ReceiveVerdict, findings: usize) -> Received {
        let finding = UnpackFinding {
            code: "md5",
            message: "it is another".to_owned(),
            file: None,
            offset: None,
        };
        Received {
            path: "/dev/sdx".into(),
            serial: serial.to_owned(),
            key: Some((1, None)),
            report: Ok(UnpackReport {
                verdict,
                files: 2,
                bytes: 10,
                unproven: 0,
                has_manifest: true,
                has_log: false,
                findings: vec![finding; findings],
                findings_left_out: 7,
            }),
            pace: Pace::default(),
        }
    }

    fn locked(serial: &str) -> Received {
        Received {
            key: None,
            report: Err(JobError::io("none of the keys opens it", "/dev/sdy", "")),
            ..received(serial, ReceiveVerdict::Failed, 0)
        }
    }

    fn told(received: &[Received], is_cancelled: bool) -> ReceiveEnd {
        let report = StorageReport::Lost { why: String::new() };
        let order = ReceiveOrder::default();
        end(order, Ok(()), received, is_cancelled, report)
    }

    #[test]
    fn the_worst_drive_decides_and_only_the_first_findings_travel() {
        let drives = [
            received("A", ReceiveVerdict::Verified, 0),
            received("B", ReceiveVerdict::Mismatch, 103),
        ];
        let end = told(&drives, false);
        assert_eq!(end.verdict, ReceiveVerdict::Mismatch);
        assert_eq!((end.files, end.bytes), (4, 20));
        assert_eq!(end.drives[1].findings.len(), 100);
        assert_eq!(end.drives[1].findings_left_out, 3 + 7);
        assert!(end.sentence.contains("4 files of 2 drives are home"));
        let end = told(&drives[..1], false);
        assert_eq!(end.verdict, ReceiveVerdict::Verified);
        assert!(
            end.sentence
                .starts_with("Everything is home: 2 files of 1 drive,")
        );
    }

    #[test]
    fn a_drive_that_no_key_opens_is_not_called_stopped_and_a_stop_that_came_late_is_none() {
        let end = told(
            &[received("A", ReceiveVerdict::Verified, 0), locked("B")],
            false,
        );
        assert!(!end.is_stopped);
        assert!(
            end.sentence.contains("1 of 2 drives failed"),
            "{}",
            end.sentence
        );
        assert_eq!(end.drives[1].key, None);
        assert!(end.drives[1].error.is_some());
        assert!(!told(&[received("A", ReceiveVerdict::Verified, 0)], true).is_stopped);
        assert!(told(&[received("A", ReceiveVerdict::Failed, 1)], true).is_stopped);
    }

    #[test]
    fn where_there_is_no_room_nothing_is_called_home() {
        let report = StorageReport::Lost { why: String::new() };
        let room = Err(JobError::refused(
            "there is too little room",
            "/back",
            "Make room.",
        ));
        let end = end(ReceiveOrder::default(), room, &[], false, report);
        assert_eq!(end.verdict, ReceiveVerdict::Failed);
        assert_eq!(end.error.map(|error| error.place), Some("/back".to_owned()));
    }
}
