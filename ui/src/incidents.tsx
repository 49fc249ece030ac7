import { useEffect, useState } from "preact/hooks";
import { api, type Incident } from "./api";
import { Level } from "./cited";
import { duration, time } from "./format";
import { openIncident, route } from "./route";

const PERIOD_MS = 5_000;

export function Incidents({ onError }: { onError: (error: unknown) => void }) {
  const [incidents, setIncidents] = useState<Incident[] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const look = () =>
      api.incidents().then(
        (found) => {
          setIncidents(found);
          setProblem("");
        },
        (error) => {
          onError(error);
          setProblem(error instanceof Error ? error.message : "that did not work");
        },
      );
    look();
    const timer = setInterval(look, PERIOD_MS);
    return () => clearInterval(timer);
  }, []);
  const active = incidents?.filter((incident) => incident.state !== "resolved") ?? [];
  const over = incidents?.filter((incident) => incident.state === "resolved") ?? [];
  return (
    <nav class="incidents" aria-label="Incidents">
      <h2>
        Incidents {active.length > 0 && <span class="tag error">{active.length} active</span>}
      </h2>
      {problem && (
        <p class="problem" role="alert">
          {incidents ? "not up to date: " : ""}
          {problem}
        </p>
      )}
      {!incidents && !problem && <p class="quiet">Loading…</p>}
      {incidents && active.length === 0 && <p class="quiet">Nothing is on fire.</p>}
      <List incidents={active} />
      {over.length > 0 && (
        <>
          <h3>Resolved</h3>
          <List incidents={over} />
        </>
      )}
    </nav>
  );
}

function List({ incidents }: { incidents: Incident[] }) {
  return (
    <ul>
      {incidents.map((incident) => (
        <li key={incident.id}>
          <button
            type="button"
            class={`incident ${incident.state}`}
            aria-current={route.value.incident === incident.id}
            onClick={() => openIncident(incident.id)}
          >
            <span>
              <Level severity={incident.severity} /> #{incident.number} · {incident.state}
              {incident.acknowledged_by && ` by ${incident.acknowledged_by}`}
            </span>
            <b>{incident.headline ?? incident.title}</b>
            <span class="quiet">
              {incident.services.slice(0, 3).join(", ")} · {time(incident.started_at)} ·{" "}
              {duration(incident.started_at, incident.resolved_at)}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
