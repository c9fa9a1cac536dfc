//! Every dependency's licence, against the list in `deny.toml`: no copyleft reaches the product.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell;

/// Checks every package of the lock file; the same rule as `cargo deny check licenses`, without installing it.
///
/// # Errors
/// When a licence is not on the list: all of them are named.
pub(crate) fn check() -> Result<()> {
    let policy = std::fs::read_to_string(shell::root().join("deny.toml"))
        .context("cannot read deny.toml")?;
    let allowed = allowed(&policy);
    let output = shell::cargo()
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata gave no packages")?;
    let mut refused = Vec::new();
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        let excepted = excepted(
            &policy,
            package["name"].as_str().unwrap_or_default(),
            licence,
        );
        if !excepted && !satisfied(licence, &allowed) {
            refused.push(format!(
                "{} {}: {licence}",
                package["name"], package["version"]
            ));
        }
    }
    if !refused.is_empty() {
        bail!(
            "licences that deny.toml does not allow:\n{}",
            refused.join("\n")
        );
    }
    eprintln!("{} packages, every licence allowed", packages.len());
    Ok(())
}

/// Returns the quoted names in the `allow = [ … ]` list of `[licenses]`.
fn allowed(policy: &str) -> BTreeSet<String> {
    let list = policy
        .split("allow = [")
        .nth(1)
        .and_then(|rest| rest.split(']').next())
        .unwrap_or_default();
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Returns whether `exceptions = [ … ]` allows this licence to this crate.
fn excepted(policy: &str, package: &str, licence: &str) -> bool {
    policy.contains(&format!(
        "{{ crate = \"{package}\", allow = [\"{licence}\"] }}"
    ))
}

/// Returns whether an SPDX expression can be met: one alternative of which every part is allowed.
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let flat = expression.replace(['(', ')'], " ").replace('/', " OR ");
    if flat.contains(" AND ") {
        // "(A OR B) AND C": each side of AND must have one allowed alternative.
        return flat.split(" AND ").all(|side| satisfied(side, allowed));
    }
    flat.split(" OR ")
        .any(|licence| allowed.contains(licence.trim()))
}

#[cfg(test)]
mod tests {
    use super::{allowed, satisfied};

    #[test]
    fn an_alternative_that_is_allowed_is_enough_and_a_copyleft_part_is_not() {
        let list = allowed("[licenses]\nallow = [\n \"MIT\", \"Apache-2.0\"]\n");
        assert!(satisfied("GPL-3.0 OR MIT", &list));
        assert!(satisfied("MIT/Apache-2.0", &list));
        assert!(!satisfied("MIT AND GPL-3.0", &list));
        assert!(!satisfied("none", &list));
    }
}
