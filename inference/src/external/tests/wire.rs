//! Proof at the wire: a capture server stands for both providers, values are planted in everything that can call out, and
//! nothing of them is in any body, header or address, raw or encoded. Where scrubbing fails there is no call.

use std::fmt::Write as _;

use domain::{EvidenceKind, Severity};
use redact::Rule;

use super::*;
use crate::answer::draft_answer;
use crate::expand::expand_query;
use crate::facts::{AnswerFacts, AnswerIntent, AnswerMore, Chip, SummaryFacts};
use crate::phrase::{PhraseBudget, phrase_answer, phrase_summary};
use crate::planner::{PlanBudget, PlanForm, plan_question};
use crate::summary::draft_summary;
use crate::testing::{MINUTE, NOON, checkout_incident, numbered, pattern};

/// Planted values in all.
const VALUES: usize = 5_000;
/// Values of one round: each round asks every feature once.
const ROUND: usize = 20;

/// A generator of pseudo-random numbers (xorshift64*), so that a failure repeats.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % sides
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length)
            .map(|_| letters[usize::try_from(self.roll(letters.len() as u64)).unwrap()])
            .collect()
    }

    fn pick<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[usize::try_from(self.roll(list.len() as u64)).unwrap()]
    }
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const MIXED: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const DIGITS: &str = "0123456789";
const GIVEN: [&str; 8] = [
    "Maria",
    "Hiroshi",
    "Oluwaseun",
    "Katarzyna",
    "Thomas",
    "Fatima",
    "Diego",
    "Priya",
];
const FAMILY: [&str; 8] = [
    "Gonzalez",
    "Watanabe",
    "Adeyemi",
    "Kowalska",
    "Schneider",
    "Rahman",
    "Fernandez",
    "Sharma",
];
const STREETS: [&str; 4] = ["Oak Street", "Maple Avenue", "Mill Lane", "Harbour Road"];

/// The last digit that makes a number pass Luhn's check.
fn with_luhn(body: &str) -> String {
    let valid = |number: &str| {
        let sum: u32 = number
            .bytes()
            .rev()
            .enumerate()
            .map(|(place, byte)| {
                let digit = u32::from(byte - b'0');
                if place % 2 == 0 {
                    digit
                } else if digit > 4 {
                    digit * 2 - 9
                } else {
                    digit * 2
                }
            })
            .sum();
        sum.is_multiple_of(10)
    };
    (0..10)
        .map(|last| format!("{body}{last}"))
        .find(|number| valid(number))
        .unwrap()
}

/// A German account number with its check digits (ISO 13616).
fn account(dice: &mut Dice) -> String {
    let body = dice.text(DIGITS, 18);
    let rest = format!("{body}131400").bytes().fold(0_u32, |rest, byte| {
        (rest * 10 + u32::from(byte - b'0')) % 97
    });
    format!("DE{:02}{body}", 98 - rest)
}

