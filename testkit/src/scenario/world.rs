//! A story minute by minute: trouble is handed from callees to callers, then counted with chance.

use super::super::Random;
use super::catalogue::{Fault, Line, Often};
use super::estate::{Edge, Estate, Role, Service, normal, poisson, uniform};
use super::{CALM_MINUTES, Calls, Change, Gauge, Lines, Minute, Scenario, Story, TROUBLE_MINUTES};

/// How one service does in one minute, before chance.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    requests: f64,
    /// Mean time of a request.
    seconds: f64,
    /// Share that fails, by itself and with its callees.
    fails: f64,
    /// Share that fails by the fault itself.
    own_fails: f64,
    /// Share of calls that do not arrive.
    unreachable: f64,
}

pub(super) fn play(scenario: &Scenario, seed: u64) -> Story {
    // Every scenario has chances of its own, also with the same seed.
    let name = scenario.name.bytes();
    let mixed = name.fold(seed, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    let mut random = Random::new(mixed);
    let estate = Estate::build(&mut random);
    let target = estate.pick(scenario.fault.role, &mut random);
    let onset = CALM_MINUTES + random.below(3) as usize;
    let change_at = onset - 1 - random.below(3) as usize;
    let mut drift = 0.0;
    let minutes = (0..CALM_MINUTES + TROUBLE_MINUTES)
        .map(|minute| {
            // Traffic wanders: a tenth, half of which is forgotten in seven minutes.
            drift = 0.9 * drift + 0.04 * normal(&mut random);
            let since = (minute + 1).saturating_sub(onset) as f64;
            let strength = (since / scenario.fault.ramp).min(1.0);
            let now = Now {
                estate: &estate,
                fault: &scenario.fault,
                target,
                strength,
            };
            let mut told = now.tell(estate.traffic * (1.0 + drift), &mut random);
            if let Some(kind) = scenario.fault.change.filter(|_| minute == change_at) {
                let service = estate.services[target].name.to_owned();
                told.changes.push(Change {
                    kind,
                    title: format!("{service} 2.{}.0", random.below(90)),
                    service,
                });
            }
            told
        })
        .collect();
    Story {
        name: scenario.name,
        class: scenario.class,
        root: (!scenario.is_control()).then(|| estate.services[target].name.to_owned()),
        onset_minute: onset,
        services: estate.services.iter().map(|s| s.name.to_owned()).collect(),
        minutes,
    }
}

struct Now<'a> {
    estate: &'a Estate,
    fault: &'a Fault,
    target: usize,
    /// 0 before the onset, 1 when the fault is at its worst.
    strength: f64,
}

