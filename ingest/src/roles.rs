//! Which key names which field of a record.

/// A field of a record that a key can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Timestamp,
    Severity,
    Service,
    Message,
    TraceId,
    SpanId,
}

/// The role of a key and its rank: when several keys of one record have the same role, the lowest rank wins and the
/// others stay attributes. Sources of the names: OpenTelemetry, Elastic Common Schema, GELF, journald, Serilog, zap,
/// pino, Python logging, Google Cloud Logging, MongoDB.
pub(crate) fn role_of(key: &str) -> Option<(Role, u8)> {
    // By length first: most keys of most records are attributes, and this rules them out with few comparisons.
    if key.len() <= 7 {
        short_key(key)
    } else {
        long_key(key)
    }
}

/// Keys of up to seven bytes.
fn short_key(key: &str) -> Option<(Role, u8)> {
    use Role::{Message, Service, Severity, SpanId, Timestamp, TraceId};
    Some(match key.len() {
        1 => match key {
            "t" => (Timestamp, 7),
            "s" => (Severity, 8),
            _ => return None,
        },
        2 => match key {
            "ts" | "dt" => (Timestamp, 3),
            "@t" => (Timestamp, 5),
            "@l" => (Severity, 5),
            "@m" => (Message, 3),
            _ => return None,
        },
        3 => match key {
            "lvl" => (Severity, 2),
            "app" => (Service, 3),
            "msg" => (Message, 1),
            "log" => (Message, 5),
            "@mt" => (Message, 8),
            "@tr" => (TraceId, 2),
            "@sp" => (SpanId, 2),
            _ => return None,
        },
        4 => match key {
            "time" => (Timestamp, 2),
            "date" => (Timestamp, 7),
            "body" => (Message, 2),
            "text" => (Message, 7),
            _ => return None,
        },
        5 => match key {
            "level" => (Severity, 1),
            "Level" => (Severity, 5),
            "event" => (Message, 6),
            _ => return None,
        },
        6 => match key {
            "spanId" | "spanID" | "SpanId" | "spanid" => (SpanId, 1),
            _ => return None,
        },
        7 => match key {
            "asctime" => (Timestamp, 5),
            "service" => (Service, 0),
            "Service" => (Service, 4),
            "message" => (Message, 0),
            "Message" | "MESSAGE" => (Message, 3),
            "traceId" | "traceID" | "TraceId" | "traceid" => (TraceId, 1),
            "span_id" => (SpanId, 0),
            "span.id" => (SpanId, 1),
            _ => return None,
        },
        _ => return None,
    })
}

/// Keys of eight bytes and more.
fn long_key(key: &str) -> Option<(Role, u8)> {
    use Role::{Message, Service, Severity, SpanId, Timestamp, TraceId};
    Some(match key.len() {
        8 => match key {
            "datetime" => (Timestamp, 4),
            "severity" => (Severity, 0),
            "loglevel" => (Severity, 4),
            "LogLevel" => (Severity, 5),
            "PRIORITY" => (Severity, 8),
            "trace_id" => (TraceId, 0),
            "trace.id" => (TraceId, 1),
            _ => return None,
        },
        9 => match key {
            "timestamp" => (Timestamp, 0),
            "Timestamp" | "eventTime" => (Timestamp, 5),
            "log.level" | "log_level" | "levelname" => (Severity, 4),
            _ => return None,
        },
        10 => match key {
            "@timestamp" => (Timestamp, 1),
            "event_time" => (Timestamp, 5),
            "otelSpanID" | "dd.span_id" => (SpanId, 2),
            _ => return None,
        },
        11 => match key {
            "timestampMs" => (Timestamp, 6),
            "serviceName" => (Service, 2),
            "application" | "ServiceName" => (Service, 4),
            "textPayload" => (Message, 4),
            "otelTraceID" | "dd.trace_id" => (TraceId, 2),
            _ => return None,
        },
        12 => match key {
            "timeUnixNano" | "timestamp_ms" => (Timestamp, 6),
            "severityText" => (Severity, 3),
            "service.name" => (Service, 1),
            "service_name" => (Service, 2),
            _ => return None,
        },
        13 => match key {
            "severity_text" => (Severity, 3),
            "short_message" => (Message, 3),
            _ => return None,
        },
        14 => match key {
            "time_unix_nano" => (Timestamp, 6),
            "severityNumber" => (Severity, SEVERITY_NUMBER_RANK),
            _ => return None,
        },
        15 => match key {
            "severity_number" => (Severity, SEVERITY_NUMBER_RANK),
            "RenderedMessage" => (Message, 3),
            "MessageTemplate" => (Message, 8),
            _ => return None,
        },
        17 => match key {
            "SYSLOG_IDENTIFIER" => (Service, 5),
            _ => return None,
        },
        20 => match key {
            "__REALTIME_TIMESTAMP" => (Timestamp, 7),
            _ => return None,
        },
        _ => return None,
    })
}

/// Its values are OpenTelemetry numbers, not those of pino or syslog.
pub(crate) const SEVERITY_NUMBER_RANK: u8 = 7;

/// Timestamps of this rank or above are words that also mean other things (`time: 12.5`): a value that is no
/// timestamp stays an attribute. Below, it is kept as `vigil.original_timestamp`.
pub(crate) const WEAK_TIMESTAMP_RANK: u8 = 2;
