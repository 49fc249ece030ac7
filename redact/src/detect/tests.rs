use super::*;

/// What is found in a text: its kind and the place.
pub(super) fn kinds(text: &str) -> Vec<String> {
    merged(Detector::new().find(text))
        .iter()
        .map(|finding| {
            format!(
                "{} {}",
                finding.kind.as_str(),
                &text[finding.start..finding.end]
            )
        })
        .collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(kinds(text), expected, "{text}");
}

#[test]
fn addresses_are_found() {
    check(
        "login user=ada.l+x@mail.example.org ok",
        &["EMAIL ada.l+x@mail.example.org"],
    );
    check("mailto:<jürgen@exämple.de>", &["EMAIL jürgen@exämple.de"]);
    check(
        "from 203.0.113.7:8080, 10.1.2.3.",
        &["IP 203.0.113.7", "IP 10.1.2.3"],
    );
    check(
        "peer [2001:db8::7]:443 and fe80::302:6d68%eth0",
        &["IP 2001:db8::7", "IP fe80::302:6d68"],
    );
    check(
        "from 2001:db8:9c0::4de0:20524 [x]",
        &["IP 2001:db8:9c0::4de0"],
    );
    check("hw aa:bb:cc:dd:ee:0f up", &["MAC aa:bb:cc:dd:ee:0f"]);
    check("lladdr aabb.ccdd.ee0f ok", &["MAC aabb.ccdd.ee0f"]);
    check(
        "IN=eth0 MAC=aa:bb:cc:dd:ee:0f:00:11:22:33:44:55:08:00 SRC=",
        &["MAC aa:bb:cc:dd:ee:0f:00:11:22:33:44:55:08:00"],
    );
    check("cloned git@github.com:acme/app.git", &[]);
    check(
        "outside:203.0.113.7/443 2001:db8:1:2:3:4:5:6:51422 ::ffff:203.0.113.9:443",
        &[
            "IP 203.0.113.7",
            "IP 2001:db8:1:2:3:4:5:6",
            "IP ::ffff:203.0.113.9",
        ],
    );
    check(
        "ip:203.0.113.7 mac:aa:bb:cc:dd:ee:0f port:8080 at:12:34:56",
        &["IP 203.0.113.7", "MAC aa:bb:cc:dd:ee:0f"],
    );
    check(
        "Return-Path: <bounces+10-1d-ada=example.org@em.example.com>",
        &["EMAIL bounces+10-1d-ada=example.org@em.example.com"],
    );
}

#[test]
fn numbers_with_checksums_are_found() {
    check(
        "card 4111 1111 1111 1111 2027",
        &["CARD 4111 1111 1111 1111"],
    );
    check("card 378282246310005 failed", &["CARD 378282246310005"]);
    check(
        "field 2 378282246310005 field 4 12",
        &["CARD 378282246310005"],
    );
    check("sms to +49 171/9963341 ok", &["PHONE +49 171/9963341"]);
    check("Called SIP/+14155550132@trunk", &["PHONE +14155550132"]);
    check(
        "invalid value \"07694153434\" for field \"mobileNumber\"",
        &["PHONE 07694153434"],
    );
    check(
        "iban GB82 WEST 1234 5698 7654 32 ok",
        &["IBAN GB82 WEST 1234 5698 7654 32"],
    );
    check(
        "iban=de89370400440532013000.",
        &["IBAN de89370400440532013000"],
    );
    check(
        "ssn=123-45-6789 and SSN 123456789",
        &["SSN 123-45-6789", "SSN 123456789"],
    );
    check(
        "sms to +14155550132 and (415) 555-0132 x12",
        &["PHONE +14155550132", "PHONE (415) 555-0132 x12"],
    );
    check("phone: 0490 75 40 81", &["PHONE 0490 75 40 81"]);
    check("tel 030/6663632 x", &["PHONE 030/6663632"]);
    check("callback at 020 7295 2879", &["PHONE 020 7295 2879"]);
    check("090-1234-5678 called", &["PHONE 090-1234-5678"]);
    for phone in [
        "(11) 98054-3505",
        "06 66 39 20 71",
        "07.66.39.20.71",
        "07700 900123",
        "0412 345 678",
        "(030) 1234567",
    ] {
        check(&format!("x: {phone} y"), &[&format!("PHONE {phone}")]);
    }
    check(
        "rappel client au 01 66 39 20 71 avant",
        &["PHONE 01 66 39 20 71"],
    );
    check(
        "bytes 17 06 66 39 20 71, draw 01 07 12 23 45, 07001 9001234",
        &[],
    );
}

