import { useEffect, useState } from "preact/hooks";
import { api, type Comparison, type IncidentDetail } from "./api";
import { AuthorNote, Cited, EvidenceList, Level, Sentences, Steps, Suspects } from "./cited";
import { duration, time } from "./format";
import { Graph } from "./graph";
import { openIncident } from "./route";

const PERIOD_MS = 5_000;

/** Whether it was worth knowing: the next anomalies like those of it count for more or less. */
function Verdict({ id, onError }: { id: string; onError: (error: unknown) => void }) {
  const [said, setSaid] = useState<"" | "useful" | "noise">("");
  const judge = (verdict: "useful" | "noise") => api.judge(id, verdict).then(() => setSaid(verdict), onError);
  return (
    <span class="buttons" role="group" aria-label="Was this worth knowing?">
      {(["useful", "noise"] as const).map((verdict) => (
        <button key={verdict} type="button" class="plain" aria-pressed={said === verdict} onClick={() => judge(verdict)}>
          {verdict === "useful" ? "Useful" : "Noise"}
        </button>
      ))}
      <span class="quiet" role="status">
        {said && `noted: those like it count for ${said === "useful" ? "more" : "less"}`}
      </span>
    </span>
  );
}

export function IncidentPanel(props: { id: string; onClose: () => void; onError: (error: unknown) => void }) {
  const [incident, setIncident] = useState<IncidentDetail | null>(null);
  const [problem, setProblem] = useState("");
  const fail = (error: unknown) => {
    props.onError(error);
    setProblem(error instanceof Error ? error.message : "that did not work");
  };
  const look = () =>
    api.incident(props.id).then((found) => {
      setIncident(found);
      setProblem("");
    }, fail);
  useEffect(() => {
    look();
    const timer = setInterval(look, PERIOD_MS);
    return () => clearInterval(timer);
  }, [props.id]);
  const act = (action: "ack" | "resolve") => api.act(props.id, action).then(look, fail);
  if (!incident) return <section class="panel">{problem ? <p class="problem">{problem}</p> : <p class="quiet">Loading…</p>}</section>;
  const summary = incident.summary;
  return (
    <section class="panel" aria-label={`Incident ${incident.number}`}>
      <button type="button" class="plain close" aria-label="Close the incident" onClick={props.onClose}>
        ✕
      </button>
      <p class="quiet">
        <Level severity={incident.severity} /> #{incident.number} · {incident.state} · since {time(incident.started_at)} ·{" "}
        {duration(incident.started_at, incident.resolved_at)}
        {incident.policy && ` · policy ${incident.policy}`}
      </p>
      <h2>{summary?.headline ?? incident.title}</h2>
      <p class="actions">
        {incident.state === "open" && (
          <button type="button" onClick={() => act("ack")}>
            Acknowledge
          </button>
        )}
        {incident.state !== "resolved" && (
          <button type="button" class="plain" onClick={() => act("resolve")}>
            Resolve
          </button>
        )}
        {incident.anomaly_count > 0 && <Verdict id={incident.id} onError={fail} />}
        <a href={api.postmortem(incident.id)} download>
          Post-mortem draft
        </a>
        {incident.services.map((service) => (
          <span key={service} class="tag">
            {service}
          </span>
        ))}
      </p>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {summary ? (
        <Cited>
          <h3>What happened</h3>
          <Sentences sentences={summary.what_happened} />
          {summary.impact.length > 0 && (
            <>
              <h3>Impact</h3>
              <Sentences sentences={summary.impact} />
            </>
          )}
          <AuthorNote author={summary.author} />
          <Suspects suspects={summary.suspects} />
          <Steps steps={summary.next_steps} />
          <Around graph={incident.graph} />
          <EvidenceList evidence={summary.evidence} />
          {summary.similar.length > 0 && (
            <section>
              <h3>Similar incidents</h3>
              <ul>
                {summary.similar.map((other) => (
                  <li key={other.id}>
                    <button type="button" class="link" onClick={() => openIncident(other.id)}>
                      #{other.number} {other.title}
                    </button>{" "}
                    <span class="quiet">{time(other.opened_at)}</span> <Compare a={incident.id} b={other.id} onError={props.onError} />
                  </li>
                ))}
              </ul>
            </section>
          )}
        </Cited>
      ) : (
        <p class="quiet">The summary is being written.</p>
      )}
      <h3>Timeline</h3>
      <ol class="timeline">
        {(summary?.timeline.length ? merge(summary.timeline, incident.timeline) : incident.timeline).map((entry, index) => (
          <li key={index}>
            <time dateTime={entry.at}>{time(entry.at)}</time> <span class="tag">{entry.kind.replaceAll("_", " ")}</span>{" "}
            {entry.text}
            {entry.actor && <span class="quiet"> by {entry.actor}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The services around it; one alone needs no picture. */
function Around({ graph }: { graph: IncidentDetail["graph"] }) {
  if (graph.edges.length === 0) return null;
  return (
    <section>
      <h3>Services around it</h3>
      <Graph nodes={graph.nodes} edges={graph.edges} />
    </section>
  );
}

function Compare(props: { a: string; b: string; onError: (error: unknown) => void }) {
  const [found, setFound] = useState<Comparison | null>(null);
  if (found) {
    return (
      <div class="quiet">
        {found.text} {Math.round(100 * found.similarity)} % alike.
      </div>
    );
  }
  return (
    <button type="button" class="link" onClick={() => api.compare(props.a, props.b).then(setFound, props.onError)}>
      compare
    </button>
  );
}

type Entries = IncidentDetail["timeline"];

/** The summary's timeline also knows what happened around the incident; the incident's own is newer. */
function merge(written: Entries, live: Entries): Entries {
  const seen = new Set(live.map((entry) => entry.at + entry.text));
  const all = [...live, ...written.filter((entry) => !seen.has(entry.at + entry.text))];
  return all.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
