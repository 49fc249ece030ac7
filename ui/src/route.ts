import { signal } from "@preact/signals";

export type View = "logs" | "patterns" | "services" | "tokens";

export interface Route {
  /** The incident that is open, from `/incidents/{id}`. */
  incident: string | null;
  /** The trace that is open, from `/traces/{trace_id}`. */
  trace: string | null;
  /** What stands beside the incidents when none is open: the log list, or what `/patterns`, `/services` and `/tokens` name. */
  view: View;
  /** The filter of the log list, from the query string. */
  query: URLSearchParams;
}

function read(): Route {
  const incident = /^\/incidents\/([0-9a-f-]{36})$/i.exec(location.pathname);
  const trace = /^\/traces\/([0-9a-f]{32})$/i.exec(location.pathname);
  const view = /^\/(patterns|services|tokens)$/.exec(location.pathname)?.[1] as View | undefined;
  return {
    view: view ?? "logs",
    incident: incident?.[1] ?? null,
    trace: trace?.[1] ?? null,
    query: new URLSearchParams(location.search),
  };
}

/** What the address says: everything that can be sent to a colleague as a link. */
export const route = signal<Route>(read());

addEventListener("popstate", () => (route.value = read()));

function go(address: string): void {
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
  route.value = read();
}

export function openIncident(id: string | null): void {
  const query = route.value.query.toString();
  go((id ? `/incidents/${id}` : "/") + (query ? `?${query}` : ""));
}

export function openView(view: View): void {
  const query = route.value.query.toString();
  go((view === "logs" ? "/" : `/${view}`) + (query ? `?${query}` : ""));
}

export function openTrace(id: string | null): void {
  const query = route.value.query.toString();
  go((id ? `/traces/${id}` : "/") + (query ? `?${query}` : ""));
}

/** Shows the logs that match. Empty values are left out. */
export function filterLogs(changes: Record<string, string>, fresh = false): void {
  const query = new URLSearchParams(fresh ? undefined : route.value.query);
  for (const [key, value] of Object.entries(changes)) {
    if (value) query.set(key, value);
    else query.delete(key);
  }
  const text = query.toString();
  go(text ? `/?${text}` : "/");
}

/** The address of the log list with these filters alone; empty values are left out. */
export function logsAddress(filters: Record<string, string>): string {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value));
  return `/?${query}`;
}

/** Shows the log list of such an address, and brings it into view: it may lie below a long answer. */
export function showLogs(address: string): void {
  go(address);
  requestAnimationFrame(() => document.querySelector("section.logs")?.scrollIntoView({ block: "start" }));
}
