//! A body as the constant text of its template and the values between: split, and put together again.

use memchr::memmem;

/// The slots that a template's text may name (see `patterns`). Whatever else stands in angle brackets is text.
const SLOTS: [&str; 11] = [
    "<*>", "<num>", "<hex>", "<ip>", "<uuid>", "<path>", "<url>", "<email>", "<time>", "<quoted>",
    "<host>",
];

/// The constant parts of a template: one more than it has slots; those at the ends may be empty.
pub(crate) struct Skeleton {
    parts: Vec<Part>,
}

struct Part {
    text: String,
    finder: memmem::Finder<'static>,
}

impl Part {
    fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            finder: memmem::Finder::new(text.as_bytes()).into_owned(),
        }
    }
}

impl Skeleton {
    pub(crate) fn new(template: &str) -> Self {
        let mut parts = Vec::new();
        let (mut start, mut at) = (0, 0);
        while let Some(offset) = memchr::memchr(b'<', &template.as_bytes()[at..]) {
            at += offset;
            match SLOTS.iter().find(|slot| template[at..].starts_with(**slot)) {
                Some(slot) => {
                    parts.push(Part::new(&template[start..at]));
                    at += slot.len();
                    start = at;
                }
                None => at += 1,
            }
        }
        parts.push(Part::new(&template[start..]));
        Self { parts }
    }

    pub(crate) fn slots(&self) -> usize {
        self.parts.len() - 1
    }

    /// The constant parts in order.
    pub(crate) fn constants(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|part| part.text.as_str())
    }

    /// The values of the slots in order and, as one more, what follows the last part. `None` when the body has
    /// not these parts in this order. [`Skeleton::join`] of the values is the body, byte for byte: each value is
    /// what lies between two parts.
    pub(crate) fn split<'b>(&self, body: &'b str, values: &mut Vec<&'b str>) -> Option<()> {
        values.clear();
        let first = self.parts.first()?;
        let mut rest = body.strip_prefix(first.text.as_str())?;
        let last = self.parts.len() - 1;
        for (index, part) in self.parts.iter().enumerate().skip(1) {
            // Nothing tells where two neighbouring slots part: the second gets all.
            let at = match (part.text.is_empty(), index == last) {
                (true, true) => rest.len(),
                (true, false) => 0,
                (false, _) => part.finder.find(rest.as_bytes())?,
            };
            let (value, after) = (rest.get(..at)?, rest.get(at + part.text.len()..)?);
            values.push(value);
            rest = after;
        }
        values.push(rest);
        Some(())
    }

    /// The body with these values; missing ones are empty. The last value is what follows the last part.
    pub(crate) fn join<'v>(&self, mut value: impl FnMut(usize) -> &'v str, out: &mut String) {
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                out.push_str(value(index - 1));
            }
            out.push_str(&part.text);
        }
        out.push_str(value(self.slots()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Skeleton;

    fn parts(template: &str, body: &str) -> Option<Vec<String>> {
        let mut values = Vec::new();
        Skeleton::new(template).split(body, &mut values)?;
        Some(values.into_iter().map(str::to_owned).collect())
    }

    fn whole(template: &str, values: &[String]) -> String {
        let mut out = String::new();
        Skeleton::new(template).join(|index| &values[index], &mut out);
        out
    }

    #[test]
    fn values_are_what_lies_between_the_constant_parts() {
        let values = parts("user <num> from <ip>:<num>", "user 7 from ::1:80").expect("it fits");
        // The first colon ends the address: the values put together are the body all the same.
        assert_eq!(
            whole("user <num> from <ip>:<num>", &values),
            "user 7 from ::1:80"
        );
        assert_eq!(
            parts("a <num>", "a 1\n  at x"),
            Some(vec!["1\n  at x".into(), String::new()])
        );
        assert_eq!(
            parts("took <num> ms", "took 5 ms!"),
            Some(vec!["5".into(), "!".into()])
        );
        assert_eq!(parts("took <num> ms", "took long"), None);
        assert_eq!(
            parts("<num><hex>", "1f"),
            Some(vec![String::new(), "1f".into(), String::new()])
        );
        assert_eq!(
            parts("<b> <num>", "<b> 1"),
            Some(vec!["1".into(), String::new()])
        );
    }

    proptest! {
        #[test]
        fn what_splits_comes_back(template in "[a<*>é ]{0,12}(<num>|<\\*>)?[a é]{0,3}(<ip>)?", body in "[a<*>é 1]{0,20}") {
            if let Some(values) = parts(&template, &body) {
                prop_assert_eq!(whole(&template, &values), body);
            }
        }
    }
}
