//! How the text of one project is treated.

use redact::{Kind, Scrubber};
use serde_json::Value;

/// How deep a document of attributes is followed; what lies deeper is replaced as a whole.
const MAX_DEPTH: usize = 64;

/// Labels that name machines of the house, as Prometheus and OpenTelemetry write them.
const MACHINE_LABELS: [&str; 12] = [
    "instance",
    "host",
    "hostname",
    "host_name",
    "host.name",
    "node",
    "nodename",
    "node_name",
    "server",
    "device",
    "exported_instance",
    "server.address",
];

/// What is taken out of messages to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageMask {
    /// Nothing.
    Off,
    /// What opens doors or moves money: passwords, keys, tokens, cards, account and tax numbers, and own rules.
    #[default]
    Secrets,
    /// Everything that the scrubber finds.
    All,
}

/// How the text of a project is treated.
#[derive(Debug, Clone)]
pub struct ScrubPolicy {
    scrubber: Scrubber,
    pub(super) is_strict: bool,
    pub(super) masks_stored: bool,
    pub(super) messages: MessageMask,
}

impl Default for ScrubPolicy {
    fn default() -> Self {
        Self::new(Scrubber::new())
    }
}

impl ScrubPolicy {
    /// The built-in rules and those of the scrubber; nothing masked before it is stored, messages without secrets.
    #[must_use]
    pub fn new(scrubber: Scrubber) -> Self {
        Self {
            scrubber,
            is_strict: false,
            masks_stored: false,
            messages: MessageMask::default(),
        }
    }

    /// To models outside only templates and typed slots are sent.
    #[must_use]
    pub fn strict(mut self, is_strict: bool) -> Self {
        self.is_strict = is_strict;
        self
    }

    /// Records, spans, labels of metrics and change events are masked, for good, before they are stored.
    #[must_use]
    pub fn masking_stored(mut self, masks_stored: bool) -> Self {
        self.masks_stored = masks_stored;
        self
    }

    /// What is taken out of messages to people.
    #[must_use]
    pub fn with_messages(mut self, messages: MessageMask) -> Self {
        self.messages = messages;
        self
    }

    /// The scrubber of what goes to models outside.
    #[must_use]
    pub fn outbound(&self) -> Scrubber {
        self.scrubber.clone().strict(self.is_strict)
    }

    /// A text as it may stand in a message to people.
    #[must_use]
    pub fn message(&self, text: &str) -> String {
        match self.messages {
            MessageMask::Off => text.to_owned(),
            MessageMask::Secrets => self.scrubber.mask_credentials(text).text.into_owned(),
            MessageMask::All => self.scrubber.mask(text).text.into_owned(),
        }
    }

    pub(super) fn mask(&self, text: &mut String) {
        if let std::borrow::Cow::Owned(masked) = self.scrubber.mask(text).text {
            *text = masked;
        }
    }

    /// Masks a compact JSON document and keeps it one.
    pub(super) fn mask_json(&self, text: &mut String) {
        let masked = self.scrubber.mask(text);
        let std::borrow::Cow::Owned(replaced) = masked.text else {
            return;
        };
        if serde_json::from_str::<serde::de::IgnoredAny>(&replaced).is_ok() {
            *text = replaced;
            return;
        }
        // Something without quotes was replaced, or more than one value: each value by itself then.
        *text = match serde_json::from_str::<Value>(text) {
            Ok(mut document) => {
                self.mask_value("", &mut document, 0);
                document.to_string()
            }
            Err(_) => Value::String(replaced).to_string(),
        };
    }

    fn mask_value(&self, key: &str, value: &mut Value, depth: usize) {
        match value {
            _ if depth > MAX_DEPTH => *value = Value::String("<MASKED>".to_owned()),
            Value::Object(fields) => {
                for (key, value) in fields.iter_mut() {
                    self.mask_value(key, value, depth + 1);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.mask_value(key, item, depth + 1);
                }
            }
            Value::String(text) => self.mask_field(key, text, |_| true),
            Value::Number(number) => {
                if self.scrubber.mask(&format!("{key}={number}")).count > 0 {
                    *value = Value::String("<MASKED>".to_owned());
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Masks the value of a field beside its name, which may give it away; only kinds that are wanted.
    fn mask_field(&self, key: &str, text: &mut String, is_wanted: impl Fn(Kind) -> bool) {
        let field = serde_json::json!({ key: &*text }).to_string();
        let masked = self.scrubber.mask_where(&field, is_wanted);
        if masked.count > 0 {
            let inner = serde_json::from_str::<Value>(&masked.text).ok();
            let inner = inner
                .as_ref()
                .and_then(|field| field.get(key))
                .and_then(Value::as_str);
            *text = inner.unwrap_or("<MASKED>").to_owned();
        }
    }

    /// Masks the value of a label of a metric. Addresses stay in the labels that name machines of the house: they are what
    /// tells its series apart.
    pub(super) fn mask_label(&self, name: &str, value: &mut String) {
        let is_of_machines = MACHINE_LABELS.contains(&name);
        self.mask_field(name, value, |kind| {
            !(is_of_machines && matches!(kind, Kind::Ip | Kind::Mac | Kind::Domain))
        });
    }
}
