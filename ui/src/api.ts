// The wire types of /api/v1 that the page uses, and the few calls it makes.

export type Severity = "unspecified" | "trace" | "debug" | "info" | "warn" | "error" | "fatal";

export interface LogRecord {
  id: string;
  timestamp: string;
  severity: Severity;
  service: string;
  body: string;
  attributes?: Record<string, unknown>;
  trace_id?: string;
  template_id: string;
}

export interface LogPage {
  records: LogRecord[];
  next_cursor: string | null;
}

export interface Histogram {
  from: string;
  to: string;
  bucket_seconds: number;
  total: number;
  buckets: { start: string; total: number; counts: Partial<Record<Severity, number>> }[];
}

export interface Sentence {
  text: string;
  citations: number[];
}

export interface Evidence {
  number: number;
  kind: string;
  text: string;
  service: string | null;
  severity: Severity;
  count: number;
  expected: number | null;
  template_id: string | null;
  record_ids: string[];
  first_at: string;
  last_at: string;
}

export interface Suspect {
  name: string;
  service: string | null;
  confidence: "low" | "medium" | "high";
  reason: string;
  evidence: number[];
  /** What confirms it and what refutes it; empty in summaries of older versions. */
  check?: string;
}

export interface Author {
  kind: "rules" | "model" | "rules_after_rejection";
  model?: string;
  reason?: string;
}

/** What a question was understood as, to be changed and asked again. */
export interface Plan {
  intent: string;
  from: string | null;
  to: string | null;
  compare_from: string | null;
  compare_to: string | null;
  services: string[];
  excluded_services: string[];
  severities: string[];
  texts: string[];
  excluded_texts: string[];
  attributes: string[];
  statuses: string[];
  numbers: string[];
  trace_id: string | null;
  measure: string | null;
  group_by: string | null;
  limit: number | null;
  topic: string;
  values: string[];
  explained: string | null;
  /** Nobody said the time. */
  is_default_time: boolean;
  is_of_trouble?: boolean;
}

export interface Interpretation {
  intent: string;
  from: string;
  to: string;
  chips: [string, string][];
  ignored_words: string[];
  plan: Plan;
}

/** The computed values behind the sentences. */
export interface Result {
  kind: string;
  count: number | null;
  other_count?: number;
  other_value?: number;
  grouped_by?: string;
  groups: { key: string; count: number; other_count?: number }[];
  is_lower_bound: boolean;
  /** The search that shows the counted records. */
  query?: string;
}

export interface Answer {
  text: string;
  found: boolean;
  facts: Sentence[];
  narrative: Sentence[];
  suspects: Suspect[];
  next_steps: string[];
  author: Author;
  result: Result;
}

export interface TimelineEntry {
  at: string;
  kind: string;
  text: string;
  actor?: string;
}

export interface Summary {
  headline: string;
  what_happened: Sentence[];
  impact: Sentence[];
  timeline: TimelineEntry[];
  suspects: Suspect[];
  next_steps: string[];
  similar: { id: string; number: number; title: string; opened_at: string }[];
  evidence: Evidence[];
  author: Author;
  written_at: string;
}

export interface Incident {
  id: string;
  number: number;
  state: "open" | "acknowledged" | "resolved";
  severity: "info" | "warning" | "error" | "critical";
  title: string;
  headline: string | null;
  policy: string | null;
  services: string[];
  anomaly_count: number;
  started_at: string;
  opened_at: string;
  acknowledged_by: string | null;
  resolved_at: string | null;
}

export interface GraphNode {
  service: string;
  affected?: boolean;
  suspect?: number | null;
  records: number;
  errors: number;
}

export interface GraphEdge {
  caller: string;
  callee: string;
  kind: "request" | "message" | "mentioned";
  count: number;
  errors: number;
}

export interface IncidentDetail extends Incident {
  timeline: TimelineEntry[];
  summary: Summary | null;
  graph: { nodes: GraphNode[]; edges: GraphEdge[] };
}

export type Change = "new" | "vanished" | "surged" | "dropped" | "share_up" | "share_down" | "steady";

export interface Pattern {
  id: string;
  text: string;
  count: number;
  errors: number;
  services: string[];
  severity: Severity;
  trend?: number[];
  before?: number;
  change?: Change;
  share?: number;
  share_before?: number;
}