#[test]
fn a_card_whose_name_ends_like_a_counter_is_found_and_a_counter_is_not() {
    for name in ["card_id", "visa-id", "credit_card_id", "card_txn"] {
        check(
            &format!("{name}=4111111111111111 charged"),
            &["CARD 4111111111111111"],
        );
    }
    check("order_id=4111111111111111 charged", &[]);
}

#[test]
fn provider_keys_are_known_by_their_form() {
    let random = "aB3dE5fG7hJ9kL2mN4pQ6rS8tU0vW1xY3zA5bC7d";
    for prefix in [
        "ghp_",
        "sk_live_",
        "hf_",
        "npm_",
        "glpat-",
        "xoxb-",
        "sk-ant-api03-",
        "sk-proj-",
        "AIza",
        "vigil_",
        "vgl_",
        "github_pat_",
    ] {
        check(
            &format!("key {prefix}{random} used"),
            &[&format!("API_KEY {prefix}{random}")],
        );
    }
    check(
        "AKIAIOSFODNN7EXAMPLE rotated",
        &["API_KEY AKIAIOSFODNN7EXAMPLE"],
    );
    check(
        "post https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnop",
        &["API_KEY hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnop"],
    );
    let letters = "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH";
    check(
        &format!("login hf_{letters}"),
        &[&format!("API_KEY hf_{letters}")],
    );
    for hash in [
        "$2b$12$KIXQK1pQ8n0Yd6Vt7mR3xeZb4cW9aL2sH5jT8uF1gN6oP3qD0vB7y",
        "$6$83Mfw72slKwJhx4m$dVf2QWdam470HOj0lDZl5QfMcTNf3JJM3VdIzhUuinr",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$RdescudvJCsgt3ub",
    ] {
        check(&format!("ada:{hash} set"), &[&format!("SECRET {hash}")]);
    }
    check(
        "GET /cb?code=2FmsH6F_y-06wUSEEYYyCflKtbNMI&state=x",
        &["SECRET 2FmsH6F_y-06wUSEEYYyCflKtbNMI"],
    );
    check("GET /e?code=not_found&status_code=404&code=500", &[]);
    for text in [
        "POST /x code=InternalServerError",
        "upload failed code=SignatureDoesNotMatch",
        "GET /e?code=InvalidParameterValue",
        "GET /e?x=1&code=HTTPErrorTooManyRedirects",
        "call failed code=E_TIMEOUT_UPSTREAM_5023 state=open",
        "exit code=167e8562fe167e8562fe",
    ] {
        check(text, &[]);
    }
    check(
        "GET /cb?x=1&code=167e8562fe167e8562fe&state=9",
        &["SECRET 167e8562fe167e8562fe"],
    );
    check(
        "login code=2FmsH6F_y-06wUSEEYYyCflKtbNMI",
        &["SECRET 2FmsH6F_y-06wUSEEYYyCflKtbNMI"],
    );
    let hex = "0123456789abcdef".repeat(2);
    check(
        &format!("login AC{hex}:{hex} refused, account AC{hex} open"),
        &[&format!("SECRET {hex}")],
    );
    let reading = format!("vgl_read_{}", "0123456789abcdef".repeat(3));
    check(
        &format!("key {reading} used"),
        &[&format!("API_KEY {reading}")],
    );
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLWhlcmU";
    check(&format!("jwt {jwt}."), &[&format!("JWT {jwt}")]);
    let pem = "-----BEGIN RSA PRIVATE KEY-----\\nMIIabc+/=\\n-----END RSA PRIVATE KEY-----";
    check(
        &format!("{{\"pem\":\"{pem}\"}}"),
        &[&format!("PRIVATE_KEY {pem}")],
    );
    let line = "MIIEpAIBAAKCAQEAx7Zc1Vq9Qe3mWl0sT8uYb2RkHd5JfGn6PaXoCi4EtKvLwSyB";
    check(line, &[&format!("PRIVATE_KEY {line}")]);
    check(
        &format!("-----BEGIN CERTIFICATE-----\n{line}\n-----END CERTIFICATE-----"),
        &[],
    );
    check(
        "-----BEGIN CERTIFICATE-----\nMIIabc\n-----END CERTIFICATE-----",
        &[],
    );
}

