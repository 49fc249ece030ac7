//! Questions that the grammar does not know, planned by a language model in the server: how many become the right plan, how
//! many that are searches stay one, and how many that have no answer stay unanswered.
//!
//! What is right was written down before any model was asked; nothing of it is in the prompt of the planner.

mod questions;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::questions::{ALL, Kind, Question};
use crate::answers::world::World;
use crate::answers::{send, unix_now};
use crate::latency::Latencies;
use crate::server::Server;
use crate::{ANSWER, Database};

/// The index follows the store within seconds.
const SETTLE: Duration = Duration::from_secs(8);
/// How often it is looked whether the model is ready for plans.
const WARMING: usize = 12;
/// A plan that takes longer was given up by the server.
const TOO_SLOW: Duration = Duration::from_millis(5_900);

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The language model (GGUF) that plans.
    #[arg(long)]
    model: PathBuf,
    /// Folder with the embedding model; words only otherwise.
    #[arg(long)]
    model_dir: Option<PathBuf>,
    /// Which shop: the same seed tells the same story.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Shows every question and what was made of it.
    #[arg(long)]
    show: bool,
}

/// What a question became, up to its computed answer.
#[derive(Default)]
struct Asked {
    /// Without a model.
    plain: Value,
    /// The last interpretation.
    last: Value,
    facts: Value,
    is_given: bool,
    planning: Option<Duration>,
}

/// Asks everything and prints how it went.
pub fn run(vigil: &Path, options: &Options) -> anyhow::Result<()> {
    let world = World::new(options.seed, unix_now());
    let folder = tempfile::tempdir()?;
    let settings = folder.path().join("vigil.toml");
    std::fs::write(&settings, "[language_models]\nplanners = [\"local\"]\n")?;
    let model = std::path::absolute(&options.model)?;
    let mut arguments = vec!["--narrator".to_owned(), model.display().to_string()];
    arguments.extend(["--config".to_owned(), settings.display().to_string()]);
    if let Some(folder) = &options.model_dir {
        let folder = std::path::absolute(folder)?;
        arguments.extend(["--model-dir".to_owned(), folder.display().to_string()]);
    }
    let server = Server::start_with(vigil, Database::Sqlite, arguments)?;
    send(&server, &world.ndjson())?;
    std::thread::sleep(SETTLE);
    let session = server.vigil.session()?;
    let zone = world.zone();
    // The first ones wait for the weights and for the fixed part of the prompt.
    for _ in 0..WARMING {
        let asked = ask(&server, &session, ALL[0].text, &zone)?;
        if asked.planning.is_some_and(|took| took < TOO_SLOW) {
            break;
        }
        std::thread::sleep(SETTLE);
    }
    let mut tally = Tally::default();
    for question in ALL {
        let asked = ask(&server, &session, question.text, &zone)?;
        let verdict = tally.take(question, &asked);
        if options.show {
            show(question, &asked, verdict);
        }
    }
    tally.print();
    Ok(())
}

/// Asks one question and leaves when its computed answer is there.
fn ask(server: &Server, session: &str, question: &str, zone: &str) -> anyhow::Result<Asked> {
    let mut stream = TcpStream::connect(&server.vigil.address)?;
    stream.set_read_timeout(Some(ANSWER))?;
    let body = json!({ "question": question, "time_zone": zone }).to_string();
    write!(
        stream,
        "POST /api/v1/ask HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {session}\r\naccept: text/event-stream\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut asked = Asked::default();
    let (mut event, mut began) = (String::new(), Instant::now());
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if let Some(name) = line.strip_prefix("event: ") {
            name.clone_into(&mut event);
            continue;
        }
        let Some(data) = line.strip_prefix("data: ") else {
            continue;
        };
        let data: Value = serde_json::from_str(data)?;
        if asked.is_given && asked.planning.is_none() && event != "planning" {
            asked.planning = Some(began.elapsed());
        }
        match event.as_str() {
            "interpretation" => {
                if asked.plain.is_null() {
                    asked.plain = data.clone();
                }
                asked.last = data;
            }
            "planning" => (asked.is_given, began) = (true, Instant::now()),
            "facts" => {
                asked.facts = data;
                return Ok(asked);
            }
            "error" => anyhow::bail!("{question}: {data}"),
            _ => {}
        }
    }
    anyhow::bail!("the answer ended early")
}