export interface PatternShift {
  id: string;
  text: string;
  services: string[];
  severity: Severity;
  change: Change;
  count_a: number;
  count_b: number;
  factor: number;
  share_a: number;
  share_b: number;
}

export interface PatternDiff {
  a: { from: string; to: string; records: number };
  b: { from: string; to: string; records: number };
  changed: PatternShift[];
  left_out: number;
  steady: number;
  is_cut: boolean;
}

export interface Topology {
  nodes: { service: string; count: number; errors: number; error_rate: number; p50_ms: number | null; p95_ms: number | null }[];
  edges: {
    caller: string;
    callee: string;
    kind: "request" | "message";
    count: number;
    errors: number;
    p95_ms: number | null;
  }[];
}

export interface Explanation {
  sentences: string[];
  parts: { key: string; kind: string; value: string | null }[];
  next_steps: string[];
}

export interface Comparison {
  similarity: number;
  text: string;
  patterns: { both: { id: string; text: string }[] };
}

/** What each stage of an answer took. */
export interface Stages {
  interpretation_ms: number;
  planning_ms?: number;
  retrieval_ms: number;
  facts_ms: number;
  first_token_ms?: number;
  narrative_ms?: number;
}

export interface Span {
  span_id: string;
  parent_span_id: string | null;
  service: string;
  name: string;
  kind: string;
  start: string;
  offset_ms: number;
  duration_ms: number;
  status: "unset" | "ok" | "error";
  status_message?: string;
  attributes?: Record<string, unknown>;
  events?: { name?: string; time_unix_ns?: number; attributes?: Record<string, unknown> }[];
}

export interface Trace {
  trace_id: string;
  spans: Span[];
  is_truncated: boolean;
  records: LogRecord[];
  has_more_records: boolean;
}

export interface ServiceCount {
  service: string;
  count: number;
  errors: number;
}

export interface Check {
  name: string;
  status: "ok" | "degraded" | "failed";
  detail: string;
  how_to_fix?: string;
}

/** What a token may do: write records, or read. */
export type Scope = "ingest" | "read";

export interface Token {
  id: string;
  name: string;
  prefix: string;
  scope: Scope;
  created_at: string;
  /** To the minute. */
  last_used_at: string | null;
  revoked_at: string | null;
}

export class Unauthenticated extends Error {}

async function request<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, {
    credentials: "same-origin",
    ...init,
    headers: { accept: "application/json", ...init?.headers },
  });
  if (!response.ok) {
    const problem = await response.json().catch(() => null);
    if (response.status === 401 && path !== "/api/v1/login") throw new Unauthenticated("log in first");
    throw new Error(problem?.detail ?? `${path} answered ${response.status}`);
  }
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

const json = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** IANA name of the reader's zone. */
const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
const zoned = () => `time_zone=${encodeURIComponent(timeZone())}`;

export const api = {
  me: () => request<{ name: string }>("/api/v1/me"),
  login: (name: string, password: string) =>
    request<{ name: string }>("/api/v1/login", json({ name, password })),
  logout: () => request<void>("/api/v1/logout", { method: "POST" }),
  logs: (query: URLSearchParams) => request<LogPage>(`/api/v1/logs?${query}`),
  histogram: (query: URLSearchParams) => request<Histogram>(`/api/v1/logs/histogram?${query}`),
  context: (id: string) =>
    request<{ before: LogRecord[]; record: LogRecord; after: LogRecord[] }>(
      `/api/v1/logs/${encodeURIComponent(id)}/context?before=8&after=8`,
    ),
  services: (query: URLSearchParams) => request<ServiceCount[]>(`/api/v1/services?${query}`),
  patterns: (query: URLSearchParams) => request<Pattern[]>(`/api/v1/patterns?${query}`),
  patternDiff: (query: URLSearchParams) => request<PatternDiff>(`/api/v1/patterns/diff?${query}`),
  topology: (query: URLSearchParams) => request<Topology>(`/api/v1/services/graph?${query}`),
  explain: (subject: { record?: string; pattern?: string }) =>
    request<Explanation>("/api/v1/explain", json({ ...subject, time_zone: timeZone() })),
  compare: (a: string, b: string) =>
    request<Comparison>(`/api/v1/incidents/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}&${zoned()}`),
  postmortem: (id: string) => `/api/v1/incidents/${encodeURIComponent(id)}/postmortem?${zoned()}`,
  trace: (id: string) => request<Trace>(`/api/v1/traces/${encodeURIComponent(id)}`),
  incidents: () => request<Incident[]>("/api/v1/incidents?limit=50"),
  incident: (id: string) => request<IncidentDetail>(
      `/api/v1/incidents/${encodeURIComponent(id)}?${zoned()}`,
    ),
  act: (id: string, action: "ack" | "resolve") =>
    request<Incident>(`/api/v1/incidents/${encodeURIComponent(id)}/${action}`, { method: "POST" }),
  tokens: () => request<Token[]>("/api/v1/tokens"),
  createToken: (name: string, scope: Scope) => request<Token & { token: string }>("/api/v1/tokens", json({ name, scope })),
  revokeToken: (id: string) => request<void>(`/api/v1/tokens/${encodeURIComponent(id)}`, { method: "DELETE" }),
  judge: (id: string, verdict: "useful" | "noise") =>
    request<{ anomalies: number }>(`/api/v1/incidents/${encodeURIComponent(id)}/feedback`, json({ verdict })),
  status: () => request<{ version: string; store: string; index: string; checks: Check[] }>("/api/v1/status"),
};