#[test]
fn names_give_secrets_away_in_every_notation() {
    check(
        r#"body={"user":"x","password":"Winter66!"}"#,
        &["PASSWORD Winter66!"],
    );
    check(
        r#"{"msg":"{\"password\":\"a\\\"b\",\"k\":1}"}"#,
        &[r#"PASSWORD a\\\"b"#],
    );
    check(
        "username=x&password=jj^Y&3K&grant_type=password",
        &["PASSWORD jj^Y&3K"],
    );
    check("PGPASSWORD=abc ./run", &["PASSWORD abc"]);
    check("--password hunter2 --verbose", &["PASSWORD hunter2"]);
    check("--api-key=Zx81Zx81Zx81 go", &["SECRET Zx81Zx81Zx81"]);
    check("clientSecret: 'abc123def'", &["SECRET abc123def"]);
    check("password is hunter2", &["PASSWORD hunter2"]);
    check(
        "stripe.api_key=abcDEF123456, next",
        &["SECRET abcDEF123456"],
    );
    check(
        "AccountKey=abc123/+==;EndpointSuffix=x",
        &["SECRET abc123/+=="],
    );
    check(
        "args ['--password', 'hunter2', '-x']",
        &["PASSWORD hunter2"],
    );
    check(
        "session 98a06ac5f8955ec869f075f25f0bfab1 gone",
        &["SESSION 98a06ac5f8955ec869f075f25f0bfab1"],
    );
    check("<password>hunter2</password>", &["PASSWORD hunter2"]);
    check("DB_PASS=hunter2", &["SECRET hunter2"]);
    check(
        "token 8f14e45fceea167a5a36 refused",
        &["SECRET 8f14e45fceea167a5a36"],
    );
    check("otp=123456", &["SECRET 123456"]);
    check("wifi psk=purple-rain7 ssid=x", &["PASSWORD purple-rain7"]);
    check(
        "password changed to Winter66! by admin",
        &["PASSWORD Winter66!"],
    );
    check("new password for ada is Winter66!", &["PASSWORD Winter66!"]);
    check(
        "machine x login y password Winter66!",
        &["PASSWORD Winter66!"],
    );
    check("WITH PASSWORD 'sesame'", &["PASSWORD sesame"]);
    check("IDENTIFIED BY 'sesame';", &["PASSWORD sesame"]);
    check("ftp> PASS sesame", &["SECRET sesame"]);
    check(
        r#"{"X-Api-Key":["5f28108c55c5ae0fa3e8"]}"#,
        &["SECRET 5f28108c55c5ae0fa3e8"],
    );
    check("<Cvv>918</Cvv>", &["SECRET 918"]);
    check(
        "sess:gek82gmvhxwitdnpp68vend7jl gone",
        &["SESSION gek82gmvhxwitdnpp68vend7jl"],
    );
    check("password sha256 mismatch, password = getpass(", &[]);
}

#[test]
fn values_of_sql_are_known_by_the_names_of_their_columns() {
    check(
        "INSERT INTO users (id, password, full_name) VALUES (1, 'a,b''c', 'rosa x'), (2, 'sesame', 'ada y')",
        &[
            "PASSWORD a,b",
            "NAME rosa x",
            "PASSWORD sesame",
            "NAME ada y",
        ],
    );
    check("INSERT INTO t (name, value) VALUES ('cpu', 0.5)", &[]);
    check("values (1, 2, 3) out of range", &[]);
}

#[test]
fn headers_urls_and_command_lines_are_read() {
    check(
        "Authorization: Basic dXNlcjpwYXNz",
        &["SECRET dXNlcjpwYXNz"],
    );
    check(
        r#""authorization":"Bearer abc.def-123456""#,
        &["SECRET abc.def-123456"],
    );
    check(
        "Cookie: sid=MegD5vfX3r1HDY0hWokT; theme=dark",
        &["SESSION MegD5vfX3r1HDY0hWokT"],
    );
    check(
        "cookie=\"MegD5vfX3r1HDY0hWokT\" changed",
        &["SESSION MegD5vfX3r1HDY0hWokT"],
    );
    check(
        "Set-Cookie: JSESSIONID=A1B2C3D4E5F60718; Path=/; HttpOnly",
        &["SESSION A1B2C3D4E5F60718"],
    );
    check(
        "postgres://app:cfeM_W7nafA@db.internal:5432/orders",
        &["PASSWORD cfeM_W7nafA"],
    );
    check("amqp://u:p/w@mq.example.org/v", &["PASSWORD p/w"]);
    check(
        "curl -u deploy:MfGDe4NOAM https://x/",
        &["PASSWORD MfGDe4NOAM"],
    );
    check(
        "Authorization: Digest username=\"a\", response=\"39fd52a403d043a9177fc74f3d5d171f\"",
        &["SECRET 39fd52a403d043a9177fc74f3d5d171f"],
    );
    check(
        "Authorization: SSWS 00sZ1hjl81TdoagVYNQLd6",
        &["SECRET 00sZ1hjl81TdoagVYNQLd6"],
    );
    check(
        "Authorization: Acme-Scheme lZQ8Kq2mNv47Txw1",
        &["SECRET lZQ8Kq2mNv47Txw1"],
    );
    check("Authorization: required for admins", &[]);
    check(
        "digest response=\"39fd52a403d043a9177fc74f3d5d171f\"",
        &["SECRET 39fd52a403d043a9177fc74f3d5d171f"],
    );
    check("response=\"39fd52a403d043a9177fc74f3d5d171f\" etag", &[]);
    check("curl -uadmin:S3cret https://x/", &["PASSWORD S3cret"]);
    check("mysql -h db -u root -pS3cret app", &["PASSWORD S3cret"]);
    check(
        r"net use Z: \\srv /user:corp\ada Winter66!",
        &["PASSWORD Winter66!"],
    );
    check(
        "invalid credentials for bob / Winter66!",
        &["SECRET Winter66!"],
    );
    check("redis-cli -a S3cret ping", &["PASSWORD S3cret"]);
}

#[test]
fn base64_of_something_secret_is_taken_whole() {
    check(
        r#"{"auths":{"ghcr.io":{"auth":"c3ZjOmRnUlE5Y1hnTg=="}}}"#,
        &["SECRET c3ZjOmRnUlE5Y1hnTg=="],
    );
    // "ada@example.org" in hex
    check(
        "blob 0x616461406578616d706c652e6f7267 end",
        &["SECRET 0x616461406578616d706c652e6f7267"],
    );
    // "user ada@example.org password=hunter2"
    check(
        "blob dXNlciBhZGFAZXhhbXBsZS5vcmcgcGFzc3dvcmQ9aHVudGVyMg== end",
        &["SECRET dXNlciBhZGFAZXhhbXBsZS5vcmcgcGFzc3dvcmQ9aHVudGVyMg=="],
    );
    // "\0ada\0S3same99" of a mail program, and the answer to "Password:".
    check(
        "AUTH PLAIN AGFkYQBTM3NhbWU5OQ== 535",
        &["SECRET AGFkYQBTM3NhbWU5OQ=="],
    );
    check(
        "S: 334 UGFzc3dvcmQ6\nC: UzNzYW1lOTk=",
        &["SECRET UzNzYW1lOTk="],
    );
    check("digest 6g6S91VGcO872bTWAvK+T7G8rYsiUEP/0PgTJ84uQPo=", &[]);
}

#[test]
fn identifiers_versions_and_prose_are_left_alone() {
    for text in [
        "request_id=4a5aa75f-db33-4964-9276-0484d74b2ce6 trace_id=44970e315ec698207a85656f130cbcf3 span_id=58a8c52b05286925",
        "session_id=4a5aa75f-db33-4964-9276-0484d74b2ce6",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "2026-11-23T14:00:00.123456Z at 1795442400 and 1795442400123 and 1795442400123456789",
        "left-pad@1.3.0 v1.2.3.4 version 10.0.19041.1 chrome 120.0.6099.71 up",
        "password=**** token=[REDACTED] secret=<hidden> password=${DB_PASSWORD} api_key=%s pwd: null",
        "password reset page rendered, password_reset_at=12, token_count=512, max_tokens=1000",
        "Unexpected token: expected ident in JSON, invalid token, secret not found, token expired",
        "SELECT id, email, phone FROM users WHERE id = $1",
        "order 4111111111111111 accepted, snowflake id 518054243295114765, 7684834875972888",
        "pod gateway-167e8562fe-drsnf std::vector::at Foo::Bar a::b 12:34:56",
        "pass: 12 fail: 3, 9 passed, passenger list, bypass=true, secret gateway-tls-167e8562fe not found",
        "spark://CoarseGrainedScheduler@node:48069 blk_-4980916519894289629 081110 000136 4627 INFO",
        "docker run -p 6333:6333 qdrant, password::hash, token=sk-...",
        "AMD Ryzen 7 5900HX up",
        "time 10::20 drift, ratio 1::2",
        "127.0.0.1 ::1 0.0.0.0 localhost",
        "2026-11-23 14:00:00 2026/11/23 08.11.2026 range 100-200-300",
        "GC pause 12.345ms heap 1024->512 of 2048; basic training, bearer of news",
        "cert fingerprint SHA256:6g6S91VGcO872bTWAvK+T7G8rYsiUEP/0PgTJ84uQPo=",
        "https://example.org/a?b=c#d http://localhost:8080/x user@host",
        "Preparing to unpack 9.0.1378-2 and more",
        "kubectl get pods -u x, tar -pxf file, ls -a dir",
    ] {
        check(text, &[]);
    }
}

#[test]
fn overlapping_findings_are_united() {
    let find = |start, end, kind| Finding { start, end, kind };
    let united = merged(vec![
        find(5, 9, Kind::Phone),
        find(0, 6, Kind::Email),
        find(9, 12, Kind::Jwt),
        find(3, 3, Kind::Mac),
    ]);
    assert_eq!(united, [find(0, 9, Kind::Email), find(9, 12, Kind::Jwt)]);
}
