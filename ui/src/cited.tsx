import { type ComponentChildren, createContext } from "preact";
import { useContext, useId } from "preact/hooks";
import type { Author, Evidence, LogRecord, Sentence, Severity, Suspect } from "./api";
import { count, time, usual } from "./format";
import { LogsLink } from "./proof";

const MARKS: Record<string, string> = { warn: "▲", error: "✖", fatal: "✖✖", critical: "✖✖", warning: "▲" };

/** Whose evidence is meant: an answer and an incident may stand on the page together. */
const Scope = createContext("");

/** Sentences, suspects and the evidence that they cite by number. */
export function Cited({ children }: { children: ComponentChildren }) {
  return <Scope.Provider value={useId()}>{children}</Scope.Provider>;
}

function Citations({ numbers }: { numbers: number[] }) {
  const scope = useContext(Scope);
  return (
    <>
      {numbers.map((number) => (
        <a key={number} class="cite" href={`#${scope}-evidence-${number}`}>
          [{number}]
        </a>
      ))}
    </>
  );
}

/** A severity by mark, word and colour: colour alone is not enough. */
export function Level({ severity }: { severity: string }) {
  return (
    <span class={`level ${severity}`}>
      <span aria-hidden="true">{MARKS[severity] ?? "·"}</span> {severity === "unspecified" ? "–" : severity}
    </span>
  );
}

export function Sentences({ sentences }: { sentences: Sentence[] }) {
  return (
    <p>
      {sentences.map((sentence, index) => (
        <span key={index}>
          {sentence.text}
          <Citations numbers={sentence.citations} />{" "}
        </span>
      ))}
    </p>
  );
}

export function AuthorNote({ author }: { author: Author }) {
  if (author.kind === "model") return <p class="quiet">Phrased by {author.model} and checked against the evidence.</p>;
  if (author.kind === "rules_after_rejection") {
    return (
      <p class="quiet">
        Written by rules; the text of {author.model} was dropped: {author.reason}
      </p>
    );
  }
  return null;
}

export function Suspects({ suspects }: { suspects: Suspect[] }) {
  if (suspects.length === 0) return null;
  return (
    <section>
      <h3>Suspects</h3>
      <ol class="suspects">
        {suspects.map((suspect) => (
          <li key={suspect.name}>
            <b>{suspect.name}</b> <span class={`tag ${suspect.confidence}`}>{suspect.confidence} confidence</span>
            <div>
              {suspect.reason} <Citations numbers={suspect.evidence} />
            </div>
            {suspect.check && <div class="quiet">To check: {suspect.check}</div>}
          </li>
        ))}
      </ol>
    </section>
  );
}

export function Steps({ steps }: { steps: string[] }) {
  if (steps.length === 0) return null;
  return (
    <section>
      <h3>Next steps</h3>
      <ol>
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </section>
  );
}

export function EvidenceList({ evidence }: { evidence: Evidence[] }) {
  const scope = useContext(Scope);
  if (evidence.length === 0) return null;
  return (
    <section>
      <h3>Evidence</h3>
      <ol class="evidence">
        {[...evidence].sort((a, b) => a.number - b.number).map((item) => (
          <li key={item.number} id={`${scope}-evidence-${item.number}`}>
            <span class="number">[{item.number}]</span>
            <div>
              <code>{item.text}</code>
              <div class="quiet">
                {item.severity !== "unspecified" && <Level severity={item.severity} />} {item.kind}
                {item.service && ` · ${item.service}`}
                {item.kind !== "change" && ` · ${count(item.count)}×`}
                {item.expected !== null && ` (usually ${usual(item.expected)})`}
                {` · ${time(item.first_at)}`}
                {item.last_at !== item.first_at && ` – ${time(item.last_at)}`}
                {(item.template_id || item.record_ids.length > 0 || (item.kind === "anomaly" && item.service)) && <ShowLogs evidence={item} />}
              </div>
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The records of a pattern; of records without one what their service wrote around them. */
function ShowLogs({ evidence }: { evidence: Evidence }) {
  const from = new Date(new Date(evidence.first_at).getTime() - 60_000);
  const to = new Date(new Date(evidence.last_at).getTime() + 120_000);
  if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime())) return null;
  const what: Record<string, string> = evidence.template_id ? { template: evidence.template_id } : { service: evidence.service ?? "" };
  return (
    <>
      {" · "}
      <LogsLink filters={{ ...what, from: from.toISOString(), to: to.toISOString() }}>show records</LogsLink>
    </>
  );
}

export function Samples({ records }: { records: LogRecord[] }) {
  if (records.length === 0) return null;
  return (
    <details>
      <summary>{records.length} sample records</summary>
      <ul class="records">
        {records.map((record) => (
          <RecordLine key={record.id} record={record} />
        ))}
      </ul>
    </details>
  );
}

export function RecordLine({ record }: { record: { timestamp: string; severity: Severity; service: string; body: string } }) {
  return (
    <li class="record">
      <time dateTime={record.timestamp}>{time(record.timestamp)}</time>
      <Level severity={record.severity} />
      <span class="service">{record.service}</span>
      <span class="body">{record.body}</span>
    </li>
  );
}
