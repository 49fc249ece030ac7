import { useState } from "preact/hooks";
import type { Interpretation, Result } from "./api";
import { count, range } from "./format";
import { logsAddress, showLogs } from "./route";

/** Groups that are shown before "all". */
const FIRST = 8;

/** Puts a text on the clipboard; also on plain HTTP, where the clipboard's own interface is not there. */
async function copy(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [said, setSaid] = useState("");
  const press = async () => {
    setSaid((await copy(text)) ? "Copied" : "Select it by hand");
    setTimeout(() => setSaid(""), 2_000);
  };
  return (
    <button type="button" class="plain small" onClick={press}>
      <span role="status">{said || label}</span>
    </button>
  );
}

/** A link into the log list that opens in place. */
export function LogsLink({ filters, children }: { filters: Record<string, string>; children: preact.ComponentChildren }) {
  const address = logsAddress(filters);
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    showLogs(address);
  };
  return (
    <a href={address} onClick={open}>
      {children}
    </a>
  );
}

/** The search that counted, to be copied and opened. */
export function Proof({ result, interpretation }: { result: Result; interpretation: Interpretation }) {
  if (result.query === undefined) return null;
  const { from, to } = interpretation;
  // The range stands beside it, and the log list has a field of its own for that.
  const filter = result.query
    .split(" ")
    .filter((word) => !/^(since|until):\d{4}-/.test(word))
    .join(" ");
  return (
    <div class="proof">
      <span class="quiet">counted by</span>
      <code>{filter || "all records"}</code>
      <span class="quiet">
        {range(from, to)}
      </span>
      <span class="buttons">
        <CopyButton text={result.query} />
        <LogsLink filters={{ q: filter, from, to }}>Open in logs</LogsLink>
      </span>
    </div>
  );
}

/** Counts by what the question groups by. */
export function Groups({ result }: { result: Result }) {
  const [isAll, setAll] = useState(false);
  if (result.groups.length < 2) return null;
  const most = Math.max(...result.groups.map((group) => Math.max(group.count, group.other_count ?? 0)), 1);
  const shown = isAll ? result.groups : result.groups.slice(0, FIRST);
  const hasOther = result.groups.some((group) => group.other_count !== undefined);
  return (
    <table class="groups">
      <thead class="hidden">
        <tr>
          <th>{result.grouped_by ?? "group"}</th>
          <th>records</th>
          {hasOther && <th>before</th>}
          <th />
        </tr>
      </thead>
      <tbody>
        {shown.map((group) => (
          <tr key={group.key}>
            <th scope="row">{group.key || "(none)"}</th>
            <td class="number">{count(group.count)}</td>
            {hasOther && <td class="number quiet">before {count(group.other_count ?? 0)}</td>}
            <td class="bar" aria-hidden="true">
              <svg viewBox="0 0 100 6" preserveAspectRatio="none">
                <rect width={(100 * group.count) / most} height="6" />
              </svg>
            </td>
          </tr>
        ))}
      </tbody>
      {!isAll && result.groups.length > FIRST && (
        <tfoot>
          <tr>
            <td colSpan={4}>
              <button type="button" class="link" onClick={() => setAll(true)}>
                all {result.groups.length}
              </button>
            </td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}
