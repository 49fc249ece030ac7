use std::io::Write;

use super::*;

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn small() -> Limits {
    Limits {
        body_bytes: 1_000,
        ..Limits::default()
    }
}

#[test]
fn every_encoding_gives_the_body_back() {
    let body = b"{\"message\":\"hello\"}\n".repeat(20);
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(&body).unwrap();
    let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    raw.write_all(&body).unwrap();
    for (encoding, bytes) in [
        (Encoding::Identity, body.clone()),
        (Encoding::Gzip, gzip(&body)),
        (Encoding::Zstd, zstd::encode_all(&body[..], 3).unwrap()),
        (Encoding::Deflate, zlib.finish().unwrap()),
        (Encoding::Deflate, raw.finish().unwrap()),
    ] {
        assert_eq!(
            decompress(encoding, &bytes, &small()).unwrap(),
            body,
            "{encoding:?}"
        );
    }
}

#[test]
fn several_gzip_members_and_zstd_frames_are_one_body() {
    let twice = [gzip(b"one\n"), gzip(b"two\n")].concat();
    assert_eq!(
        &*decompress(Encoding::Gzip, &twice, &small()).unwrap(),
        b"one\ntwo\n"
    );
    let frame = |text: &[u8]| zstd::encode_all(text, 3).unwrap();
    let twice = [frame(b"one\n"), frame(b"two\n")].concat();
    assert_eq!(
        &*decompress(Encoding::Zstd, &twice, &small()).unwrap(),
        b"one\ntwo\n"
    );
}

#[test]
fn a_body_over_the_limit_is_refused_with_both_sizes() {
    let error = decompress(Encoding::Identity, &[b'a'; 1_001], &small()).unwrap_err();
    assert_eq!(error.to_string(), "body is 1001 bytes, limit is 1000");
    assert_eq!(error.kind(), domain::ErrorKind::TooLarge);
    assert!(decompress(Encoding::Identity, &[b'a'; 1_000], &small()).is_ok());
}

#[test]
fn a_bomb_is_refused_while_it_is_unpacked() {
    let zeros = vec![0_u8; 64 * 1024 * 1024];
    let limits = Limits::default();
    for (encoding, bomb) in [
        (Encoding::Gzip, gzip(&zeros)),
        (Encoding::Zstd, zstd::encode_all(&zeros[..], 3).unwrap()),
    ] {
        let error = decompress(encoding, &bomb, &limits).unwrap_err();
        assert_eq!(error.kind(), domain::ErrorKind::TooLarge, "{encoding:?}");
    }
    let exact = vec![0_u8; limits.body_bytes];
    assert!(decompress(Encoding::Gzip, &gzip(&exact), &limits).is_ok());
}

#[test]
fn garbage_and_truncation_are_bad_requests() {
    let whole = gzip(&b"some text".repeat(50));
    for bytes in [&b"not gzip at all"[..], &whole[..whole.len() - 6]] {
        let error = decompress(Encoding::Gzip, bytes, &small()).unwrap_err();
        assert_eq!(error.kind(), domain::ErrorKind::BadRequest);
    }
    assert!(decompress(Encoding::Zstd, b"\x28\xb5\x2f\xfdbroken", &small()).is_err());
    assert!(decompress(Encoding::Deflate, b"\xff\xff\xff", &small()).is_err());
}

#[test]
fn headers_are_read_in_any_case_and_nested_encodings_are_refused() {
    assert_eq!(Encoding::from_header(None), Ok(Encoding::Identity));
    assert_eq!(Encoding::from_header(Some("GZIP")), Ok(Encoding::Gzip));
    assert_eq!(Encoding::from_header(Some(" zstd ")), Ok(Encoding::Zstd));
    for refused in ["br", "gzip, gzip"] {
        let error = Encoding::from_header(Some(refused)).unwrap_err();
        assert_eq!(error.kind(), domain::ErrorKind::BadRequest);
    }
}

#[test]
fn a_file_is_unpacked_when_its_first_bytes_say_so() {
    let text = b"one\ntwo\n".repeat(10_000);
    let mut members = gzip(&text[..40_000]);
    members.extend(gzip(&text[40_000..]));
    for file in [
        text.clone(),
        members,
        zstd::encode_all(&text[..], 3).unwrap(),
        b"".to_vec(),
        b"\x1f\x8b".to_vec(),
    ] {
        let mut read = Vec::new();
        unpacked(&file[..]).unwrap().read_to_end(&mut read).unwrap();
        let expected = if file.len() > 2 { &text } else { &file };
        assert!(read == *expected, "{} bytes", file.len());
    }
    let torn = &gzip(&text)[..60];
    let mut read = Vec::new();
    assert!(unpacked(torn).unwrap().read_to_end(&mut read).is_err());
}

#[test]
fn a_deflated_body_that_ends_early_or_goes_on_is_refused() {
    let body = b"{\"message\":\"hello\"}\n".repeat(20);
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(&body).unwrap();
    let packed = zlib.finish().unwrap();
    let reason = |bytes: &[u8]| {
        let read = decompress(Encoding::Deflate, bytes, &small());
        read.unwrap_err().to_string()
    };
    assert_eq!(
        reason(&packed[..packed.len() - 9]),
        "body is not valid deflate: the stream ends early"
    );
    assert_eq!(
        reason(&[&packed[..], &packed].concat()),
        format!(
            "body is not valid deflate: {} bytes follow the end of the stream",
            packed.len()
        )
    );
    assert_eq!(
        reason(b""),
        "body is not valid deflate: the stream ends early"
    );
}

#[test]
fn snappy_that_claims_more_than_it_can_hold_is_refused_before_it_takes_memory() {
    let limits = Limits::default();
    let zeros = vec![0_u8; limits.body_bytes];
    let packed = snap::raw::Encoder::new().compress_vec(&zeros).unwrap();
    assert_eq!(
        unsnap(&packed, &limits).unwrap(),
        zeros,
        "as dense as it gets"
    );
    let error = unsnap(b"\x80\x80\x80\x08\x00\x00", &limits).unwrap_err();
    assert_eq!(
        error.to_string(),
        "body is not valid snappy: it claims to hold 16777216 bytes, 6 bytes of it can hold 132"
    );
}

#[test]
fn a_gzip_body_of_countless_members_is_refused() {
    let limits = Limits::default();
    let member = gzip(b"a");
    let many = member.repeat(GZIP_MEMBERS);
    assert_eq!(
        decompress(Encoding::Gzip, &many, &limits).unwrap().len(),
        GZIP_MEMBERS
    );
    let error = decompress(Encoding::Gzip, &member.repeat(GZIP_MEMBERS + 1), &limits).unwrap_err();
    assert_eq!(
        error.to_string(),
        "body is not valid gzip: it has more than 10000 members, which is the limit"
    );
    assert!(
        decompress(Encoding::Gzip, b"", &limits).is_err(),
        "not even one"
    );
}
