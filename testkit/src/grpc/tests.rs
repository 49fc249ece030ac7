use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

use super::{GrpcConnection, coded_number, integer, status_in};

#[test]
fn numbers_in_the_code_of_headers_are_read() {
    // 5 bits each for 0 to 2, 6 for the others, ones to the end of the byte.
    for (bytes, number) in [
        (&[0b0000_0111][..], 0),
        (&[0b0001_0111], 2),
        (&[0b0110_0111], 3),
        (&[0b0111_1111], 9),
        (&[0b0000_1000, 0b0011_1111], 10),
        (&[0b0000_1011, 0b0101_1111], 14),
        (&[0b0000_1011, 0b1001_1111], 16),
    ] {
        assert_eq!(coded_number(bytes), Some(number), "{bytes:?}");
    }
    assert_eq!(coded_number(&[]), None);
}

#[test]
fn integers_of_every_length_are_read() {
    // RFC 7541, appendix C.1.
    assert_eq!(integer(&[0b1110_1010, 7], 5), Some((10, &[7][..])));
    assert_eq!(integer(&[0b0001_1111, 154, 10], 5), Some((1_337, &[][..])));
    assert_eq!(integer(&[0b0001_1111], 5), None);
}

#[test]
fn the_status_is_found_among_other_headers() {
    let plain = b"\x20\x88\x40\x01a\x01b\x00\x0bgrpc-status\x0214";
    assert_eq!(status_in(plain).unwrap(), Some(14));
    let coded = b"\x40\x88\x9a\xca\xc8\xb2\x12\x34\xda\x8f\x81\x07";
    assert_eq!(status_in(coded).unwrap(), Some(0));
    assert_eq!(status_in(b"\x88").unwrap(), None);
    status_in(b"\x40\x05a").unwrap_err();
    status_in(b"\x00\x0bgrpc-status\x01x").unwrap_err();
}

/// A server that takes one call, lets its body come in two parts, and answers with these frames.
fn answering(answer: Vec<u8>) -> (GrpcConnection, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut preface = [0; 24 + 9 + 12];
        stream.read_exact(&mut preface).unwrap();
        // Settings: 100 bytes of a stream may be under way.
        stream
            .write_all(&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 100])
            .unwrap();
        let (mut body, mut is_allowed) = (Vec::new(), false);
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).unwrap();
            let length = usize::from(head[1]) << 8 | usize::from(head[2]);
            let mut payload = vec![0; length];
            stream.read_exact(&mut payload).unwrap();
            if head[3] == 0 {
                body.extend_from_slice(&payload);
            }
            if head[3..5] == [0, 1] {
                break;
            }
            if !is_allowed && head[3..5] == [4, 1] {
                is_allowed = true;
                // 64 KiB more on the connection, 128 KiB on the stream.
                for more in [
                    [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0],
                    [0, 0, 4, 8, 0, 0, 0, 0, 1, 0, 2, 0, 0],
                ] {
                    stream.write_all(&more).unwrap();
                }
            }
        }
        stream.write_all(&answer).unwrap();
        body
    });
    let connection = GrpcConnection::open(&address, Duration::from_secs(10)).unwrap();
    (connection, server)
}

#[test]
fn a_call_sends_its_message_and_reads_message_and_status() {
    let answer = [
        &[0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88][..],
        &[0, 0, 7, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, b'o', b'k'],
        &[0, 0, 15, 1, 5, 0, 0, 0, 1],
        b"\x00\x0bgrpc-status\x010",
    ]
    .concat();
    let (mut connection, server) = answering(answer);
    let message = vec![7; 66_000];
    let answer = connection.call("/a.B/C", &[("k", "v")], &message).unwrap();
    assert_eq!((answer.status, answer.message.as_slice()), (0, &b"ok"[..]));
    let body = server.join().unwrap();
    assert_eq!(body[..5], [0, 0, 1, 1, 0xd0]);
    assert_eq!(body[5..], message);
}

#[test]
fn a_call_that_is_broken_off_is_an_error() {
    let (mut connection, server) = answering(vec![0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    connection.call("/a.B/C", &[], b"x").unwrap_err();
    server.join().unwrap();
}
