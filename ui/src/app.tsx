import { useEffect, useState } from "preact/hooks";
import { api, type Check, Unauthenticated } from "./api";
import { Ask } from "./ask";
import { restart } from "./conversation";
import { IncidentPanel } from "./incident";
import { Incidents } from "./incidents";
import { Login } from "./login";
import { Logs } from "./logs";
import { Patterns } from "./patterns";
import { openIncident, openTrace, openView, route, type View } from "./route";
import { Services } from "./services";
import { Tokens } from "./tokens";
import { TracePanel } from "./trace";

/** The page: ask, incidents, logs. */
export function App() {
  const [user, setUser] = useState<string | null | undefined>(undefined);
  const [problem, setProblem] = useState("");
  const look = () => {
    setProblem("");
    api.me().then(
      (me) => setUser(me.name),
      // Only a refused session means that somebody must log in; the server may just be away.
      (error) =>
        error instanceof Unauthenticated
          ? setUser(null)
          : setProblem(error instanceof Error ? error.message : "the server cannot be reached"),
    );
  };
  useEffect(look, []);
  if (user === undefined) {
    return problem ? (
      <div class="pad" role="alert">
        <p class="problem">The server cannot be reached: {problem}</p>
        <button type="button" onClick={look}>
          Try again
        </button>
      </div>
    ) : (
      <p class="quiet pad">Loading…</p>
    );
  }
  if (user === null) return <Login onDone={setUser} />;
  const onError = (error: unknown) => {
    if (error instanceof Unauthenticated) setUser(null);
  };
  return (
    <>
      <Header user={user} onLogout={() => api.logout().finally(() => (restart(), setUser(null)))} />
      <main>
        <Ask onError={onError} />
        <div class="columns">
          <Incidents onError={onError} />
          {route.value.incident ? (
            <IncidentPanel
              key={route.value.incident}
              id={route.value.incident}
              onClose={() => openIncident(null)}
              onError={onError}
            />
          ) : route.value.trace ? (
            <TracePanel
              key={route.value.trace}
              id={route.value.trace}
              onClose={() => openTrace(null)}
              onError={onError}
            />
          ) : (
            <div>
              <Views />
              {route.value.view === "patterns" ? (
                <Patterns onError={onError} />
              ) : route.value.view === "services" ? (
                <Services onError={onError} />
              ) : route.value.view === "tokens" ? (
                <Tokens onError={onError} />
              ) : (
                <Logs onError={onError} />
              )}
            </div>
          )}
        </div>
      </main>
    </>
  );
}

const VIEWS: [View, string][] = [
  ["logs", "Logs"],
  ["patterns", "Patterns"],
  ["services", "Services"],
  ["tokens", "Tokens"],
];

function Views() {
  return (
    <nav class="views" aria-label="Views">
      {VIEWS.map(([view, label]) => (
        <a
          key={view}
          href={view === "logs" ? "/" : `/${view}`}
          aria-current={route.value.view === view ? "page" : undefined}
          onClick={(event) => (event.preventDefault(), openView(view))}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}

function Header({ user, onLogout }: { user: string; onLogout: () => void }) {
  const [status, setStatus] = useState<{ store: string; index: string; checks: Check[] } | null>(null);
  useEffect(() => {
    const look = () => api.status().then(setStatus, () => setStatus(null));
    look();
    const timer = setInterval(look, 15_000);
    return () => clearInterval(timer);
  }, []);
  const missing = status?.checks.filter((check) => check.status !== "ok") ?? [];
  return (
    <header>
      <a class="brand" href="/" onClick={(event) => (event.preventDefault(), openIncident(null))}>
        <img src="/icon.svg" alt="" width="24" height="24" /> Vigil
      </a>
      <details class="status">
        <summary>
          {status ? `${status.store} · ${status.index}` : "server not reachable"}
          {missing.length > 0 && <span class="tag warn">{missing.length} to look at</span>}
        </summary>
        <ul>
          {status?.checks.map((check) => (
            <li key={check.name}>
              <b>{check.name.replaceAll("_", " ")}</b> {check.status}: {check.detail}
              {check.how_to_fix && <div class="quiet">{check.how_to_fix}</div>}
            </li>
          ))}
        </ul>
      </details>
      <span class="quiet">{user}</span>
      <button type="button" class="plain" onClick={onLogout}>
        Log out
      </button>
    </header>
  );
}