/// A value and the piece of a log line that holds it.
fn planted(dice: &mut Dice) -> (String, String) {
    let kind = dice.roll(22);
    let secret = |dice: &mut Dice| format!("{}7{}", dice.text(MIXED, 9), dice.text(MIXED, 6));
    let value = match kind {
        0..=2 => format!(
            "{}.{}@{}.example.org",
            dice.text(LOWER, 5),
            dice.text(LOWER, 6),
            dice.text(LOWER, 4)
        ),
        3 => format!(
            "{}.{}.{}.{}",
            11 + dice.roll(80),
            dice.roll(256),
            dice.roll(256),
            1 + dice.roll(254)
        ),
        4 => format!(
            "2001:db8:{:x}:{:x}::{:x}",
            4_096 + dice.roll(50_000),
            4_096 + dice.roll(50_000),
            4_096 + dice.roll(60_000)
        ),
        5 => (0..6)
            .map(|_| format!("{:02x}", dice.roll(256)))
            .collect::<Vec<_>>()
            .join(":"),
        6 => format!("+49151{}", dice.text("123456789", 8)),
        7 => with_luhn(&format!("4{}", dice.text(DIGITS, 14))),
        8 => account(dice),
        9 => format!(
            "{}-{}-{}",
            100 + dice.roll(500),
            10 + dice.roll(89),
            1_000 + dice.roll(8_999)
        ),
        10 => format!(
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{}.{}",
            dice.text(MIXED, 20),
            dice.text(MIXED, 40)
        ),
        11 => format!("sk_live_{}", dice.text(MIXED, 24)),
        12 => format!("ghp_{}", dice.text(MIXED, 36)),
        13 => format!("AKIA{}", dice.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
        20 => format!("{} {}", dice.pick(&GIVEN), dice.pick(&FAMILY)),
        21 => format!("{} {}", 10 + dice.roll(900), dice.pick(&STREETS)),
        _ => secret(dice),
    };
    let piece = match kind {
        0 => format!("login ok user={value} in 12 ms"),
        1 => format!("rcpt={} refused", value.replace('@', "%40")),
        2 => format!("{{\"to\":\"{}\"}}", value.replace('@', "\\u0040")),
        6 => format!("sms to {value} queued"),
        7 => format!("card {value} failed avs"),
        9 => format!("kyc ssn={value}"),
        10 => format!("Authorization: Bearer {value}"),
        14 => format!("body={{\"user\":\"x\",\"password\":\"{value}\"}}"),
        15 => format!("form: username=svc&password={value}&grant_type=password"),
        16 => format!("postgres://app:{value}@db.internal:5432/orders"),
        17 => format!("curl -u deploy:{value} https://nexus.internal/repo"),
        18 => format!("Cookie: sid={value}; theme=dark"),
        19 => format!("api_key={value} scope=write"),
        20 => format!("refund for {value} failed"),
        21 => format!("ship to {value} today"),
        _ => format!("seen {value} again"),
    };
    (value, piece)
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let bits = chunk
                .iter()
                .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            (0..=chunk.len()).map(move |place| {
                char::from(ALPHABET[usize::try_from(bits >> (18 - 6 * place) & 63).unwrap()])
            })
        })
        .collect()
}

/// The value as it could stand in what was sent.
fn forms(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let percent: String = bytes.iter().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(*byte))
        } else {
            write!(text, "%{byte:02X}").unwrap()
        }
        text
    });
    let every_byte = bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02x}").unwrap();
        text
    });
    let hex = bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    let mut forms = vec![
        value.to_owned(),
        value.chars().rev().collect(),
        percent.to_lowercase(),
        percent,
        every_byte,
        hex.to_uppercase(),
        hex,
        value.replace('@', "\\u0040"),
    ];
    // Base64 at each of its three beginnings, without the letters that its neighbours have a part in.
    for shift in 0..3 {
        let whole = base64(&[&vec![b'x'; shift], bytes].concat());
        let from = [0, 2, 3][shift];
        let to = whole.len() - usize::from(!(bytes.len() + shift).is_multiple_of(3));
        forms.push(whole[from..to].to_owned());
        forms.push(whole[from..to].replace('+', "-").replace('/', "_"));
    }
    forms
}

/// Evidence whose lines hold the values.
fn evidence(pieces: &[String]) -> Vec<domain::Evidence> {
    let severities = [Severity::Error, Severity::Warn];
    numbered(
        pieces
            .iter()
            .enumerate()
            .map(|(place, piece)| {
                let mut item = pattern(
                    "checkout",
                    severities[place % 2],
                    piece,
                    40,
                    Some(0.0),
                    (0, 5),
                );
                if place % 4 == 3 {
                    item.kind = EvidenceKind::Record;
                }
                item
            })
            .collect(),
    )
}

fn answer_facts(question: String, incident: &SummaryFacts) -> AnswerFacts {
    AnswerFacts {
        interpretation: vec![Chip {
            label: "words".to_owned(),
            value: question.clone(),
        }],
        question,
        intent: AnswerIntent::Why,
        range: incident.window,
        is_range_default: false,
        widened_from: None,
        nearest_at_ns: None,
        left_out: Vec::new(),
        now_ns: NOON + 30 * MINUTE,
        matching: Some(1_197),
        errors: Some(809),
        grouped_by: None,
        groups: Vec::new(),
        groups_left: 0,
        values: None,
        comparison: None,
        new_patterns: None,
        evidence: incident.evidence.clone(),
        suspects: incident.suspects.clone(),
        is_cut: false,
        more: AnswerMore::default(),
    }
}

