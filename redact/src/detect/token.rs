//! Keys that providers made recognisable by a prefix.

use super::Finding;
use super::shape::{before, is_word, looks_random};
use crate::Kind;

/// Which characters follow a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    /// Letters and digits.
    Alphanumeric,
    /// And `_` and `-`.
    UrlSafe,
    /// And `.`.
    Dotted,
    /// And `/`, `+`, `=`.
    Base64,
    /// Capitals and digits.
    Upper,
    Hex,
    /// What hashes of passwords are written with: letters, digits, `.`, `/`, `$`, `=`, `,`, `+`.
    Crypt,
}

impl Charset {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::UrlSafe => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Base64 => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+' | b'=' | b'_' | b'-')
            }
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Crypt => {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'.' | b'/' | b'$' | b'=' | b',' | b'+')
            }
        }
    }
}

/// A prefix and what must follow it.
#[derive(Debug)]
pub(super) struct Form {
    pub prefix: &'static str,
    charset: Charset,
    /// Fewest characters after the prefix.
    min: usize,
    kind: Kind,
}

const fn form(prefix: &'static str, charset: Charset, min: usize) -> Form {
    Form {
        prefix,
        charset,
        min,
        kind: Kind::ApiKey,
    }
}

/// A hash of a password; `min` characters after its prefix. Source: crypt(5) and the PHC string format.
const fn hash(prefix: &'static str, min: usize) -> Form {
    Form {
        prefix,
        charset: Charset::Crypt,
        min,
        kind: Kind::Secret,
    }
}

