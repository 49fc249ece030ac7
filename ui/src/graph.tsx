import type { GraphEdge, GraphNode } from "./api";
import { count } from "./format";

const BOX = { width: 168, height: 40 };
const GAP = { x: 64, y: 14 };

/** Services as boxes in columns, callers left of what they call. */
export function Graph({ nodes, edges }: { nodes: GraphNode[]; edges: GraphEdge[] }) {
  const columns = layers(nodes, edges);
  const place = new Map<string, { x: number; y: number }>();
  columns.forEach((column, x) =>
    column.forEach((node, y) =>
      place.set(node.service, { x: x * (BOX.width + GAP.x) + 4, y: y * (BOX.height + GAP.y) + 4 }),
    ),
  );
  const width = columns.length * (BOX.width + GAP.x) - GAP.x + 8;
  const rows = Math.max(1, ...columns.map((column) => column.length));
  const height = rows * (BOX.height + GAP.y) - GAP.y + 8;
  return (
    <svg
      class="graph"
      viewBox={`0 0 ${Math.max(width, 700)} ${height}`}
      role="img"
      aria-label={edges.map((edge) => `${edge.caller} calls ${edge.callee}`).join(", ")}
    >
      <defs>
        <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
          <path class="tip" d="M0 0 L8 4 L0 8 z" />
        </marker>
      </defs>
      {edges.map((edge) => {
        const from = place.get(edge.caller);
        const to = place.get(edge.callee);
        return from && to && <Edge key={`${edge.caller} ${edge.callee}`} edge={edge} from={from} to={to} />;
      })}
      {nodes.map((node) => {
        const at = place.get(node.service);
        return at && <Box key={node.service} node={node} x={at.x} y={at.y} />;
      })}
    </svg>
  );
}

function Edge(props: { edge: GraphEdge; from: { x: number; y: number }; to: { x: number; y: number } }) {
  const { edge, from, to } = props;
  const isForward = to.x > from.x;
  const start = { x: from.x + (isForward ? BOX.width : 0), y: from.y + BOX.height / 2 };
  const end = { x: to.x + (isForward ? 0 : BOX.width), y: to.y + BOX.height / 2 };
  const bend = isForward ? (end.x - start.x) / 2 : -GAP.x / 2;
  const kind = `edge ${edge.kind}${edge.errors > 0 ? " failing" : ""}`;
  const calls = edge.count > 0 ? `${count(edge.count)} calls, ${count(edge.errors)} failed` : "named in its errors";
  return (
    <path
      class={kind}
      marker-end="url(#tip)"
      d={`M${start.x} ${start.y} C${start.x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`}
    >
      <title>{`${edge.caller} → ${edge.callee}: ${calls}`}</title>
    </path>
  );
}

function Box({ node, x, y }: { node: GraphNode; x: number; y: number }) {
  const kind = node.suspect ? "suspected" : node.affected ? "affected" : "";
  const role = node.suspect ? `suspect ${node.suspect}` : node.affected ? "affected" : "";
  const numbers = node.errors > 0 ? `${count(node.errors)} errors` : `${count(node.records)} records`;
  return (
    <g class={kind} transform={`translate(${x} ${y})`}>
      <title>{`${node.service}: ${numbers}${role && `, ${role}`}`}</title>
      <rect class="box" width={BOX.width} height={BOX.height} rx="7" />
      <text x="10" y="17">
        {short(node.service)}
      </text>
      <text class="small" x="10" y="31">
        {numbers}
        {role && ` · ${role}`}
      </text>
    </g>
  );
}

function short(name: string): string {
  return name.length > 22 ? `${name.slice(0, 21)}…` : name;
}

/** Columns by the longest way from a service that nobody calls; a circle ends where it comes back. */
function layers(nodes: GraphNode[], edges: GraphEdge[]): GraphNode[][] {
  const depth = new Map(nodes.map((node) => [node.service, 0]));
  for (let round = 0; round < nodes.length; round++) {
    let isChanged = false;
    for (const edge of edges) {
      const next = (depth.get(edge.caller) ?? 0) + 1;
      if (depth.has(edge.callee) && edge.caller !== edge.callee && next > (depth.get(edge.callee) ?? 0) && next < 6) {
        depth.set(edge.callee, next);
        isChanged = true;
      }
    }
    if (!isChanged) break;
  }
  const columns: GraphNode[][] = [];
  for (const node of nodes) (columns[depth.get(node.service) ?? 0] ??= []).push(node);
  return Array.from(columns, (column) => column ?? []).filter((column) => column.length > 0);
}
