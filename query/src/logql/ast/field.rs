//! Single fields of a line.

/// A field that `| json` or `| logfmt` takes alone.
#[derive(Debug, Clone)]
pub struct FieldChoice {
    /// The label that it becomes.
    pub name: String,
    /// Where it stands.
    pub path: FieldPath,
}

/// The way to a value: `a.b[0]["c d"]`.
#[derive(Debug, Clone)]
pub struct FieldPath {
    text: String,
    steps: Vec<Step>,
}

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member of an object.
    Key(String),
    /// An element of a list, from 0.
    Index(usize),
}

impl FieldPath {
    /// A key alone, as it is.
    pub(crate) fn key(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            steps: vec![Step::Key(text.to_owned())],
        }
    }

    /// Reads a way.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no field: a.b, a[0] and a[\"b\"] are");
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (step, after) = inside.split_once(']').ok_or_else(wrong)?;
                let quoted = step
                    .strip_prefix('"')
                    .and_then(|step| step.strip_suffix('"'));
                steps.push(match quoted {
                    Some(key) => Step::Key(key.to_owned()),
                    None => Step::Index(step.trim().parse().map_err(|_| wrong())?),
                });
                rest = after;
                continue;
            }
            if !steps.is_empty() {
                rest = rest.strip_prefix('.').ok_or_else(wrong)?;
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                return Err(wrong());
            }
            steps.push(Step::Key(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        if steps.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            text: text.to_owned(),
            steps,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The steps, at least one.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}