/// Sources: the providers' documentation of their key formats and GitHub's list of secret scanning partners.
pub(super) const FORMS: [Form; 205] = [
    Form {
        prefix: "eyJ",
        charset: Charset::Dotted,
        min: 20,
        kind: Kind::Jwt,
    },
    // Amazon
    form("AKIA", Charset::Upper, 16),
    form("ASIA", Charset::Upper, 16),
    form("ABIA", Charset::Upper, 16),
    form("ACCA", Charset::Upper, 16),
    form("amzn.mws.", Charset::UrlSafe, 20),
    // Google
    form("AIza", Charset::UrlSafe, 30),
    form("ya29.", Charset::UrlSafe, 20),
    form("GOCSPX-", Charset::UrlSafe, 20),
    form("1//0", Charset::UrlSafe, 30),
    form("4/0A", Charset::UrlSafe, 12),
    // GitHub, GitLab, Bitbucket
    form("ghp_", Charset::Alphanumeric, 20),
    form("gho_", Charset::Alphanumeric, 20),
    form("ghu_", Charset::Alphanumeric, 20),
    form("ghs_", Charset::Alphanumeric, 20),
    form("ghr_", Charset::Alphanumeric, 20),
    form("github_pat_", Charset::UrlSafe, 20),
    form("glpat-", Charset::UrlSafe, 16),
    form("gldt-", Charset::UrlSafe, 16),
    form("glrt-", Charset::UrlSafe, 16),
    form("glptt-", Charset::UrlSafe, 16),
    form("glsa_", Charset::UrlSafe, 20),
    form("glc_", Charset::Base64, 30),
    form("ATATT3", Charset::Base64, 30),
    form("ATBB", Charset::Alphanumeric, 24),
    // Slack, Discord, Telegram, Teams
    form("xoxb-", Charset::UrlSafe, 10),
    form("xoxp-", Charset::UrlSafe, 10),
    form("xoxa-", Charset::UrlSafe, 10),
    form("xoxr-", Charset::UrlSafe, 10),
    form("xoxs-", Charset::UrlSafe, 10),
    form("xoxe-", Charset::UrlSafe, 10),
    form("xoxe.", Charset::Dotted, 10),
    form("xapp-", Charset::UrlSafe, 10),
    form("hooks.slack.com/services/", Charset::Base64, 20),
    form("discord.com/api/webhooks/", Charset::Base64, 20),
    form("discordapp.com/api/webhooks/", Charset::Base64, 20),
    form("api.telegram.org/bot", Charset::Dotted, 20),
    // Payment
    form("sk_live_", Charset::Alphanumeric, 10),
    form("sk_test_", Charset::Alphanumeric, 10),
    form("rk_live_", Charset::Alphanumeric, 10),
    form("rk_test_", Charset::Alphanumeric, 10),
    form("pk_live_", Charset::Alphanumeric, 10),
    form("whsec_", Charset::Base64, 20),
    form("sq0atp-", Charset::UrlSafe, 20),
    form("sq0csp-", Charset::UrlSafe, 20),
    form("EAAA", Charset::UrlSafe, 50),
    form("access_token$production$", Charset::Alphanumeric, 20),
    form("shpat_", Charset::Hex, 20),
    form("shpss_", Charset::Hex, 20),
    form("shpca_", Charset::Hex, 20),
    // Models
    form("sk-proj-", Charset::UrlSafe, 20),
    form("sk-svcacct-", Charset::UrlSafe, 20),
    form("sk-admin-", Charset::UrlSafe, 20),
    form("sk-ant-", Charset::UrlSafe, 20),
    form("sk-or-", Charset::UrlSafe, 20),
    form("sk-", Charset::Alphanumeric, 32),
    form("hf_", Charset::Alphanumeric, 30),
    form("r8_", Charset::Alphanumeric, 30),
    form("gsk_", Charset::Alphanumeric, 30),
    form("pplx-", Charset::Alphanumeric, 30),
    // Packages and containers
    form("npm_", Charset::Alphanumeric, 30),
    form("pypi-", Charset::UrlSafe, 40),
    form("rubygems_", Charset::Hex, 40),
    form("dckr_pat_", Charset::UrlSafe, 20),
    form("dop_v1_", Charset::Hex, 40),
    // Mail and messages
    form("SG.", Charset::Dotted, 40),
    form("key-", Charset::Hex, 32),
    form("xkeysib-", Charset::UrlSafe, 40),
    // Twilio accounts and keys; capital letters and exactly hex.
    form("SK", Charset::Hex, 32),
    // Monitoring and infrastructure
    form("dapi", Charset::Hex, 32),
    form("hvs.", Charset::UrlSafe, 20),
    form("hvb.", Charset::UrlSafe, 20),
    form("NRAK-", Charset::Upper, 20),
    form("PMAK-", Charset::UrlSafe, 30),
    form("lin_api_", Charset::Alphanumeric, 20),
    form("ntn_", Charset::Alphanumeric, 30),
    form("sntrys_", Charset::Base64, 30),
    form("AGE-SECRET-KEY-1", Charset::Upper, 40),
    // Tools and platforms
    form("figd_", Charset::UrlSafe, 30),
    form("tskey-", Charset::UrlSafe, 20),
    form("nvapi-", Charset::UrlSafe, 40),
    form("xai-", Charset::Alphanumeric, 40),
    form("doo_v1_", Charset::Hex, 40),
    form("dor_v1_", Charset::Hex, 40),
    form("pscale_tkn_", Charset::UrlSafe, 20),
    form("pscale_pw_", Charset::UrlSafe, 20),
    form("pul-", Charset::Hex, 40),
    form("AKCp", Charset::Alphanumeric, 60),
    form("sntryu_", Charset::Hex, 40),
    form("dckr_oat_", Charset::UrlSafe, 20),
    form("sgp_", Charset::Hex, 40),
    form("shippo_live_", Charset::Hex, 30),
    form("rzp_live_", Charset::Alphanumeric, 14),
    form("EZAK", Charset::Alphanumeric, 50),
    form("glft-", Charset::UrlSafe, 16),
    form("gloas-", Charset::UrlSafe, 16),
    form("ATCTT3", Charset::Base64, 30),
    form("sk_org_", Charset::Alphanumeric, 20),
    form("tfp_", Charset::Alphanumeric, 40),
    form("ops_eyJ", Charset::Base64, 60),
    form("LTAI", Charset::Alphanumeric, 16),
    form("AKLT", Charset::Alphanumeric, 30),
    form("dp.pt.", Charset::Alphanumeric, 40),
    form("phx_", Charset::Alphanumeric, 30),
    form("napi_", Charset::Alphanumeric, 40),
    form("sbp_", Charset::Hex, 40),
    form("sb_secret_", Charset::UrlSafe, 20),
    form("sb_publishable_", Charset::UrlSafe, 20),
    form("AQVN", Charset::UrlSafe, 35),
    form("AKID", Charset::Alphanumeric, 32),
    form("HRKU-", Charset::UrlSafe, 30),
    form("glcbt-", Charset::UrlSafe, 16),
    form("glimt-", Charset::UrlSafe, 16),
    form("glagent-", Charset::UrlSafe, 30),
    form("glsoat-", Charset::UrlSafe, 16),
    form("GR1348941", Charset::UrlSafe, 16),
    form("nfp_", Charset::Alphanumeric, 30),
    form("rnd_", Charset::Alphanumeric, 24),
    form("pcsk_", Charset::UrlSafe, 40),
    form("lsv2_", Charset::UrlSafe, 30),
    form("secret_", Charset::Alphanumeric, 40),
    form("dp.st.", Charset::Dotted, 40),
    form("dp.ct.", Charset::Dotted, 40),
    form("ico-", Charset::Alphanumeric, 32),
    form("bkua_", Charset::Hex, 40),
    form("CCIPAT_", Charset::UrlSafe, 30),
    form("sqp_", Charset::Hex, 40),
    form("squ_", Charset::Hex, 40),
    form("sqa_", Charset::Hex, 40),
    form("rdme_", Charset::Alphanumeric, 60),
    form("access-production-", Charset::UrlSafe, 30),
    form("access-sandbox-", Charset::UrlSafe, 30),
    form("FLWSECK", Charset::UrlSafe, 20),
    form("APP_USR-", Charset::UrlSafe, 30),
    form("webhook.office.com/webhookb2/", Charset::UrlSafe, 30),
    form("hooks.zapier.com/hooks/catch/", Charset::Base64, 8),
    form("p8e-", Charset::Alphanumeric, 30),
    form("CFPAT-", Charset::UrlSafe, 30),
    form("fio-u-", Charset::UrlSafe, 40),
    form("dt0c01.", Charset::Dotted, 60),
    form("hcaik_", Charset::Alphanumeric, 30),
    form("NRII-", Charset::UrlSafe, 24),
    form("NRAA-", Charset::Alphanumeric, 24),
    form("pnu_", Charset::Alphanumeric, 30),
    form("duffel_live_", Charset::UrlSafe, 30),
    form("dnkey-", Charset::UrlSafe, 40),
    form("fm2_", Charset::Base64, 60),
    form("EAACEdEose0cBA", Charset::Alphanumeric, 20),
    form("sl.", Charset::UrlSafe, 100),
    form("sk-None-", Charset::UrlSafe, 20),
    form("ATOA", Charset::Base64, 60),
    form("sk-lf-", Charset::UrlSafe, 30),
    form("pk-lf-", Charset::UrlSafe, 30),
    form("tgp_v1_", Charset::UrlSafe, 30),
    form("key_live_", Charset::Alphanumeric, 20),
    form("key_test_", Charset::Alphanumeric, 20),
    form("rzp_test_", Charset::Alphanumeric, 14),
    form("sk_prod_", Charset::Alphanumeric, 16),
    form("prod_sk_", Charset::Alphanumeric, 16),
    form("cal_live_", Charset::Hex, 24),
    form("sk_sandbox_", Charset::Alphanumeric, 16),
    form("live_sk_", Charset::Alphanumeric, 16),
    form("test_sk_", Charset::Alphanumeric, 16),
    form("shppa_", Charset::Hex, 20),
    form("xsmtpsib-", Charset::UrlSafe, 40),
    form("mlsn.", Charset::Hex, 40),
    form("vercel_", Charset::Alphanumeric, 20),
    form("vcp_", Charset::Alphanumeric, 40),
    form("jfrt@", Charset::Alphanumeric, 20),
    form("cfat_", Charset::Alphanumeric, 40),
    form("cfut_", Charset::Alphanumeric, 40),
    form("oauth2_at_", Charset::UrlSafe, 20),
    form("ory_at_", Charset::Dotted, 30),
    form("ory_rt_", Charset::Dotted, 30),
    form("gitea_", Charset::Hex, 40),
    form("wandb_v1_", Charset::UrlSafe, 30),
    form("EAAB", Charset::Alphanumeric, 60),
    form("EAAG", Charset::Alphanumeric, 60),
    form("IGQV", Charset::UrlSafe, 60),
    form("amzn1.application-oa2-client.", Charset::Hex, 20),
    form("amzn1.oa2-cs.", Charset::Dotted, 30),
    form("hooks.slack.com/workflows/", Charset::Base64, 20),
    form("hooks.slack.com/triggers/", Charset::Base64, 20),
    form("outlook.office.com/webhook/", Charset::UrlSafe, 30),
    hash("$apr1$", 20),
    hash("$1$", 20),
    hash("$2a$", 20),
    hash("$2b$", 20),
    hash("$2y$", 20),
    hash("$5$", 30),
    hash("$6$", 30),
    hash("$y$", 30),
    hash("$argon2", 30),
    hash("$scrypt$", 30),
    hash("$pbkdf2", 30),
    hash("pbkdf2_sha256$", 30),
    hash("pbkdf2:sha256:", 30),
    hash("bcrypt_sha256$", 30),
    hash("{SSHA}", 20),
    hash("{SSHA512}", 30),
    hash("{CRYPT}", 13),
    hash("{bcrypt}", 30),
    // Ours
    form("vigil_", Charset::UrlSafe, 20),
    form("vgl_", Charset::Alphanumeric, 32),
    form("vgl_read_", Charset::Hex, 40),
];

