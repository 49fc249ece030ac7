import { useEffect, useState } from "preact/hooks";
import { api, type Span, type Trace } from "./api";
import { RecordLine } from "./cited";
import { count, took } from "./format";

/** Levels of a tree that are indented; deeper ones stand below each other. */
const MOST_INDENTED = 12;

interface Placed {
  span: Span;
  depth: number;
}

/** A trace as a waterfall, with the log records that bear its id. */
export function TracePanel(props: { id: string; onClose: () => void; onError: (error: unknown) => void }) {
  const [trace, setTrace] = useState<Trace | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let isCurrent = true;
    api.trace(props.id).then(
      (found) => isCurrent && setTrace(found),
      (error) => {
        if (!isCurrent) return;
        props.onError(error);
        setProblem(error instanceof Error ? error.message : "that did not work");
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [props.id]);
  const whole = Math.max(0, ...(trace?.spans ?? []).map((span) => span.offset_ms + span.duration_ms));
  const services = new Set(trace?.spans.map((span) => span.service));
  return (
    <section class="panel" aria-label="Trace">
      <button type="button" class="plain close" aria-label="Close the trace" onClick={props.onClose}>
        ✕
      </button>
      <h2>Trace {props.id}</h2>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {!trace && !problem && <p class="quiet">Loading…</p>}
      {trace && (
        <>
          <p class="quiet">
            {count(trace.spans.length)} spans of {count(services.size)} services in {took(whole)}
            {trace.is_truncated && " · there are more spans than are shown"}
          </p>
          <ul class="spans">
            {tree(trace.spans).map(({ span, depth }) => (
              <SpanRow key={span.span_id} span={span} depth={depth} whole={whole} />
            ))}
          </ul>
          <h3>Its log records</h3>
          {trace.records.length === 0 && <p class="quiet">None bears its id.</p>}
          <ul class="records">
            {trace.records.map((record) => (
              <RecordLine key={record.id} record={record} />
            ))}
          </ul>
          {trace.has_more_records && <p class="quiet">There are more records than are shown.</p>}
        </>
      )}
    </section>
  );
}

function SpanRow({ span, depth, whole }: { span: Span; depth: number; whole: number }) {
  const [isOpen, setOpen] = useState(false);
  const share = (value: number) => (whole > 0 ? (100 * value) / whole : 0);
  const facts: [string, unknown][] = [
    ["span", span.span_id],
    ["kind", span.kind],
    ["began", span.start],
    ["status", [span.status, span.status_message].filter(Boolean).join(": ")],
    ...Object.entries(span.attributes ?? {}),
    ...(span.events ?? []).flatMap((event): [string, unknown][] => {
      const name = event.name || "event";
      const attributes = Object.entries(event.attributes ?? {});
      if (attributes.length === 0) return [["event", name]];
      return attributes.map(([key, value]) => [key.startsWith(`${name}.`) ? key : `${name}: ${key}`, value]);
    }),
  ];
  return (
    <li>
      <button type="button" class={`span ${span.status}`} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span class="what">
          {"\u00a0".repeat(2 * Math.min(depth, MOST_INDENTED))}
          <span class="service">{span.service}</span> {span.name}
        </span>
        <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
          <rect x={share(span.offset_ms)} y="1" width={Math.max(0.4, share(span.duration_ms))} height="8" />
        </svg>
        <span class="took">{took(span.duration_ms)}</span>
      </button>
      {isOpen && (
        <div class="details">
          <dl>
            {facts.map(([name, value], at) => (
              <>
                <dt key={`name ${at}`}>{name}</dt>
                <dd key={`value ${at}`}>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
              </>
            ))}
          </dl>
        </div>
      )}
    </li>
  );
}

/** The spans with each below its parent; those whose parent is not there stand at the top. Each span once, whatever they say. */
function tree(spans: Span[]): Placed[] {
  const known = new Set(spans.map((span) => span.span_id));
  const below = new Map<string, Span[]>();
  for (const span of spans) {
    const parent = span.parent_span_id && known.has(span.parent_span_id) ? span.parent_span_id : "";
    below.set(parent, [...(below.get(parent) ?? []), span]);
  }
  const placed: Placed[] = [];
  const seen = new Set<string>();
  const waiting: Placed[] = [];
  const wait = (parent: string, depth: number) =>
    waiting.push(...(below.get(parent) ?? []).map((span) => ({ span, depth })).reverse());
  wait("", 0);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (seen.has(next.span.span_id)) continue;
    seen.add(next.span.span_id);
    placed.push(next);
    wait(next.span.span_id, next.depth + 1);
  }
  // Spans that are each other's parents have no top.
  for (const span of spans) if (!seen.has(span.span_id)) placed.push({ span, depth: 0 });
  return placed;
}