export interface AskHandlers {
  interpretation(item: Interpretation): void;
  /** The rules do not know the question: this model is asked for a plan. */
  planning(model: string): void;
  evidence(evidence: Evidence[], samples: LogRecord[]): void;
  /** The next words of the model's text. */
  delta(text: string): void;
  answer(answer: Answer): void;
  done(elapsed_ms: number, stages: Stages): void;
}

export interface AskBody {
  question: string;
  /** What to do instead of what the words say. */
  plan?: Plan;
  /** Questions with the same one may lean on each other. */
  conversation_id: string;
}

/** Asks a question and hands each event of the stream to its handler, in the order they come. */
export async function ask(body: AskBody, handlers: AskHandlers, signal: AbortSignal): Promise<void> {
  const response = await fetch("/api/v1/ask", {
    ...json({ ...body, time_zone: timeZone() }),
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    credentials: "same-origin",
    signal,
  });
  await read(response, (name, value: any) => {
    if (name === "interpretation") handlers.interpretation(value);
    else if (name === "planning") handlers.planning(value.model);
    else if (name === "evidence") handlers.evidence(value.evidence, value.samples);
    else if (name === "tokens") handlers.delta(value);
    else if (name === "facts" || name === "answer") handlers.answer(value);
    else if (name === "done") handlers.done(value.elapsed_ms, value.stages);
    else if (name === "error") throw new Error(value.detail);
  });
}

/** How many records a tail did not show. */
export interface TailLoss {
  records: number;
  unseen: number;
}

export interface TailHandlers {
  /** Connected. */
  open(): void;
  record(record: LogRecord): void;
  dropped(loss: TailLoss): void;
  /** The server says why it ends the stream. */
  end(reason: string): void;
}

/** Follows the records that match as they come, until the stream ends. */
export async function tail(query: URLSearchParams, handlers: TailHandlers, signal: AbortSignal): Promise<void> {
  const response = await fetch(`/api/v1/logs/tail?${query}`, {
    headers: { accept: "text/event-stream" },
    credentials: "same-origin",
    signal,
  });
  if (response.ok) handlers.open();
  await read(response, (name, value: any) => {
    if (name === "record") handlers.record(value);
    else if (name === "dropped") handlers.dropped(value);
    else if (name === "end") handlers.end(value.reason);
  });
}

/** Hands each event of a stream on, in the order they come. */
async function read(response: Response, take: (name: string, value: unknown) => void): Promise<void> {
  if (response.status === 401) throw new Unauthenticated("log in first");
  if (!response.ok || !response.body) {
    const problem = await response.json().catch(() => null);
    throw new Error(problem?.detail ?? `the server answered ${response.status}`);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const events = rest.split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) dispatch(event, take);
  }
}

function dispatch(event: string, take: (name: string, value: unknown) => void): void {
  let name = "message";
  const data: string[] = [];
  for (const line of event.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  if (data.length > 0) take(name, JSON.parse(data.join("\n")));
}
