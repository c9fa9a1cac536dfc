//! What `argosy status` says of drives that come home.

use shared::api::{ReceiveRun, Receiving, ReceivingDrive};

use super::progress::percent_of;
use super::size::show_size;

/// Returns how it stands, for a person: nothing when nobody asked for anything.
pub(super) fn home_lines(receiving: &Receiving) -> Vec<String> {
    match receiving {
        Receiving::Nothing => Vec::new(),
        Receiving::Running(run) => {
            let head = format!("  {} (job {})", run_words(run), run.order.id);
            let drives = run.drives.iter().map(|one| format!("    {}", far(one)));
            std::iter::once(head).chain(drives).collect()
        }
        Receiving::Ended(end) => vec![format!(
            "  drives to {}: {}. {}",
            end.order.to,
            end.verdict.word(),
            end.sentence
        )],
    }
}

/// Returns a line for each step that was reached: every ten percent of a drive, and what became of it.
pub(super) fn home_steps(run: &ReceiveRun) -> Vec<String> {
    let drives = run.drives.iter().map(|drive| match drive.verdict {
        Some(verdict) => format!("{}: {}", drive.serial, verdict.word()),
        None => {
            let tens = (percent_of(drive.bytes, drive.total) / 10).saturating_mul(10);
            format!("{}: coming home, {tens} %", drive.serial)
        }
    });
    std::iter::once(run_words(run)).chain(drives).collect()
}

fn run_words(run: &ReceiveRun) -> String {
    let doing = match run {
        _ if run.is_stopping => "stopping",
        _ if run.order.dry_run => "being looked at",
        _ => "coming home",
    };
    format!("drives to {}: {doing}", run.order.to)
}

fn far(drive: &ReceivingDrive) -> String {
    let stands = match (&drive.error, drive.verdict) {
        (Some(error), _) => error.message.clone(),
        (None, Some(verdict)) => verdict.word().to_owned(),
        (None, None) if drive.total == 0 => "being opened".to_owned(),
        (None, None) => format!(
            "{} %, {} of {}",
            percent_of(drive.bytes, drive.total),
            show_size(drive.bytes),
            show_size(drive.total)
        ),
    };
    format!("{}: {stands}", drive.serial)
}

#[cfg(test)]
mod tests {
    use shared::api::{ApiError, ReceiveOrder, ReceiveVerdict, code};

    use super::*;

    fn run() -> ReceiveRun {
        let drive = |serial: &str, bytes, total| ReceivingDrive {
            serial: serial.into(),
            bytes,
            total,
            ..ReceivingDrive::default()
        };
        let mut failed = drive("WD3", 0, 0);
        failed.verdict = Some(ReceiveVerdict::Failed);
        failed.error = Some(ApiError::new(code::NOT_FOUND, "it was pulled"));
        ReceiveRun {
            order: ReceiveOrder {
                id: "1f".into(),
                to: "/srv/home".into(),
                ..ReceiveOrder::default()
            },
            is_stopping: false,
            drives: vec![drive("WD1", 47, 100), drive("WD2", 0, 0), failed],
        }
    }

    #[test]
    fn each_drive_that_comes_home_is_told_with_what_stops_it() {
        let said = home_lines(&Receiving::Running(run())).join("\n");
        assert!(
            said.contains("drives to /srv/home: coming home (job 1f)"),
            "{said}"
        );
        assert!(said.contains("WD1: 47 %"), "{said}");
        assert!(said.contains("WD2: being opened"), "{said}");
        assert!(said.contains("WD3: it was pulled"), "{said}");
        assert!(home_lines(&Receiving::Nothing).is_empty());
    }

    #[test]
    fn a_step_is_ten_percent_or_an_end() {
        let said = home_steps(&run()).join("\n");
        assert!(said.contains("WD1: coming home, 40 %"), "{said}");
        assert!(said.contains("WD3: failed"), "{said}");
    }
}
