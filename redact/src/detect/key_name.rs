//! Names that announce a secret: `password`, `stripe.api_key`, `AWS_SECRET_ACCESS_KEY`, `clientSecret`.

mod foreign;
mod people;

use crate::Kind;
pub(super) use foreign::stems as foreign_stems;

/// One of these is in every name below, in any case; the automaton looks for them.
pub(super) const STEMS: [&str; 86] = [
    "pass",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "credential",
    "session",
    "sid",
    "jwt",
    "signature",
    "csrf",
    "xsrf",
    "otp",
    "cvv",
    "cvc",
    "sig",
    "pw",
    "kennwort",
    "senha",
    "contrasena",
    "contraseña",
    "wachtwoord",
    "motdepasse",
    "mot_de_passe",
    "address",
    "street",
    "ship_to",
    "shipto",
    "deliver_to",
    "addr_line",
    "postcode",
    "post_code",
    "postal",
    "zip",
    "firstname",
    "first_name",
    "first name",
    "givenname",
    "given_name",
    "lastname",
    "last_name",
    "last name",
    "surname",
    "familyname",
    "family_name",
    "fullname",
    "full_name",
    "full name",
    "realname",
    "real_name",
    "maiden",
    "cardholder",
    "card_holder",
    "account_holder",
    "accountholder",
    "customer_name",
    "customername",
    "patient_name",
    "recipient_name",
    "displayname",
    "display_name",
    "sess:",
    "sess=",
    "sess_",
    "line1",
    "line_1",
    "line2",
    "line_2",
    "key",
    "community",
    "bearer",
    "auth=",
    "auth:",
    "auth\"",
    "auth'",
    "auth ",
    "authorization_code",
    "authorizationcode",
    "client_assertion",
    "salt",
    "pepper",
    "seed",
    "mnemonic",
    "family\"",
    "given\"",
];
/// Words for a password in short and in other languages; stems as well.
pub(super) const PASSWORD_WORDS: [&str; 25] = [
    "psk",
    "mdp",
    "parola",
    "sifre",
    "şifre",
    "salasana",
    "losenord",
    "lösenord",
    "heslo",
    "haslo",
    "hasło",
    "pswd",
    "pword",
    "пароль",
    "密码",
    "密碼",
    "パスワード",
    "비밀번호",
    "jelszo",
    "jelszó",
    "adgangskode",
    "passord",
    "lozinka",
    "geslo",
    "parool",
];

/// How sure a name makes us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Whatever it is set to is a secret.
    Password,
    /// A credential, unless the value is a plain word or a small number.
    Credential,
    /// An identifier of a session: only values that look generated, and no UUIDs.
    Session,
    /// Three to eight digits.
    Code,
    /// A key, when it looks generated.
    Key,
    /// The name of a person.
    Person,
    /// A postal address for sure.
    Street,
    /// A postal address, when it looks like one: machines have addresses as well.
    Address,
    /// The code of a post office.
    Postcode,
}

impl Class {
    pub fn kind(self) -> Kind {
        match self {
            Self::Password => Kind::Password,
            Self::Credential | Self::Code => Kind::Secret,
            Self::Session => Kind::Session,
            Self::Key => Kind::ApiKey,
            Self::Person => Kind::Name,
            Self::Street | Self::Address | Self::Postcode => Kind::Address,
        }
    }
}

/// Last words that make a name describe a secret instead of holding it: `token_count`, `password_reset_at`.
const DESCRIPTIONS: [&str; 49] = [
    "id",
    "ids",
    "name",
    "names",
    "type",
    "types",
    "count",
    "counts",
    "limit",
    "limits",
    "length",
    "len",
    "size",
    "expiry",
    "expires",
    "expiration",
    "expired",
    "ttl",
    "age",
    "url",
    "uri",
    "path",
    "file",
    "endpoint",
    "status",
    "state",
    "policy",
    "algorithm",
    "alg",
    "reset",
    "at",
    "in",
    "valid",
    "invalid",
    "enabled",
    "required",
    "max",
    "min",
    "hint",
    "version",
    "time",
    "timeout",
    "duration",
    "usage",
    "used",
    "field",
    "error",
    "errors",
    "manager",
];

