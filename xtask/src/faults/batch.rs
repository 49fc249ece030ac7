//! What is sent: requests of numbered records, of which every byte can be made again.

use std::io;
use std::time::Duration;

use testkit::{Door, GrpcConnection, HttpConnection, Random, Row, Verdict};

/// Where OTLP over gRPC takes log records.
const GRPC: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
/// Codes of gRPC that ask for another try.
const RESOURCE_EXHAUSTED: u32 = 8;
const UNAVAILABLE: u32 = 14;

/// How long an answer may take: longer than a commit waits for a database that is away (20 s).
pub const ANSWER: Duration = Duration::from_secs(60);

/// A request under a key of its own. Its bytes are the same each time, as those of a client that repeats it are.
#[derive(Debug, Clone)]
pub struct Batch {
    /// `Idempotency-Key`, and the beginning of the names of its records.
    pub key: String,
    /// The protocol.
    pub door: Door,
    /// Whether it is called over gRPC; the door is OTLP in protobuf then.
    pub is_grpc: bool,
    /// Records in it.
    pub count: usize,
    /// Whose records they are; reading back asks for this service.
    pub service: String,
    /// When it was made, unix nanoseconds.
    pub made_at_ns: i64,
}

impl Batch {
    /// The names of its records.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.count).map(|index| format!("{}r{index}", self.key))
    }

    /// Its records.
    pub fn rows(&self) -> Vec<Row> {
        let times = self.made_at_ns..;
        self.names()
            .zip(times)
            .map(|(name, timestamp_ns)| Row {
                timestamp_ns,
                severity: if timestamp_ns % 9 == 0 {
                    "error"
                } else {
                    "info"
                },
                service: self.service.clone().into(),
                host: format!("node-{}", timestamp_ns % 4).into(),
                body: text_of(&name),
                trace_id: None,
                attributes: vec![("door".into(), self.door.name().to_owned())],
            })
            .collect()
    }

    /// Sends it; after an error nobody knows whether it was stored.
    pub fn send(&self, connection: &mut HttpConnection, token: &str) -> io::Result<Verdict> {
        let body = self.door.encode(&self.rows());
        self.send_bytes(&body, connection, token)
    }

    /// Sends other bytes under its key.
    pub fn send_bytes(
        &self,
        body: &[u8],
        connection: &mut HttpConnection,
        token: &str,
    ) -> io::Result<Verdict> {
        let authorization = format!("Bearer {token}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", self.door.content_type()),
            ("idempotency-key", &self.key),
        ];
        let answer = connection.exchange("POST", self.door.path(), &headers, body)?;
        Ok(self.door.verdict(answer.status, &answer.body, self.count))
    }

    /// Sends it over gRPC.
    pub fn send_grpc(&self, connection: &mut GrpcConnection, token: &str) -> io::Result<Verdict> {
        let authorization = format!("Bearer {token}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("idempotency-key", &self.key),
        ];
        let answer = connection.call(GRPC, &headers, &self.door.encode(&self.rows()))?;
        Ok(match answer.status {
            0 => self.door.verdict(200, &answer.message, self.count),
            RESOURCE_EXHAUSTED => Verdict::TryAgain(429),
            UNAVAILABLE => Verdict::TryAgain(503),
            code => Verdict::Refused {
                status: 200,
                text: format!("grpc-status {code}"),
            },
        })
    }

    /// Sends it over a connection of its own, the same way as ever.
    pub fn send_alone(&self, address: &str, token: &str) -> io::Result<Verdict> {
        if self.is_grpc {
            return self.send_grpc(&mut GrpcConnection::open(address, ANSWER)?, token);
        }
        self.send(&mut HttpConnection::open(address, ANSWER)?, token)
    }
}

/// The text of the record of this name: what comes back must be equal to the byte, however it was stored.
pub fn text_of(name: &str) -> String {
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut random = Random::new(seed);
    let (number, time, hex) = (random.below(100_000), random.below(9_000), random.draw());
    match random.below(5) {
        0 => format!("order {name} of customer {number} took {time} ms, total {number}.{time} EUR"),
        1 => format!(
            "payment {name} was refused by 10.0.{}.{}: code={time}",
            hex % 256,
            time % 256
        ),
        2 => format!("session {name} closed id={hex:016x} reason=\"time over\" after {time}ms"),
        3 => format!("cache {name} missed  {number} of {number} keys\t(größe {time} kB) ✓"),
        _ => format!(
            "job {name} retried, attempt {}: lock on shard {number}",
            time % 7
        ),
    }
}

/// The name in a text that [`text_of`] made, and whether the text is whole.
pub fn name_in(text: &str) -> Option<(&str, bool)> {
    let name = text.split_whitespace().nth(1)?.trim_end_matches(',');
    Some((name, text_of(name) == text))
}
