use super::super::tests::kinds;

#[test]
fn a_value_is_found_however_a_program_prints_its_name_and_the_value() {
    for text in [
        r#"{"name":"DB_PASSWORD","value":"S3same99"}"#,
        r#"<entry key="db.password" value="S3same99"/>"#,
        r#"<input type="hidden" name="password" value="S3same99">"#,
        "- name: DB_PASSWORD\n  value: S3same99",
        r#"array(1) { ["password"]=> string(8) "S3same99" }"#,
        "Array ( [password] => S3same99 )",
        r#"User { password: Some("S3same99"), id: 4 }"#,
        r#"password: Optional("S3same99")"#,
        "binding parameter [password] = [S3same99]",
        "| password | S3same99 |",
        r#"set "password" to "S3same99""#,
        "set password to S3same99 for ada",
        r#"password changed from null to "S3same99""#,
        r#"invalid value "S3same99" for field "password""#,
        "rejected 'S3same99' for parameter 'db_password'",
        "name=DB_PASSWORD, value=S3same99",
        "the password value: S3same99",
        "changed the admin password to S3same99",
        "spring.public.datasource.password=S3same99",
        "public_key_passphrase=S3same99",
    ] {
        assert_eq!(kinds(text), ["PASSWORD S3same99"], "{text}");
    }
    for (text, expected) in [
        (r#"user { dob: "1984-03-12" }"#, "BIRTH_DATE 1984-03-12"),
        (
            r#"{"name":"dob","value":"1984-03-12"}"#,
            "BIRTH_DATE 1984-03-12",
        ),
        (
            r#"invalid value "1984-03-12" for field "birthDate""#,
            "BIRTH_DATE 1984-03-12",
        ),
        ("| passport_no | FP3978846 |", "NATIONAL_ID FP3978846"),
        (
            "Array ( [pesel] => 44051401359 )",
            "NATIONAL_ID 44051401359",
        ),
        ("binding parameter [lng] = [9.50323]", "LOCATION 9.50323"),
        ("UPDATE t SET lat = '59.41378'", "LOCATION 59.41378"),
        ("publicApiSecret=S3same99", "SECRET S3same99"),
        ("NEXT_PUBLIC_API_TOKEN=S3same99", "SECRET S3same99"),
        (
            "reset token to 8f14e45fceea167a5a36",
            "SECRET 8f14e45fceea167a5a36",
        ),
        ("cvv: Optional(\"067\")", "SECRET 067"),
        (r#"{"name":"given-name","value":"Yusuf"}"#, "NAME Yusuf"),
        ("<given-name>Yusuf</given-name>", "NAME Yusuf"),
        (r#"set "given-name" to "Yusuf""#, "NAME Yusuf"),
        (
            r#"set "session_token" to "lZQ8Kq2mNv47Txw1""#,
            "SESSION lZQ8Kq2mNv47Txw1",
        ),
        (
            "encryption-key=Cv9m7ZL4mT9M1xHDXA6Q",
            "SECRET Cv9m7ZL4mT9M1xHDXA6Q",
        ),
        (
            "SECRET_KEY = 'dj-V7&kIDL0s@lhYK7BH5SyyWfw1_Csvq(6pt_dexlIvx0'",
            "SECRET dj-V7&kIDL0s@lhYK7BH5SyyWfw1_Csvq(6pt_dexlIvx0",
        ),
    ] {
        assert_eq!(kinds(text), [expected], "{text}");
    }
}

#[test]
fn names_of_secrets_are_known_in_other_languages_and_with_other_owners() {
    for name in [
        "contraseña",
        "hasło",
        "lösenord",
        "şifre",
        "jelszó",
        "пароль",
        "密码",
        "パスワード",
        "passPhrase",
        "password2",
        "rootpw",
        "pre_shared_key",
    ] {
        let text = format!("config {name}=S3same99 ok");
        assert!(
            kinds(&text).iter().any(|kind| kind.ends_with(" S3same99")),
            "{text}: {:?}",
            kinds(&text)
        );
    }
    let random = "aB3dE5fG7hJ9kL2mN4pQ6rS8";
    for name in [
        "sendgrid_key",
        "Ocp-Apim-Subscription-Key",
        "x-functions-key",
        "sshKey",
        "aes_key",
        "unsealKey",
        "consumer_key",
        "bearer",
        "auth",
        "salt",
        "otp_seed",
        "client_assertion",
        "authorization_code",
        "HMAC_KEY",
    ] {
        let text = format!("config {name}={random} ok");
        assert!(
            kinds(&text).iter().any(|kind| kind.ends_with(random)),
            "{text}: {:?}",
            kinds(&text)
        );
    }
    for name in [
        "cache_key",
        "primary_key",
        "partition_key",
        "sort_key",
        "object_key",
        "idempotency_key",
        "keyboard",
        "seedling",
    ] {
        let text = format!("config {name}={random} ok");
        assert!(kinds(&text).is_empty(), "{text}: {:?}", kinds(&text));
    }
}

#[test]
fn fields_about_secrets_and_people_that_hold_none_are_left() {
    for text in [
        "PublicKeyToken=b77a5c561934e089",
        r#"{"name":"password_policy","value":"strict"}"#,
        r#"invalid value "abc" for field "token_count""#,
        r#"{"display_name":"payments-api"}"#,
        "| password | required |",
        "password to be changed at next login",
        "single-pass renderer bypass=shadow0x1",
        "public_key=MFkwEwYHKoZIzj0CAQYIKoZI",
        "issued token to payments-api-v2",
        "synced secret to namespace-prod2",
        "moved session to web-frontend-07",
        "sent password to user42",
        "auth to redis-cluster-prod-01 failed",
        "seed=cassandra-eu-west-01 joined",
        "Invalid password value: must contain a digit",
        "Invalid 'password' value: must contain a digit",
        "| password | username |",
    ] {
        assert!(kinds(text).is_empty(), "{text}: {:?}", kinds(text));
    }
}

#[test]
fn values_without_a_mark_are_found_where_they_cannot_be_words() {
    for (text, expected) in [
        (
            "set aws_secret_access_key nV2/bQ8Kq2mNv47Txw1+Zr6Yp0sLd5HgJc3Fa9Eu x",
            "SECRET nV2/bQ8Kq2mNv47Txw1+Zr6Yp0sLd5HgJc3Fa9Eu",
        ),
        (
            "headers ('x-api-key', '8f14e45fceea167a5a36'), x",
            "SECRET 8f14e45fceea167a5a36",
        ),
        (
            "[[\"X-Api-Key\",\"8f14e45fceea167a5a36\"]]",
            "SECRET 8f14e45fceea167a5a36",
        ),
        (
            "(b'x-api-key', b'8f14e45fceea167a5a36')",
            "SECRET 8f14e45fceea167a5a36",
        ),
        (
            "secret for tenant 12 is lZQ8Kq2mNv47Txw1, rotate",
            "SECRET lZQ8Kq2mNv47Txw1",
        ),
        ("password of the new user: S3same99", "PASSWORD S3same99"),
        ("PASS S3same99 (ftp) 530 Login incorrect", "SECRET S3same99"),
        (
            "network key 98a06ac5f8955ec869f075f25f0bfab1 set",
            "API_KEY 98a06ac5f8955ec869f075f25f0bfab1",
        ),
        (
            "unseal key 1: nV2/bQ8Kq2mNv47Txw1+Zr6Yp0sLd5HgJc3Fa9Eu",
            "API_KEY nV2/bQ8Kq2mNv47Txw1+Zr6Yp0sLd5HgJc3Fa9Eu",
        ),
        (
            "PASSWORD elastic = lZQ8Kq2mNv47Txw1",
            "PASSWORD lZQ8Kq2mNv47Txw1",
        ),
        (
            "invalid API key: lZQ8Kq2mNv47Txw1 given",
            "SECRET lZQ8Kq2mNv47Txw1",
        ),
        (
            "hmac_key 98a06ac5f8955ec869f075f25f0bfab1 invalid",
            "API_KEY 98a06ac5f8955ec869f075f25f0bfab1",
        ),
        (
            "machine x.example.org login ada password sesame",
            "PASSWORD sesame",
        ),
        (
            "APP_KEY=base64:lZQ8Kq2mNv47Txw1lA==",
            "API_KEY lZQ8Kq2mNv47Txw1lA==",
        ),
        ("snmp-server community S3same RO", "API_KEY S3same"),
        (r#"[0 x] "AUTH" "ada" "S3same""#, "PASSWORD S3same"),
        ("crypt('S3same', gen_salt('bf'))", "PASSWORD S3same"),
        (
            "define('AUTH_KEY', '2^cx..b&J4]AY791^9Vnm eH]l|K_)cZin!|#F3*ls@j7Xp');",
            "SECRET 2^cx..b&J4]AY791^9Vnm eH]l|K_)cZin!|#F3*ls@j7Xp",
        ),
        (
            "props.put(\"password\", \"S3same99\");",
            "PASSWORD S3same99",
        ),
    ] {
        assert_eq!(kinds(text), [expected], "{text}");
    }
    for text in [
        "missing 'password', 'email', 'street1'",
        "fields ['token', 'session', 'created_at', 'sha256']",
        "PASS TestLogin2 (0.02s)",
        "the secret src/Main1/Java/Widget2/Factory3 is gone",
        "password for this account is invalid",
        "--- PASS: TestPasswordReset (0.78s)",
        "docker build --secret id=npmrc,src=.npmrc -t web .",
        "encrypt('AES', 'x') and \"AUTH\" failed",
        "password policy = strict2026, secret name = tls-cert-2026",
        "--ca-token-hash sha256:98a06ac5f8955ec869f075f25f0bfab198a06ac5f8955ec869f075f25f0bfab1",
        "t('password', 'Password') is translated, get(\"token\", \"default\")",
        "ssh host key AAAAC3NzaC1lZDI1NTE5AAAAIKq2mNv47Txw1lZQ8Kq2mNv47Txw1 of x",
        "cache key 98a06ac5f8955ec869f075f25f0bfab1 missed, primary key order_items_2024_pkey",
        "ERR public key 98a06ac5f8955ec869f075f25f0bfab1 seen",
    ] {
        assert!(kinds(text).is_empty(), "{text}: {:?}", kinds(text));
    }
}

#[test]
fn fields_of_people_are_known_in_other_languages() {
    for (text, expected) in [
        ("vorname=Nebbin x", vec!["NAME Nebbin"]),
        (
            "{\"apellidos\":\"Wexcombe\",\"plz\":\"1180\"}",
            vec!["NAME Wexcombe", "ADDRESS 1180"],
        ),
        ("nazwisko: Wexcombe; x", vec!["NAME Wexcombe"]),
        ("prénom=Nebbin&nom_complet=x", vec!["NAME Nebbin"]),
        (
            "{\"family\":\"Wexcombe\",\"given\":[\"Nebbin\"]}",
            vec!["NAME Wexcombe", "NAME Nebbin"],
        ),
        (
            "{\"nombre\":\"Nebbin Wexcombe\",\"nif\":\"12345678Z\"}",
            vec!["NAME Nebbin Wexcombe", "NATIONAL_ID 12345678Z"],
        ),
        ("{\"font\":{\"family\":\"Roboto\"}}", vec![]),
        ("{\"family\":\"inet\",\"socket\":3}", vec![]),
        ("callee=web called:3", vec![]),
    ] {
        assert_eq!(kinds(text), expected, "{text}");
    }
}