/// Everything that asks a model, once.
async fn ask_everything(generator: &dyn Generator, pieces: &[String]) {
    let stop = CancellationToken::new();
    let budget = PhraseBudget::new(7);
    // What a caller could send at most: whole lines.
    let prompt = pieces.join("\n");
    let request = GenerateRequest::new("test", "Rules.", prompt.clone());
    let answer = generator.generate(request, stop.clone()).await.unwrap();
    for (shown, piece) in answer.text.lines().zip(pieces) {
        // The values come back to the one who asked, but for those in addresses of the web.
        assert!(
            shown == piece || piece.contains("://"),
            "{shown} of {piece}"
        );
    }
    let mut incident = checkout_incident();
    incident.title = pieces[0].clone();
    incident.evidence = evidence(pieces);
    let draft = draft_summary(&incident);
    phrase_summary(generator, &incident, draft, &budget, stop.clone()).await;
    let facts = answer_facts(format!("why {}", pieces[1]), &incident);
    phrase_answer(
        generator,
        &facts,
        draft_answer(&facts),
        &budget,
        stop.clone(),
    )
    .await;
    // What comes back is no list and no form: the calls themselves are what counts.
    expand_query(generator, &pieces[2], Duration::from_secs(5), stop.clone())
        .await
        .ok();
    // Names of services and attributes come from whoever sends logs.
    let form = PlanForm {
        question: pieces[3].clone(),
        words: pieces[3].split_whitespace().map(str::to_owned).collect(),
        groups: pieces[4..8]
            .iter()
            .map(|piece| format!("attribute {piece}"))
            .collect(),
        quantities: pieces[4..8].to_vec(),
        services: pieces[8..].to_vec(),
        has_time_field: true,
        has_level_field: true,
    };
    let budget = PlanBudget {
        timeout: Duration::from_secs(5),
        nonce: 7,
        origin: Origin::default(),
    };
    plan_question(generator, &form, &budget, stop).await.ok();
}

