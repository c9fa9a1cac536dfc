//! What metadata and properties files say.

use super::attached::{AttachedKind, AttachedProblem};
use crate::xml_element::Elements;

impl AttachedKind {
    /// Returns names and values of a file, in its order.
    ///
    /// # Errors
    /// [`AttachedProblem`], as [`AttachedKind::check`].
    pub fn values(self, xml: &[u8]) -> Result<Vec<(String, String)>, AttachedProblem> {
        self.check(xml)?;
        let no_xml = |error: crate::xml_element::NoXml| AttachedProblem::NotXml {
            what: error.to_string(),
        };
        let mut elements = Elements::new(xml);
        elements.enter().map_err(no_xml)?;
        let mut values = Vec::new();
        while let Some(element) = elements.next().map_err(no_xml)? {
            values.push((element.name, element.text));
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_their_references() {
        let xml =
            b"<?xml version=\"1.0\"?><Metadata><Project>a &amp; b</Project><Empty/></Metadata>";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            AttachedKind::Metadata.values(xml),
            Ok(vec![pair("Project", "a & b"), pair("Empty", "")])
        );
        assert!(
            AttachedKind::Properties
                .values(b"<Properties><X/></Properties>")
                .is_err()
        );
    }
}
