//! Messages out of datagrams: those that are too long for one come in chunks, in any order.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use domain::NANOS_PER_SECOND;

/// Begins every chunk.
const MAGIC: [u8; 2] = [0x1e, 0x0f];
/// Magic, id, number, count.
const HEADER_BYTES: usize = 12;
/// Most chunks of a message, by the format.
const MAX_CHUNKS: u8 = 128;
/// How long the chunks of a message may take, by the format.
const PATIENCE_NS: i64 = 5 * NANOS_PER_SECOND;
/// Messages that may be incomplete at once; beyond it the oldest is given up.
const OPEN_MESSAGES: usize = 1_024;
/// Bytes of all incomplete messages together; beyond it the oldest is given up.
const OPEN_BYTES: usize = 32 * 1024 * 1024;

/// Ids are the sender's own, so two senders may choose the same.
type Id = (SocketAddr, [u8; 8]);

/// Puts chunked messages together.
#[derive(Debug)]
pub struct GelfChunks {
    open: HashMap<Id, Message>,
    /// Ids in the order in which their first chunks came, with the serial number of the message.
    order: VecDeque<(Id, u64)>,
    bytes: usize,
    limit_bytes: usize,
    serial: u64,
    given_up: u64,
}

#[derive(Debug)]
struct Message {
    serial: u64,
    begun_at_ns: i64,
    chunks: Vec<Option<Vec<u8>>>,
    missing: usize,
    bytes: usize,
}

impl GelfChunks {
    /// Puts together messages of at most `limit_bytes`; longer ones are given up.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            open: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
            limit_bytes,
            serial: 0,
            given_up: 0,
        }
    }

    /// Takes a datagram that came at an instant (unix nanoseconds) and gives the message that is complete with it.
    pub fn push<'a>(
        &mut self,
        now_ns: i64,
        sender: SocketAddr,
        datagram: &'a [u8],
    ) -> Option<Cow<'a, [u8]>> {
        self.expire(now_ns);
        if !datagram.starts_with(&MAGIC) {
            return (!datagram.is_empty()).then_some(Cow::Borrowed(datagram));
        }
        let Some((header, data)) = datagram.split_first_chunk::<HEADER_BYTES>() else {
            self.given_up += 1;
            return None;
        };
        let mut id = [0; 8];
        id.copy_from_slice(&header[2..10]);
        let (number, count) = (header[10], header[11]);
        if !(1..=MAX_CHUNKS).contains(&count) || number >= count {
            self.given_up += 1;
            return None;
        }
        let key = (sender, id);
        let is_of_another = self
            .open
            .get(&key)
            .is_some_and(|message| message.chunks.len() != usize::from(count));
        if is_of_another {
            self.give_up(&key);
        }
        self.add(key, now_ns, (number, count), data).map(Cow::Owned)
    }

    /// Messages that were given up since the last call: late, too long, or pushed out by others.
    pub fn take_given_up(&mut self) -> u64 {
        std::mem::take(&mut self.given_up)
    }

    fn add(
        &mut self,
        key: Id,
        now_ns: i64,
        (number, count): (u8, u8),
        data: &[u8],
    ) -> Option<Vec<u8>> {
        let (serial, order) = (&mut self.serial, &mut self.order);
        let message = self.open.entry(key).or_insert_with(|| {
            *serial += 1;
            order.push_back((key, *serial));
            Message {
                serial: *serial,
                begun_at_ns: now_ns,
                chunks: vec![None; count.into()],
                missing: count.into(),
                bytes: 0,
            }
        });
        let place = message.chunks.get_mut(usize::from(number))?;
        if place.is_some() {
            return None;
        }
        *place = Some(data.to_vec());
        message.missing -= 1;
        message.bytes += data.len();
        self.bytes += data.len();
        if message.bytes > self.limit_bytes {
            self.give_up(&key);
            return None;
        }
        if message.missing == 0 {
            let message = self.remove(&key)?;
            return Some(message.chunks.into_iter().flatten().flatten().collect());
        }
        while self.open.len() > OPEN_MESSAGES || self.bytes > OPEN_BYTES {
            let Some((oldest, serial)) = self.order.pop_front() else {
                break;
            };
            self.give_up_if(&oldest, serial);
        }
        // Messages that were complete before older ones have left their places behind.
        if self.order.len() > 4 * OPEN_MESSAGES {
            let open = &self.open;
            self.order
                .retain(|(key, serial)| open.get(key).is_some_and(|open| open.serial == *serial));
        }
        None
    }

    fn expire(&mut self, now_ns: i64) {
        while let Some((key, serial)) = self.order.front().copied() {
            let open = self.open.get(&key).filter(|open| open.serial == serial);
            match open {
                Some(open) if now_ns.saturating_sub(open.begun_at_ns) <= PATIENCE_NS => return,
                Some(_) => self.give_up(&key),
                None => {}
            }
            self.order.pop_front();
        }
    }

    fn give_up_if(&mut self, key: &Id, serial: u64) {
        if self.open.get(key).is_some_and(|open| open.serial == serial) {
            self.give_up(key);
        }
    }

    fn give_up(&mut self, key: &Id) {
        if self.remove(key).is_some() {
            self.given_up += 1;
        }
    }

    fn remove(&mut self, key: &Id) -> Option<Message> {
        let message = self.open.remove(key)?;
        self.bytes -= message.bytes;
        Some(message)
    }
}
