//! `argosy status --follow`: every change, until nothing is at work any more.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::sync::mpsc::{Receiver, channel};

use serde_json::json;
use shared::api::{JobSnapshot, Receiving};
use shared::job::Verdict;

use super::progress::percent;
use super::screen::{Ended, Screen};
use super::side_door;
use super::status::{is_unfinished, lines, stage, state};
use super::status_home::home_steps;
use super::unpack::kind;
use crate::control::{Answer, Connection, ControlError, Status};
use crate::jobs::JobError;

/// What one process said: how things stand there, or (`None`) that it ended.
type Heard = (usize, Result<Option<Status>, ControlError>);

/// Shows every change until nothing is at work. What was at work and did not end well makes it end amiss.
///
/// # Errors
/// [`JobError`] when a process cannot be asked.
pub(super) fn follow(processes: Vec<Connection>, screen: &Screen) -> Result<Ended, JobError> {
    let mut waited = processes.len();
    let heard = listen(processes);
    let mut view = View {
        processes: BTreeMap::new(),
        watched: BTreeMap::new(),
        homecomings: BTreeMap::new(),
        redraws: std::io::stdout().is_terminal() && !screen.is_json(),
        drawn: 0,
        said: BTreeSet::new(),
    };
    let mut first: BTreeSet<usize> = (0..waited).collect();
    while waited > 0 {
        let Ok((number, said)) = heard.recv() else {
            break;
        };
        match said.map_err(|error| side_door::failed(&error))? {
            Some(status) => {
                view.take(&status);
                view.processes.insert(number, status);
            }
            None => {
                view.processes.remove(&number);
                waited = waited.saturating_sub(1);
            }
        }
        first.remove(&number);
        // Until everybody has spoken once, nobody knows whether anything is at work.
        if first.is_empty() {
            view.show(screen);
            if !view.at_work() {
                break;
            }
        }
    }
    if view.watched.is_empty() && view.homecomings.is_empty() {
        view.show(screen);
    }
    Ok(view.end(screen))
}

/// Hears all processes at once.
fn listen(processes: Vec<Connection>) -> Receiver<Heard> {
    let (tell, heard) = channel();
    for (number, mut process) in processes.into_iter().enumerate() {
        let tell = tell.clone();
        std::thread::spawn(move || {
            if let Err(error) = process.follow() {
                drop(tell.send((number, Err(error))));
                return;
            }
            loop {
                let said = match process.hear() {
                    Ok(Some(Answer::Status(status))) => Ok(Some(status)),
                    Ok(_) => Ok(None),
                    Err(error) => Err(error),
                };
                let goes_on = matches!(said, Ok(Some(_)));
                if tell.send((number, said)).is_err() || !goes_on {
                    return;
                }
            }
        });
    }
    heard
}

struct View {
    processes: BTreeMap<usize, Status>,
    /// Every job that was seen at work, as it was last seen.
    watched: BTreeMap<String, JobSnapshot>,
    /// Every order of drives that come home, by its id, the same way.
    homecomings: BTreeMap<String, Receiving>,
    redraws: bool,
    drawn: usize,
    /// Lines that were printed, where nothing is drawn anew.
    said: BTreeSet<String>,
}

impl View {
    fn take(&mut self, status: &Status) {
        for job in &status.jobs {
            if is_unfinished(job) || self.watched.contains_key(&job.id) {
                self.watched.insert(job.id.clone(), job.clone());
            }
        }
        let receiving = &status.receiving;
        let is_running = matches!(receiving, Receiving::Running(_));
        if let Some(order) = receiving.order()
            && (is_running || self.homecomings.contains_key(&order.id))
        {
            self.homecomings.insert(order.id.clone(), receiving.clone());
        }
    }

    fn at_work(&self) -> bool {
        self.processes.values().any(|status| {
            status.jobs.iter().any(is_unfinished)
                || matches!(status.receiving, Receiving::Running(_))
        })
    }

    fn show(&mut self, screen: &Screen) {
        let processes: Vec<Status> = self.processes.values().cloned().collect();
        screen.object(&json!({ "processes": processes }));
        if self.redraws {
            let lines = lines(&processes);
            screen.take_back(self.drawn);
            self.drawn = lines.len();
            screen.line(&lines.join("\n"));
            return;
        }
        for line in self.steps() {
            if self.said.insert(line.clone()) {
                screen.line(&line);
            }
        }
    }

    /// Returns a line for each step that a job or drive has reached: its stage, and every ten percent.
    fn steps(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for job in self.watched.values() {
            lines.push(format!("{}: {}", job.session, state(job)));
            for drive in &job.drives {
                let tens = (percent(&drive.progress) / 10).saturating_mul(10);
                let (serial, stage) = (&drive.serial, stage(job, drive));
                lines.push(format!("{}: {serial}: {stage}, {tens} %", job.session));
            }
        }
        for receiving in self.homecomings.values() {
            if let Receiving::Running(run) = receiving {
                lines.extend(home_steps(run));
            }
        }
        lines
    }

    /// Says what became of each job that was watched.
    fn end(&self, screen: &Screen) -> Ended {
        let mut amiss = false;
        for job in self.watched.values() {
            if is_unfinished(job) {
                amiss = true;
                screen.aside(&format!(
                    "{}: its process ended before it did; its journals say how far it came",
                    job.session
                ));
            } else {
                let well = matches!(job.verdict, Some(Verdict::Verified | Verdict::Written));
                amiss |= !well;
                screen.aside(&format!("{}: {}", job.session, state(job)));
            }
        }
        for receiving in self.homecomings.values() {
            if let Receiving::Ended(end) = receiving {
                amiss |= kind(end.verdict).is_some();
                screen.aside(&end.sentence);
            } else {
                amiss = true;
                screen.aside("The process that copied drives home ended before they were home; receiving again goes on from there.");
            }
        }
        if self.watched.is_empty() && self.homecomings.is_empty() {
            screen.aside("Nothing is at work.");
        }
        Ended::amiss_if(amiss)
    }
}