/// Whether a word behind a name says what of the secret is told: `policy`, `length`.
pub(super) fn describes(word: &str) -> bool {
    DESCRIPTIONS
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

/// The class of a name, `None` when it announces nothing.
pub(super) fn classify(name: &str) -> Option<Class> {
    let words = words_of(name);
    let last = words.last()?.trim_end_matches(|c: char| c.is_ascii_digit());
    let is = |word: &str, options: &[&str]| {
        options
            .iter()
            .any(|option| word.eq_ignore_ascii_case(option))
    };
    let has = |options: &[&str]| words.iter().any(|word| is(word, options));
    let has_pair = |first: &[&str], second: &[&str]| {
        words
            .windows(2)
            .any(|pair| is(pair[0], first) && is(pair[1], second))
    };

    let is_session = is(
        last,
        &[
            "sid",
            "sessionid",
            "jsessionid",
            "phpsessid",
            "session",
            "sess",
            "ssid",
        ],
    ) || has_pair(&["session", "sess"], &["id", "key", "token"]);
    if is_session {
        return Some(Class::Session);
    }
    if let Some(class) = people::person_or_place(&words) {
        return Some(class);
    }
    if is(last, &DESCRIPTIONS) {
        return None;
    }
    if is(
        last,
        &[
            "otp", "cvv", "cvc", "cvv2", "cvc2", "passcode", "pincode", "totp",
        ],
    ) {
        return Some(Class::Code);
    }
    let ends = |word: &str, suffix: &str| {
        word.len() >= suffix.len()
            && word.is_char_boundary(word.len() - suffix.len())
            && word[word.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
    };
    let is_password = has(&PASSWORD_WORDS)
        || has(&[
            "pwd",
            "passphrase",
            "passwd",
            "kennwort",
            "senha",
            "contrasena",
            "contraseña",
            "wachtwoord",
            "motdepasse",
        ])
        || is(
            last,
            &[
                "pw", "passe", "rootpw", "bindpw", "adminpw", "userpw", "dbpw", "smtppw", "ldappw",
            ],
        )
        || has_pair(&["pass"], &["word", "phrase"])
        || has_pair(&["seed", "recovery", "mnemonic"], &["phrase", "words"])
        || words.iter().any(|word| {
            let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
            ends(word, "password") || ends(word, "passwd") || ends(word, "passwort")
        });
    if is_password {
        return Some(Class::Password);
    }
    // A public key is no secret: `public_key`, `PublicKeyToken`; what stands beside `public` otherwise may be.
    if has_pair(&["public"], &["key", "keys"]) {
        return None;
    }
    let is_credential = words.iter().any(|word| {
        [
            "secret",
            "token",
            "apikey",
            "accesskey",
            "secretkey",
            "authkey",
            "signingkey",
        ]
        .iter()
        .any(|suffix| ends(word, suffix))
    }) || is(
        last,
        &[
            "credential",
            "credentials",
            "jwt",
            "signature",
            "csrf",
            "xsrf",
            "privatekey",
            "accountkey",
            "encryptionkey",
            "sharedaccesskey",
            "sig",
            "bearer",
        ],
    ) || is_pass(last)
        || (is(last, &["community"]) && has(&["snmp"]))
        || has_pair(
            &[
                "api",
                "access",
                "private",
                "secret",
                "account",
                "signing",
                "encryption",
                "master",
                "auth",
                "shared",
                "storage",
            ],
            &["key", "keys"],
        );
    if is_credential {
        return Some(Class::Credential);
    }
    let is_key = is_key_of_something(last, &words)
        || is(
            last,
            &[
                "auth",
                "assertion",
                "salt",
                "pepper",
                "seed",
                "community",
                "mnemonic",
            ],
        )
        || has_pair(&["authorization", "oauth"], &["code"]);
    is_key.then_some(Class::Key)
}

/// Whose keys open something: `ssh_key`, `sendgrid_key`; a `cache_key` or a `primary_key` is none.
const KEYS_OF: &str = "routing integration app client service license licence deploy application agent developer partner \
    merchant consumer subscription function functions admin root user write read ingest ingestion push vapid webhook bot sdk \
    ssh gpg pgp ssl tls rsa aes des ecdsa ed25519 hmac jwt jwe kms crypto cipher decrypt decryption enc host node join \
    gossip unseal recovery backup restore session cookie token seed wallet activation product cert keystore wireguard preshared \
    azure gcp aws google heroku datadog grafana mailgun mailchimp sendgrid postmark sparkpost opsgenie pagerduty algolia \
    openai anthropic mistral cohere gemini groq huggingface twilio vonage nexmo stripe paypal adyen braintree square newrelic \
    sentry rollbar bugsnag honeycomb mixpanel amplitude segment posthog mapbox maps firebase fcm cloudflare fastly netlify \
    network nonce vercel supabase linode vultr hetzner ovh scaleway github gitlab bitbucket jira slack discord telegram zendesk hubspot \
    intercom shopify plaid weather geocoding translate recaptcha captcha turnstile hcaptcha figma notion airtable";

/// The last word is `key`, or ends so, and the word before it is one of [`KEYS_OF`].
fn is_key_of_something(last: &str, words: &[&str]) -> bool {
    let split = last
        .len()
        .checked_sub(3)
        .filter(|at| last.is_char_boundary(*at) && last[*at..].eq_ignore_ascii_case("key"));
    let owner = match split {
        Some(0) => words.len().checked_sub(2).map(|at| words[at]),
        Some(at) => Some(&last[..at]),
        None => None,
    };
    owner.is_some_and(|owner| {
        KEYS_OF
            .split_ascii_whitespace()
            .any(|known| owner.eq_ignore_ascii_case(known))
    })
}

/// `pass`, `storepass`, `dbpass`; `bypass` is none.
fn is_pass(word: &str) -> bool {
    const OTHERS: [&str; 8] = [
        "bypass",
        "compass",
        "trespass",
        "surpass",
        "overpass",
        "underpass",
        "encompass",
        "renderpass",
    ];
    word.len() >= 4
        && word.is_char_boundary(word.len() - 4)
        && word[word.len() - 4..].eq_ignore_ascii_case("pass")
        && !OTHERS.iter().any(|other| word.eq_ignore_ascii_case(other))
}

/// The words of a name: parts between `_`, `-`, `.` and before inner capitals. At most the last eight.
fn words_of(name: &str) -> Vec<&str> {
    let bytes = name.as_bytes();
    let mut words = Vec::with_capacity(6);
    let mut start = 0;
    for at in 0..=bytes.len() {
        let is_mark =
            at == bytes.len() || !(bytes[at].is_ascii_alphanumeric() || bytes[at] >= 0x80);
        let is_hump = !is_mark
            && at > start
            && bytes[at].is_ascii_uppercase()
            && bytes[at - 1].is_ascii_lowercase();
        if is_mark || is_hump {
            if at > start {
                words.push(&name[start..at]);
            }
            start = if is_mark { at + 1 } else { at };
        }
    }
    if words.len() > 8 {
        words.drain(..words.len() - 8);
    }
    words
}