/// The key that begins at `start`, when its form fits. Prefixes are told apart by case here; the automaton does not.
pub(super) fn find(text: &str, start: usize, form: &Form, found: &mut Vec<Finding>) {
    let rest = &text[start..];
    if !rest.starts_with(form.prefix) || before(text, start).is_some_and(is_word) {
        return;
    }
    let body = &rest[form.prefix.len()..];
    let length = if form.kind == Kind::Jwt {
        jwt_length(body)
    } else {
        // No key is longer; the bound keeps rows of prefixes from costing a long look each.
        let longest = if form.prefix.len() <= 4 { 512 } else { 4_096 };
        let run = body
            .bytes()
            .take(longest)
            .take_while(|byte| form.charset.has(*byte))
            .count();
        body[..run].trim_end_matches('.').len()
    };
    if length < form.min || (form.prefix.len() <= 4 && !is_mixed(&body[..length], form.charset)) {
        return;
    }
    // Generated text of this length is not all small letters; names such as `vigil_inference_texts_total` are.
    let is_name = body[..length]
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-' | b'.'));
    if is_name {
        return;
    }
    let is_exact_hex = form.charset == Charset::Hex && form.prefix.len() <= 4;
    let goes_on = body
        .as_bytes()
        .get(length)
        .is_some_and(|byte| is_word(*byte));
    if is_exact_hex && (goes_on || length != form.min) {
        return;
    }
    let end = start + form.prefix.len() + length;
    found.push(Finding {
        start,
        end,
        kind: form.kind,
    });
    if matches!(form.prefix, "AKIA" | "ASIA") {
        amazon_secret(text, end, found);
    }
}

