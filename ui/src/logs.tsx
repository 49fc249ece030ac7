import { useEffect, useRef, useState } from "preact/hooks";
import { api, type Histogram, type LogRecord, type ServiceCount } from "./api";
import { Chart } from "./chart";
import { count, time } from "./format";
import { Live } from "./live";
import { filterLogs, route } from "./route";
import { Row } from "./row";

const RANGES: [string, string][] = [
  ["15m", "last 15 minutes"],
  ["1h", "last hour"],
  ["6h", "last 6 hours"],
  ["24h", "last 24 hours"],
  ["7d", "last 7 days"],
];
const KEYS = ["q", "service", "severity", "template", "from", "to"];

export function Logs({ onError }: { onError: (error: unknown) => void }) {
  const query = route.value.query;
  const key = query.toString();
  // None before the first answer: an empty list says that nothing matches.
  const [records, setRecords] = useState<LogRecord[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [histogram, setHistogram] = useState<Histogram | null>(null);
  const [services, setServices] = useState<ServiceCount[]>([]);
  const [problem, setProblem] = useState("");
  const [round, setRound] = useState(0);
  const [isLoadingMore, setLoadingMore] = useState(false);
  const [isLive, setLive] = useState(false);
  const current = useRef("");

  const parameters = () => {
    const wanted = new URLSearchParams();
    for (const name of KEYS) {
      const value = query.get(name);
      if (value) wanted.set(name, value);
    }
    if (!wanted.has("from")) wanted.set("from", "1h");
    return wanted;
  };
  const fail = (error: unknown) => {
    onError(error);
    setProblem(error instanceof Error ? error.message : "that did not work");
  };
  useEffect(() => {
    if (isLive) return;
    const mine = `${round} ${key}`;
    current.current = mine;
    const isCurrent = () => current.current === mine;
    const failCurrent = (error: unknown) => isCurrent() && fail(error);
    setProblem("");
    setLoadingMore(false);
    setCursor(null);
    const wanted = parameters();
    api.histogram(wanted).then((found) => isCurrent() && setHistogram(found), failCurrent);
    api.services(wanted).then((found) => isCurrent() && setServices(found), failCurrent);
    const page = parameters();
    page.set("limit", "100");
    api.logs(page).then((found) => {
      if (!isCurrent()) return;
      setRecords(found.records);
      setCursor(found.next_cursor);
    }, failCurrent);
    return () => {
      current.current = "";
    };
  }, [key, round, isLive]);
  const more = () => {
    const mine = current.current;
    const page = parameters();
    page.set("limit", "100");
    if (cursor) page.set("cursor", cursor);
    setLoadingMore(true);
    api.logs(page).then(
      (found) => {
        // The filter may have changed meanwhile: these are records of another list then.
        if (current.current !== mine) return;
        setRecords((old) => [...(old ?? []), ...found.records]);
        setCursor(found.next_cursor);
        setLoadingMore(false);
      },
      (error) => {
        if (current.current !== mine) return;
        setLoadingMore(false);
        fail(error);
      },
    );
  };
  const live = parameters();
  live.delete("from");
  live.delete("to");
  return (
    <section class="panel logs" aria-label="Logs">
      <Filters services={services} onRefresh={() => setRound(round + 1)} />
      <p class="actions">
        <button type="button" class="plain" role="switch" aria-checked={isLive} onClick={() => setLive(!isLive)}>
          Live
        </button>
        {isLive && <span class="quiet">records as they come; the time range does not count</span>}
      </p>
      {isLive ? (
        <Live parameters={live} onError={onError} />
      ) : (
        <>
          {problem && (
            <p class="problem" role="alert">
              {problem}
            </p>
          )}
          {histogram && (
            <>
              <p class="quiet" data-total={histogram.total}>
                {count(histogram.total)} records · drag over the chart to zoom
              </p>
              <Chart
                histogram={histogram}
                onRange={(from, to) => filterLogs({ from: from.toISOString(), to: to.toISOString() })}
              />
            </>
          )}
          <ul class="records">
            {records?.map((record) => (
              <Row key={record.id} record={record} onError={onError} />
            ))}
          </ul>
          {records === null && !problem && <p class="quiet">Loading…</p>}
          {records?.length === 0 && !problem && <Empty />}
          {cursor && (
            <button type="button" class="plain" disabled={isLoadingMore} onClick={more}>
              {isLoadingMore ? "Loading…" : "Older records"}
            </button>
          )}
        </>
      )}
    </section>
  );
}

function Filters({ services, onRefresh }: { services: ServiceCount[]; onRefresh: () => void }) {
  const query = route.value.query;
  const [text, setText] = useState(query.get("q") ?? "");
  useEffect(() => setText(query.get("q") ?? ""), [query.get("q")]);
  const from = query.get("from") ?? "1h";
  const isFixed = !RANGES.some(([value]) => value === from);
  const service = query.get("service") ?? "";
  const template = query.get("template");
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        filterLogs({ q: text.trim() });
        onRefresh();
      }}
    >
      <input
        name="q"
        aria-label="Filter"
        placeholder='service:checkout level>=warn "timed out" -healthcheck'
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <select aria-label="Service" value={service} onChange={(event) => filterLogs({ service: event.currentTarget.value })}>
        <option value="">all services</option>
        {service && !services.some((row) => row.service === service) && <option value={service}>{service}</option>}
        {services.map((row) => (
          <option key={row.service} value={row.service}>
            {row.service} ({count(row.count)})
          </option>
        ))}
      </select>
      <select
        aria-label="Severity"
        value={query.get("severity") ?? ""}
        onChange={(event) => filterLogs({ severity: event.currentTarget.value })}
      >
        <option value="">all severities</option>
        <option value=">=info">info and worse</option>
        <option value=">=warn">warn and worse</option>
        <option value=">=error">error and worse</option>
      </select>
      <select
        aria-label="Time range"
        value={isFixed ? "fixed" : from}
        onChange={(event) => filterLogs({ from: event.currentTarget.value, to: "" })}
      >
        {isFixed && (
          <option value="fixed">
            {time(from)} – {time(query.get("to") ?? "now")}
          </option>
        )}
        {RANGES.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <button type="submit">Search</button>
      {template && (
        <span class="tag">
          pattern {template}{" "}
          <button type="button" class="link" aria-label="Remove the pattern filter" onClick={() => filterLogs({ template: "" })}>
            ✕
          </button>
        </span>
      )}
    </form>
  );
}

function Empty() {
  const line = `curl -X POST ${location.origin}/api/v1/logs -H "Authorization: Bearer $VIGIL_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"level":"error","service":"shop","message":"hello from curl"}'`;
  return (
    <div class="quiet">
      <p>No record matches. Widen the time range, or send one:</p>
      <pre>{line}</pre>
    </div>
  );
}
