//! One row of the table: what was to be, and what was found.

use serde_json::{Value, json};

/// One row.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    work: String,
    unit: String,
    /// Whether it is to be so much at least (else at most), and how much; `None` without a goal.
    goal: Option<(bool, f64)>,
    found: f64,
}

impl Row {
    /// Reads a line as measurements print it: `ROW`, work, unit, `>=` or `<=`, goal, found, with tabs between them. `None`
    /// for any other.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split('\t').collect();
        let ["ROW", work, unit, relation, goal, found] = fields.as_slice() else {
            return None;
        };
        let goal = match *relation {
            ">=" => Some((true, goal.parse().ok()?)),
            "<=" => Some((false, goal.parse().ok()?)),
            _ => None,
        };
        let found: f64 = found.parse().ok()?;
        found.is_finite().then(|| Self {
            work: (*work).to_owned(),
            unit: (*unit).to_owned(),
            goal,
            found,
        })
    }

    /// Returns whether a line means to be a row.
    pub(super) fn is_meant(line: &str) -> bool {
        line.starts_with("ROW\t")
    }

    /// Reads a row that was kept.
    pub(super) fn of_object(object: &Value) -> Option<Self> {
        let text = |name: &str| object[name].as_str().map(str::to_owned);
        let goal = object["goal"].as_f64();
        Some(Self {
            work: text("work")?,
            unit: text("unit")?,
            goal: goal.map(|goal| (object["at_least"] == true, goal)),
            found: object["found"].as_f64()?,
        })
    }

    /// Returns the row to be kept.
    pub(super) fn object(&self) -> Value {
        json!({
            "work": self.work,
            "unit": self.unit,
            "at_least": self.goal.map(|(at_least, _)| at_least),
            "goal": self.goal.map(|(_, goal)| goal),
            "found": self.found,
            "met": self.is_met(),
        })
    }

    /// Returns whether the goal was reached; `None` without one.
    pub(super) fn is_met(&self) -> Option<bool> {
        let met = |(at_least, goal)| {
            if at_least {
                self.found >= goal
            } else {
                self.found <= goal
            }
        };
        self.goal.map(met)
    }

    /// Returns the row of a table in Markdown.
    pub(super) fn line(&self) -> String {
        let goal = self.goal.map_or_else(String::new, |(at_least, goal)| {
            format!("{} {}", if at_least { "≥" } else { "≤" }, number(goal))
        });
        let found = match self.goal {
            // What is missed by less than three digits show is not to look as if it were met.
            Some((_, goal)) if number(goal) == number(self.found) => self.found.to_string(),
            _ => number(self.found),
        };
        let met = match self.is_met() {
            None => "",
            Some(true) => "met",
            Some(false) => "**missed**",
        };
        format!(
            "| {} | {} | {goal} | {found} | {met} |",
            self.work, self.unit,
        )
    }
}

/// Returns a number in three digits.
fn number(value: f64) -> String {
    let text = match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_met_only_on_its_goals_side() {
        let met = |line: &str| Row::parse(line).and_then(|row| row.is_met());
        assert_eq!(
            met("ROW\tprepare\tGB per CPU second\t>=\t2\t2.94"),
            Some(true)
        );
        assert_eq!(
            met("ROW\tprepare\tGB per CPU second\t>=\t2\t1.99"),
            Some(false)
        );
        assert_eq!(met("ROW\tlayout\tseconds\t<=\t12\t12.5"), Some(false));
        assert_eq!(met("ROW\tlayout\tseconds\t<=\t12\t9"), Some(true));
        assert_eq!(met("ROW\tlayout\tseconds\t\t\t9"), None);
        assert_eq!(Row::parse("| prepare | 2 |"), None);
        let nothing = "ROW\tlayout\tseconds\t<=\t12\tNaN";
        assert!(Row::parse(nothing).is_none() && Row::is_meant(nothing));
    }

    #[test]
    fn a_row_says_goal_and_result_beside_each_other_and_comes_back_as_it_was_kept() {
        let row = Row::parse("ROW\tprepare\tGB per CPU second\t>=\t2\t1.994").expect("a row");
        assert_eq!(
            row.line(),
            "| prepare | GB per CPU second | ≥ 2 | 1.99 | **missed** |"
        );
        assert_eq!(Row::of_object(&row.object()), Some(row));
        for (found, shown) in [("0.949", "0.949"), ("0.9503", "0.9503"), ("0.9", "0.9")] {
            let row = Row::parse(&format!("ROW\tprepare\tof dd's speed\t>=\t0.95\t{found}"));
            let line = row.expect("a row").line();
            assert!(line.contains(&format!("| ≥ 0.95 | {shown} |")), "{line}");
        }
        let row = Row::parse("ROW\tlayout\tseconds\t<=\t12\t12.004").expect("a row");
        assert!(row.line().ends_with("| ≤ 12 | 12.004 | **missed** |"));
        let free = Row::parse("ROW\tscan\tfiles a second\t\t\t1305000").expect("a row");
        assert_eq!(free.line(), "| scan | files a second |  | 1305000 |  |");
        assert_eq!(Row::of_object(&free.object()), Some(free));
    }
}