impl Now<'_> {
    fn tell(&self, traffic: f64, random: &mut Random) -> Minute {
        let states = self.states(traffic);
        let mut minute = Minute::default();
        self.tell_calls(&states, &mut minute, random);
        for (at, service) in self.estate.services.iter().enumerate() {
            let is_mute = self.fault.is_mute && at == self.target && self.strength > 0.0;
            if service.role != Role::Outside && !is_mute {
                self.tell_usual(service, &states[at], &mut minute, random);
                self.tell_complaints(at, &states, &mut minute, random);
            }
            self.tell_gauge(at, service, &mut minute, random);
        }
        if self.strength > 0.0 {
            let service = &self.estate.services[self.target];
            for line in self.fault.lines {
                self.tell_fault(service, line, &states[self.target], &mut minute, random);
            }
        }
        minute
    }

    /// Times and failures from the last callee up, then numbers of requests from the entry down.
    fn states(&self, traffic: f64) -> Vec<State> {
        let mut states = vec![State::default(); self.estate.services.len()];
        for (at, service) in self.estate.services.iter().enumerate().rev() {
            let mut state = State {
                seconds: service.seconds,
                ..State::default()
            };
            if at == self.target {
                state.seconds += self.strength * self.fault.seconds;
                state.own_fails = self.strength * self.fault.fails;
                state.unreachable = self.strength * self.fault.unreachable;
            }
            let mut works = (1.0 - service.fails) * (1.0 - state.own_fails);
            for edge in self.edges(at) {
                if edge.is_message {
                    continue;
                }
                let callee = &states[edge.callee];
                let lost = lost(edge, callee);
                let tries = edge.times * (1.0 + service.retries * lost);
                let wait = callee.seconds.min(edge.timeout);
                state.seconds +=
                    tries * ((1.0 - callee.unreachable) * wait + callee.unreachable * 0.01);
                let after_retries = if service.retries > 0.0 {
                    lost.powi(2)
                } else {
                    lost
                };
                // Asked less than once a request, it fails no more requests than ask it.
                let share = edge.needed * after_retries * edge.times.min(1.0);
                works *= (1.0 - share).powf(edge.times.max(1.0));
            }
            state.fails = 1.0 - works;
            states[at] = state;
        }
        let peak = 1.0 + self.strength * (self.fault.traffic - 1.0);
        states[0].requests = traffic * peak;
        for at in 0..states.len() {
            let requests = states[at].requests;
            let retries = self.estate.services[at].retries;
            for edge in self.edges(at) {
                let lost = lost(edge, &states[edge.callee]);
                let arrive = 1.0 - states[edge.callee].unreachable;
                states[edge.callee].requests +=
                    requests * edge.times * (1.0 + retries * lost) * arrive;
            }
        }
        states
    }

    fn edges(&self, caller: usize) -> impl Iterator<Item = &Edge> {
        self.estate
            .edges
            .iter()
            .filter(move |edge| edge.caller == caller)
    }

    fn tell_calls(&self, states: &[State], minute: &mut Minute, random: &mut Random) {
        let name = |at: usize| self.estate.services[at].name.to_owned();
        let mut tell = |caller: Option<usize>, callee: usize, mean: f64, is_message: bool| {
            let count = poisson(random, mean);
            let state = &states[callee];
            if count == 0 {
                return;
            }
            // Times of single requests differ by about their mean.
            let spread = 0.03 + 0.7 / (count as f64).sqrt();
            minute.calls.push(Calls {
                caller: caller.map(name),
                callee: name(callee),
                is_message,
                count,
                errors: poisson(random, state.fails * count as f64).min(count),
                mean_seconds: state.seconds * (spread * normal(random)).exp(),
            });
        };
        tell(None, 0, states[0].requests, false);
        for edge in &self.estate.edges {
            let (caller, callee) = (&states[edge.caller], &states[edge.callee]);
            let retries = self.estate.services[edge.caller].retries * lost(edge, callee);
            let mean = caller.requests * edge.times * (1.0 + retries) * (1.0 - callee.unreachable);
            tell(Some(edge.caller), edge.callee, mean, edge.is_message);
        }
    }

    /// What a service writes on any day.
    fn tell_usual(
        &self,
        service: &Service,
        state: &State,
        minute: &mut Minute,
        random: &mut Random,
    ) {
        let served = state.requests * (1.0 - state.fails);
        let usual: [(&'static str, String, f64); 5] = [
            (
                "info",
                format!("{} <*> done in <*> ms", word(service.role)),
                0.3 * served,
            ),
            (
                "debug",
                "connection <*> reused".to_owned(),
                0.1 * state.requests,
            ),
            ("info", "health check passed".to_owned(), 6.0),
            (
                "warn",
                "answer <*> was slow: <*> ms".to_owned(),
                0.001 * state.requests,
            ),
            (
                "error",
                "request <*> ended early: peer closed the connection".to_owned(),
                service.fails * 0.3 * state.requests,
            ),
        ];
        for (severity, template, mean) in usual {
            push(service, severity, template, mean, minute, random);
        }
        if service.role == Role::Login {
            let text = "failed login for user <*> from <*>: wrong password".to_owned();
            push(service, "warn", text, 0.02 * served, minute, random);
        }
    }

    /// What a service writes about those it calls.
    fn tell_complaints(
        &self,
        at: usize,
        states: &[State],
        minute: &mut Minute,
        random: &mut Random,
    ) {
        let service = &self.estate.services[at];
        for edge in self.edges(at).filter(|edge| !edge.is_message) {
            let callee = &states[edge.callee];
            let calls = states[at].requests * edge.times;
            let name = self.estate.services[edge.callee].name;
            let late = 1.0 - arrives_in_time(edge, callee);
            let refused = callee.unreachable;
            let failed = (1.0 - refused) * (1.0 - late) * callee.fails;
            let (timed_out, answered, lost) = if service.names_others {
                (
                    format!("call to {name} timed out after <*> ms"),
                    format!("{name} answered 500 to request <*>"),
                    self.fault
                        .callers_write
                        .unwrap_or("call to {} failed")
                        .replace("{}", name),
                )
            } else {
                let plain = "request <*> failed: upstream error".to_owned();
                (
                    "request <*> gave up waiting".to_owned(),
                    plain.clone(),
                    plain,
                )
            };
            let severity = if edge.needed >= 0.5 { "error" } else { "warn" };
            push(
                service,
                severity,
                timed_out,
                (1.0 - refused) * late * calls,
                minute,
                random,
            );
            push(service, severity, answered, failed * calls, minute, random);
            push(service, severity, lost, refused * calls, minute, random);
        }
    }

    fn tell_fault(
        &self,
        service: &Service,
        line: &Line,
        state: &State,
        minute: &mut Minute,
        random: &mut Random,
    ) {
        let (severity, text, often) = line;
        let mean = match often {
            Often::Minute(mean) => mean * self.strength,
            Often::Request(share) => share * self.strength * state.requests,
            Often::Failure => state.own_fails * state.requests,
        };
        push(service, severity, (*text).to_owned(), mean, minute, random);
    }

    fn tell_gauge(&self, at: usize, service: &Service, minute: &mut Minute, random: &mut Random) {
        let mut gauge = |name: &'static str, usual: f64| {
            let target = match self.fault.gauge {
                Some((of, value)) if at == self.target && of == name => {
                    usual + self.strength * (value - usual)
                }
                _ => usual,
            };
            minute.gauges.push(Gauge {
                service: service.name.to_owned(),
                name,
                value: target * (1.0 + 0.02 * normal(random)),
            });
        };
        match service.role {
            Role::Outside => {}
            Role::Database => gauge("disk_used_share", 0.6),
            Role::Consumer => gauge("queue_length", 20.0),
            _ => {
                gauge("memory_used_share", 0.5);
                gauge("cpu_steal_share", 0.02);
            }
        }
    }
}

/// Share of calls that answer before the caller gives up; times are taken as exponential.
fn arrives_in_time(edge: &Edge, callee: &State) -> f64 {
    1.0 - (-edge.timeout / callee.seconds.max(1e-6)).exp()
}

/// Share of calls that come to nothing.
fn lost(edge: &Edge, callee: &State) -> f64 {
    1.0 - (1.0 - callee.unreachable) * arrives_in_time(edge, callee) * (1.0 - callee.fails)
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Database => "statement",
        Role::Cache => "lookup",
        Role::Consumer => "message",
        _ => "request",
    }
}

fn push(
    service: &Service,
    severity: &'static str,
    template: String,
    mean: f64,
    minute: &mut Minute,
    random: &mut Random,
) {
    let mean = mean * (1.0 + 0.1 * (uniform(random) - 0.5));
    let count = poisson(random, mean);
    if count == 0 {
        return;
    }
    let mut example = template.clone();
    while example.contains("<*>") {
        example = example.replacen("<*>", &random.below(100_000).to_string(), 1);
    }
    minute.lines.push(Lines {
        service: service.name.to_owned(),
        severity,
        template,
        example,
        count,
    });
}