async fn prove(server: &MockServer, generator: &dyn Generator, seed: u64) {
    let mut dice = Dice(seed);
    let mut values = Vec::new();
    let mut rounds = Vec::new();
    for _ in 0..VALUES / 2 / ROUND {
        let (round, pieces): (Vec<String>, Vec<String>) =
            (0..ROUND).map(|_| planted(&mut dice)).unzip();
        let before = server.received_requests().await.unwrap().len();
        ask_everything(generator, &pieces).await;
        rounds.push((before, round.clone()));
        values.extend(round);
    }
    assert_eq!(values.len(), VALUES / 2);
    let sent: Vec<String> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| {
            let mut text = format!("{} {}\n", request.method, request.url);
            for (name, value) in &request.headers {
                writeln!(text, "{name}: {}", value.to_str().unwrap_or_default()).unwrap();
            }
            text + &String::from_utf8_lossy(&request.body)
        })
        .collect();
    // Each feature called: a whole prompt, a summary, an answer, an expansion and a plan a round at least.
    assert!(
        sent.len() >= rounds.len() * 5,
        "{} calls in {} rounds",
        sent.len(),
        rounds.len()
    );
    // In the calls of its round a value is looked for in every form, in all others raw.
    for (place, (first, round)) in rounds.iter().enumerate() {
        let last = rounds.get(place + 1).map_or(sent.len(), |(next, _)| *next);
        for value in round {
            for form in forms(value) {
                for text in &sent[*first..last] {
                    assert!(!text.contains(&form), "{value} as {form} left in {text}");
                }
            }
        }
    }
    let everything = sent.join("\n");
    for value in values.iter().step_by(10) {
        assert!(
            !everything.contains(value.as_str()),
            "{value} left in another request"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_2500_planted_values_none_reaches_openai_in_any_form() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(echo_chat)
        .mount(&server)
        .await;
    prove(
        &server,
        &unlimited(&server, |server| {
            let config = OpenAiConfig {
                base_url: format!("{}/v1", server.uri()),
                model: "small".to_owned(),
                api_key: Some(SecretString::from("sk-test-key")),
                timeout: Duration::from_secs(5),
            };
            OpenAiGenerator::new(http(), config)
        }),
        0x5eed_0001,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_2500_planted_values_none_reaches_anthropic_in_any_form() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(echo_messages)
        .mount(&server)
        .await;
    prove(
        &server,
        &unlimited(&server, |server| {
            let config = AnthropicConfig {
                base_url: server.uri(),
                model: "small".to_owned(),
                api_key: SecretString::from("sk-ant-test"),
                timeout: Duration::from_secs(5),
            };
            AnthropicGenerator::new(http(), config)
        }),
        0x5eed_0002,
    )
    .await;
}

fn unlimited<M: ExternalModel>(
    server: &MockServer,
    model: impl FnOnce(&MockServer) -> M,
) -> ScrubbedGenerator<M> {
    let (spending, _) = spending(SpendingLimits {
        calls_per_day: u64::MAX,
        tokens_per_day: u64::MAX,
        ..SpendingLimits::default()
    });
    ScrubbedGenerator::new(model(server), Scrubber::new(), spending)
}

async fn calls_with(scrubber_of: ScrubberOf) -> (Result<Generation>, usize) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(echo_chat)
        .mount(&server)
        .await;
    let generator = openai(&server).with_scrubbers(scrubber_of);
    let outcome = generator
        .generate(request(), CancellationToken::new())
        .await;
    (outcome, server.received_requests().await.unwrap().len())
}

#[tokio::test]
async fn where_scrubbing_fails_no_call_is_made() {
    let panicking = Rule::new("odd", None, |_| {
        panic!("broken rule saw jane.doe@example.com")
    });
    let scrubber = Scrubber::new().with_rules(vec![panicking]).unwrap();
    let (outcome, calls) = calls_with(Arc::new(move |_| Ok(scrubber.clone()))).await;
    let error = outcome.unwrap_err().to_string();
    assert!(
        error.contains("nothing was sent") && !error.contains("jane.doe"),
        "{error}"
    );
    assert_eq!(calls, 0);
    let (outcome, calls) =
        calls_with(Arc::new(|_| Err("the rules cannot be read".to_owned()))).await;
    assert!(
        outcome
            .unwrap_err()
            .to_string()
            .contains("the rules cannot be read")
    );
    assert_eq!(calls, 0);
}

#[tokio::test]
async fn where_scrubbing_takes_too_long_no_call_is_made() {
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = Mutex::new(held);
    let slow = Rule::new("slow", None, move |_| {
        // Until the test ends.
        held.lock().unwrap().recv().ok();
        Vec::new()
    });
    let scrubber = Scrubber::new().with_rules(vec![slow]).unwrap();
    let (outcome, calls) = calls_with(Arc::new(move |_| Ok(scrubber.clone()))).await;
    assert!(outcome.unwrap_err().to_string().contains("longer than"));
    assert_eq!(calls, 0);
    drop(hold);
}

#[tokio::test]
async fn each_project_is_scrubbed_by_its_own_rules_and_strictness() {
    let strict = ProjectId(uuid::Uuid::from_u128(1));
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(echo_chat)
        .mount(&server)
        .await;
    let generator = openai(&server).with_scrubbers(Arc::new(move |project| {
        Ok(Scrubber::new().strict(project == Some(strict)))
    }));
    for project in [strict, ProjectId(uuid::Uuid::from_u128(2))] {
        let mut request =
            GenerateRequest::new("test", "Rules.", "plan 'gold tier' of job x77".to_owned());
        request.origin.project_id = Some(project);
        let answer = generator
            .generate(request.clone(), CancellationToken::new())
            .await
            .unwrap();
        assert_eq!(answer.text, request.prompt);
    }
    let sent = server.received_requests().await.unwrap();
    assert!(
        !prompt_of(&sent[0]).contains("gold") && !prompt_of(&sent[0]).contains("x77"),
        "{}",
        prompt_of(&sent[0])
    );
    assert!(prompt_of(&sent[1]).contains("gold tier") && prompt_of(&sent[1]).contains("x77"));
}