/// `AKIA...:wJalr...`: the secret of forty characters right behind the name of its key.
fn amazon_secret(text: &str, end: usize, found: &mut Vec<Finding>) {
    const LENGTH: usize = 40;
    let bytes = text.as_bytes();
    if !matches!(
        bytes.get(end),
        Some(b':' | b'/' | b',' | b';' | b'|' | b' ')
    ) {
        return;
    }
    let start = end + 1;
    let run = bytes[start..]
        .iter()
        .take(LENGTH + 1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+' | b'='))
        .count();
    if run == LENGTH && looks_random(&text[start..start + LENGTH]) {
        found.push(Finding {
            start,
            end: start + LENGTH,
            kind: Kind::Secret,
        });
    }
}

/// `123456789:AAF...`: the token of a Telegram bot; `at` is its colon.
pub(super) fn telegram(text: &str, at: usize, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let digits = bytes[..at]
        .iter()
        .rev()
        .take(12)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let body = bytes[at + 1..]
        .iter()
        .take(40)
        .take_while(|byte| Charset::UrlSafe.has(**byte))
        .count();
    let start = at - digits;
    let follows_bot = text[..start].ends_with("bot");
    if (7..=11).contains(&digits)
        && (33..=36).contains(&body)
        && (follows_bot || !before(text, start).is_some_and(is_word))
    {
        found.push(Finding {
            start,
            end: at + 1 + body,
            kind: Kind::ApiKey,
        });
    }
}

/// `aB3...:APA91b...`: the token of a device of Firebase; `at` is its colon.
pub(super) fn firebase(text: &str, at: usize, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let head = bytes[..at]
        .iter()
        .rev()
        .take(24)
        .take_while(|byte| Charset::UrlSafe.has(**byte))
        .count();
    let body = bytes[at + 1..]
        .iter()
        .take(256)
        .take_while(|byte| Charset::UrlSafe.has(**byte))
        .count();
    if head >= 8 && body >= 100 && text[at + 1..].starts_with("APA91b") {
        found.push(Finding {
            start: at - head,
            end: at + 1 + body,
            kind: Kind::Secret,
        });
    }
}

/// `abc8Q~...`: the secret of an application of Azure, 37 to 40 characters of which the fourth is a digit; `at` is its `Q`.
pub(super) fn azure(text: &str, at: usize, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let is_of_it =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~');
    let Some(start) = at.checked_sub(4) else {
        return;
    };
    let head = &bytes[start..at];
    let body = bytes[at + 2..]
        .iter()
        .take(40)
        .take_while(|byte| is_of_it(byte))
        .count();
    if bytes[at] == b'Q'
        && head[3].is_ascii_digit()
        && head.iter().all(is_of_it)
        && !before(text, start).is_some_and(is_word)
        && (31..=34).contains(&body)
    {
        found.push(Finding {
            start,
            end: at + 2 + body,
            kind: Kind::ApiKey,
        });
    }
}

/// After a short prefix plain words could follow: a digit is asked for, unless capitals alone are usual or many letters of both
/// cases stand there.
fn is_mixed(body: &str, charset: Charset) -> bool {
    const LONG: usize = 28;
    let has = |is: fn(&u8) -> bool| body.as_bytes().iter().any(is);
    charset == Charset::Upper
        || has(u8::is_ascii_digit)
        || (body.len() >= LONG
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && charset == Charset::Alphanumeric)
}

/// The bytes of `header.payload.signature` (five parts when encrypted) after its first letters, 0 when it is none. The
/// signature may be cut off. Source: RFC 7515 section 3.1, RFC 7516 section 3.1.
fn jwt_length(body: &str) -> usize {
    const LONGEST_HEADER: usize = 2_048;
    const LONGEST_PART: usize = 64 * 1_024;
    let part = |at: usize, longest: usize| {
        body[at..]
            .bytes()
            .take(longest)
            .take_while(|byte| Charset::UrlSafe.has(*byte))
            .count()
    };
    let mut length = part(0, LONGEST_HEADER);
    if length < 5 {
        return 0;
    }
    let mut parts = 1;
    while parts < 5 && body.as_bytes().get(length) == Some(&b'.') {
        let next = part(length + 1, LONGEST_PART);
        if next == 0 {
            break;
        }
        length += 1 + next;
        parts += 1;
    }
    if parts >= 2 { length } else { 0 }
}

/// Lines of 64, 70 or 76 characters of base64 and nothing else: a key that came line by line. Those of certificates stay.
pub(super) fn lines_of_key(text: &str, found: &mut Vec<Finding>) {
    const LENGTHS: [usize; 3] = [64, 70, 76];
    let mut at = 0;
    // Looked up once for all lines.
    let mut is_certificate = None;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let value = line.trim_end_matches(['\n', '\r']);
        if !LENGTHS.contains(&value.len()) {
            continue;
        }
        let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
        let is_base64 = value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
        let is_line = is_base64
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit);
        if is_line && !*is_certificate.get_or_insert_with(|| text.contains("-----BEGIN CERT")) {
            found.push(Finding {
                start,
                end: start + value.len(),
                kind: Kind::PrivateKey,
            });
        }
    }
}

