//! What a template calculates with.

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Bool(bool),
    Int(i64),
    Float(f64),
}

impl Default for Value {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Value {
    /// As it is written.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Bool(is_true) => is_true.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
        }
    }

    /// What `if` takes for true: anything but nothing.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Bool(is_true) => *is_true,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
        }
    }

    /// A text that is no number is 0, as in Loki.
    pub(super) fn float(&self) -> f64 {
        match self {
            Self::Text(text) => text.trim().parse().unwrap_or(0.0),
            Self::Bool(is_true) => f64::from(u8::from(*is_true)),
            Self::Int(number) => *number as f64,
            Self::Float(number) => *number,
        }
    }

    /// Towards zero.
    pub(super) fn int(&self) -> i64 {
        match self {
            Self::Int(number) => *number,
            Self::Text(text) => match text.trim().parse() {
                Ok(number) => number,
                Err(_) => self.float() as i64,
            },
            other => other.float() as i64,
        }
    }

    /// Numbers are compared as numbers, everything else as texts.
    pub(super) fn compare(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Int(_) | Self::Float(_), _) | (_, Self::Int(_) | Self::Float(_)) => {
                self.float().total_cmp(&other.float())
            }
            _ => self.text().cmp(&other.text()),
        }
    }
}