/// How one went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The plan that was wanted; a search that stayed one; nothing where nothing is there.
    Right,
    /// As without a model, where a plan was wanted.
    Unplanned,
    /// Another plan.
    Wrong,
}

#[derive(Default)]
struct Tally {
    wanted: [usize; 4],
    searches: [usize; 4],
    nothing: [usize; 4],
    times: Vec<Duration>,
}

impl Tally {
    fn take(&mut self, question: &Question, asked: &Asked) -> Verdict {
        self.times.extend(asked.planning);
        let verdict = verdict(question, asked);
        let row = match question.kind {
            Kind::Plan { .. } => &mut self.wanted,
            Kind::Search => &mut self.searches,
            Kind::Nothing => &mut self.nothing,
        };
        row[verdict as usize] += 1;
        row[3] += usize::from(asked.is_given);
        verdict
    }

    fn print(&self) {
        let line = |name: &str, row: &[usize; 4]| {
            let [right, unplanned, wrong, given] = row;
            let all = right + unplanned + wrong;
            println!(
                "{name}: {all}, given to the model {given}; right {right}, as without it {unplanned}, wrong {wrong}"
            );
        };
        line("questions that want a plan", &self.wanted);
        line("searches", &self.searches);
        line("questions that have no answer", &self.nothing);
        if !self.times.is_empty() {
            println!("planning: {}", Latencies::new(&self.times));
        }
    }
}

fn verdict(question: &Question, asked: &Asked) -> Verdict {
    let plan = &asked.last["plan"];
    let is_planned = planned_by(&asked.last).is_some();
    match &question.kind {
        Kind::Plan {
            intents,
            groups,
            about,
        } => {
            let is_in = |list: &[&str], value: &Value| list.contains(&value.as_str().unwrap_or(""));
            let topic = plan["topic"].as_str().unwrap_or("").to_lowercase();
            let is_right = is_in(intents, &plan["intent"])
                && (groups.is_empty() || is_in(groups, &plan["group_by"]))
                && about.iter().all(|word| topic.contains(word));
            match (is_right, is_planned) {
                (true, _) => Verdict::Right,
                (false, false) => Verdict::Unplanned,
                (false, true) => Verdict::Wrong,
            }
        }
        Kind::Search if is_planned => Verdict::Wrong,
        Kind::Search => Verdict::Right,
        Kind::Nothing if asked.facts["found"] == true => Verdict::Wrong,
        Kind::Nothing => Verdict::Right,
    }
}

fn planned_by(interpretation: &Value) -> Option<&str> {
    let chips = interpretation["chips"].as_array()?;
    let chip = chips.iter().find(|chip| chip[0] == "planned by")?;
    chip[1].as_str()
}

fn show(question: &Question, asked: &Asked, verdict: Verdict) {
    let plan = &asked.last["plan"];
    let sentences = asked.facts["facts"].as_array();
    let said = sentences.and_then(|all| all.first()).map(|it| &it["text"]);
    println!(
        "{verdict:?}: {}\n    given {}, planned {}, {:?}: {} by {} compute {} about {} services {} levels {} {} to {}\n    {}",
        question.text,
        asked.is_given,
        planned_by(&asked.last).is_some(),
        asked.planning.unwrap_or_default(),
        plan["intent"],
        plan["group_by"],
        plan["measure"],
        plan["topic"],
        plan["services"],
        plan["severities"],
        plan["from"],
        plan["to"],
        said.unwrap_or(&Value::Null),
    );
}
