import { useEffect, useState } from "preact/hooks";
import { api, type GraphNode, type ServiceCount, type Topology } from "./api";
import { count, took } from "./format";
import { Graph } from "./graph";
import { filterLogs } from "./route";

const RANGES: [string, string][] = [
  ["15m", "last 15 minutes"],
  ["1h", "last hour"],
  ["6h", "last 6 hours"],
  ["24h", "last 24 hours"],
];

/** Every service with what it wrote and how it answers, and who calls whom. */
export function Services({ onError }: { onError: (error: unknown) => void }) {
  const [range, setRange] = useState("1h");
  const [services, setServices] = useState<ServiceCount[] | null>(null);
  const [topology, setTopology] = useState<Topology | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let isCurrent = true;
    setProblem("");
    const query = new URLSearchParams({ from: range });
    const fail = (error: unknown) => {
      if (!isCurrent) return;
      onError(error);
      setProblem(error instanceof Error ? error.message : "that did not work");
    };
    api.services(query).then((found) => isCurrent && setServices(found), fail);
    api.topology(query).then((found) => isCurrent && setTopology(found), fail);
    return () => {
      isCurrent = false;
    };
  }, [range]);
  const written = new Map(services?.map((row) => [row.service, row]));
  const asked = new Map(topology?.nodes.map((node) => [node.service, node]));
  const names = [...new Set([...written.keys(), ...asked.keys()])].sort(
    (a, b) => (written.get(b)?.errors ?? 0) - (written.get(a)?.errors ?? 0) || (a < b ? -1 : 1),
  );
  const nodes: GraphNode[] =
    topology?.nodes.map((node) => ({
      service: node.service,
      records: written.get(node.service)?.count ?? 0,
      errors: written.get(node.service)?.errors ?? 0,
    })) ?? [];
  return (
    <section class="panel" aria-label="Services">
      <select aria-label="Time range" value={range} onChange={(event) => setRange(event.currentTarget.value)}>
        {RANGES.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {topology && topology.edges.length > 0 && <Graph nodes={nodes} edges={topology.edges} />}
      {topology?.edges.length === 0 && <p class="quiet">No traces in this time: who calls whom is not known.</p>}
      {services && names.length === 0 && <p class="quiet">No service wrote anything in this time.</p>}
      {names.length > 0 && (
        <table class="services">
          <thead>
            <tr>
              <th>Service</th>
              <th class="number">Records</th>
              <th class="number">Errors</th>
              <th class="number">Requests</th>
              <th class="number">failed</th>
              <th class="number">p95</th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => {
              const calls = asked.get(name);
              return (
                <tr key={name}>
                  <td>
                    <button type="button" class="link" onClick={() => filterLogs({ service: name, from: range }, true)}>
                      {name}
                    </button>
                  </td>
                  <td class="number">{count(written.get(name)?.count ?? 0)}</td>
                  <td class="number">{count(written.get(name)?.errors ?? 0)}</td>
                  <td class="number">{calls ? count(calls.count) : "–"}</td>
                  <td class="number">{calls ? `${(100 * calls.error_rate).toFixed(1)} %` : "–"}</td>
                  <td class="number">{calls?.p95_ms != null ? took(calls.p95_ms) : "–"}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}
