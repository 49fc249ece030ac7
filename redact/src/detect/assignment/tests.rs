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
