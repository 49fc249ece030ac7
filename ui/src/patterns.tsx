import { useEffect, useState } from "preact/hooks";
import { api, type Change, type Pattern, type PatternDiff, type PatternShift } from "./api";
import { Level } from "./cited";
import { Explain } from "./explain";
import { count, time } from "./format";
import { filterLogs } from "./route";

/** What can be looked at: a list of a range, or two windows side by side. */
const LOOKS: [string, string, Record<string, string>][] = [
  ["list:1h", "last hour, most frequent", { from: "1h" }],
  ["list:24h", "last 24 hours, most frequent", { from: "24h" }],
  ["list:7d", "last 7 days, most frequent", { from: "7d" }],
  ["diff:15m", "what changed: last 15 minutes against those before", { b: "15m" }],
  ["diff:1h", "what changed: last hour against the one before", { b: "1h" }],
  ["diff:day", "what changed: last hour against the same of yesterday", { a: "25h..24h", b: "1h" }],
  ["diff:24h", "what changed: last 24 hours against those before", { b: "24h" }],
];

const WORDS: Record<Change, string> = {
  new: "new",
  vanished: "vanished",
  surged: "more",
  dropped: "less",
  share_up: "larger share",
  share_down: "smaller share",
  steady: "steady",
};

export function Patterns({ onError }: { onError: (error: unknown) => void }) {
  const [look, setLook] = useState("list:24h");
  const [patterns, setPatterns] = useState<Pattern[] | null>(null);
  const [diff, setDiff] = useState<PatternDiff | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let isCurrent = true;
    setPatterns(null);
    setDiff(null);
    setProblem("");
    const query = new URLSearchParams(LOOKS.find(([name]) => name === look)?.[2]);
    query.set("limit", "50");
    const fail = (error: unknown) => {
      if (!isCurrent) return;
      onError(error);
      setProblem(error instanceof Error ? error.message : "that did not work");
    };
    if (look.startsWith("list")) api.patterns(query).then((found) => isCurrent && setPatterns(found), fail);
    else api.patternDiff(query).then((found) => isCurrent && setDiff(found), fail);
    return () => {
      isCurrent = false;
    };
  }, [look]);
  return (
    <section class="panel" aria-label="Patterns">
      <select aria-label="What to look at" value={look} onChange={(event) => setLook(event.currentTarget.value)}>
        {LOOKS.map(([name, label]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {!patterns && !diff && !problem && <p class="quiet">Loading…</p>}
      {patterns && (
        <>
          <p class="quiet">{count(patterns.length)} patterns, each with its trend and how it compares with the time before</p>
          <ul class="patterns">
            {patterns.map((pattern) => (
              <PatternRow key={pattern.id} pattern={pattern} onError={onError} />
            ))}
          </ul>
        </>
      )}
      {diff && <Diff diff={diff} onError={onError} />}
    </section>
  );
}

function PatternRow({ pattern, onError }: { pattern: Pattern; onError: (error: unknown) => void }) {
  return (
    <li>
      <Spark counts={pattern.trend ?? []} change={pattern.change ?? "steady"} />
      <div>
        <code>{pattern.text}</code>
        <div class="quiet">
          <Level severity={pattern.severity} /> {count(pattern.count)}×
          {pattern.before !== undefined && ` after ${count(pattern.before)}`}
          {pattern.share !== undefined && ` · ${percent(pattern.share)}`} · {pattern.services.slice(0, 3).join(", ")}{" "}
          {pattern.change && pattern.change !== "steady" && <Tag change={pattern.change} />}{" "}
          <button type="button" class="link" onClick={() => filterLogs({ template: pattern.id, from: "24h" }, true)}>
            show records
          </button>{" "}
          <Explain subject={{ pattern: pattern.id }} onError={onError} />
        </div>
      </div>
    </li>
  );
}

function Diff({ diff, onError }: { diff: PatternDiff; onError: (error: unknown) => void }) {
  return (
    <>
      <p class="quiet">
        {time(diff.a.from)} – {time(diff.a.to)}: {count(diff.a.records)} records · {time(diff.b.from)} – {time(diff.b.to)}:{" "}
        {count(diff.b.records)} records · {count(diff.steady)} patterns steady
        {diff.left_out > 0 && ` · ${count(diff.left_out)} more changed`}
        {diff.is_cut && " · rare kinds of records are left out"}
      </p>
      {diff.changed.length === 0 && <p>Nothing changed that chance does not explain.</p>}
      <ul class="patterns">
        {diff.changed.map((row) => (
          <DiffRow key={row.id} row={row} diff={diff} onError={onError} />
        ))}
      </ul>
    </>
  );
}

function DiffRow(props: { row: PatternShift; diff: PatternDiff; onError: (error: unknown) => void }) {
  const { row, diff } = props;
  const show = () => {
    const window = row.change === "vanished" ? diff.a : diff.b;
    filterLogs({ template: row.id, from: window.from, to: window.to }, true);
  };
  return (
    <li>
      <div>
        <Tag change={row.change} />
        <div class="quiet">
          {count(row.count_a)} → {count(row.count_b)}
        </div>
      </div>
      <div>
        <code>{row.text}</code>
        <div class="quiet">
          <Level severity={row.severity} /> share {percent(row.share_a)} → {percent(row.share_b)} ·{" "}
          {row.services.slice(0, 3).join(", ")}{" "}
          <button type="button" class="link" onClick={show}>
            show records
          </button>{" "}
          <Explain subject={{ pattern: row.id }} onError={props.onError} />
        </div>
      </div>
    </li>
  );
}

function Tag({ change }: { change: Change }) {
  const kind = change === "new" || change === "surged" ? "error" : "warn";
  return <span class={`tag ${kind}`}>{WORDS[change]}</span>;
}

/** Twelve bars, the highest as high as the picture. */
function Spark({ counts, change }: { counts: number[]; change: Change }) {
  const most = Math.max(1, ...counts);
  return (
    <svg class={`spark ${change}`} viewBox="0 0 120 26" role="img" aria-label={`trend: ${counts.join(", ")}`}>
      {counts.map((value, index) => {
        const height = value === 0 ? 0 : Math.max(1, (24 * value) / most);
        return <rect key={index} x={index * 10 + 1} y={25 - height} width={8} height={height} />;
      })}
    </svg>
  );
}

function percent(share: number): string {
  const value = 100 * share;
  return value > 0 && value < 0.1 ? "<0.1 %" : `${value.toFixed(value < 10 ? 1 : 0)} %`;
}