/// Longest private key block that is looked for.
const LONGEST_BLOCK: usize = 64 * 1_024;

/// A private key block from its first dashes to its last, with real or escaped line ends; a public certificate is left.
pub(super) fn private_key(text: &str, start: usize, found: &mut Vec<Finding>) {
    let rest = &text[start..];
    let Some(head_end) = rest[11..]
        .find("-----")
        .map(|at| at + 16)
        .filter(|end| *end <= 80)
    else {
        return;
    };
    if !rest[..head_end]
        .to_ascii_uppercase()
        .contains("PRIVATE KEY")
    {
        return;
    }
    let window = &rest[head_end..rest.floor_char_boundary(head_end + LONGEST_BLOCK)];
    let end = match window.find("-----END ") {
        Some(at) => {
            let foot = head_end + at + 9;
            rest[foot..]
                .find("-----")
                .filter(|at| *at <= 80)
                .map_or(foot, |at| foot + at + 5)
        }
        // Cut off: what looks like base64 and its line ends is taken.
        None => {
            head_end
                + rest[head_end..]
                    .bytes()
                    .take_while(|byte| {
                        byte.is_ascii_alphanumeric()
                            || matches!(
                                byte,
                                b'+' | b'/' | b'=' | b'\\' | b'\n' | b'\r' | b':' | b',' | b'-'
                            )
                    })
                    .count()
        }
    };
    found.push(Finding {
        start,
        end: start + end,
        kind: Kind::PrivateKey,
    });
}
