import { useState } from "preact/hooks";
import { api, type LogRecord } from "./api";
import { Explain } from "./explain";
import { Level, RecordLine } from "./cited";
import { time } from "./format";
import { filterLogs, openTrace } from "./route";

/** A record that opens to its details and its neighbours. */
export function Row({ record, onError }: { record: LogRecord; onError: (error: unknown) => void }) {
  const [isOpen, setOpen] = useState(false);
  const [problem, setProblem] = useState("");
  const showContext = () => {
    setProblem("");
    api.context(record.id).then(setContext, (error) => {
      onError(error);
      setProblem(error instanceof Error ? error.message : "that did not work");
    });
  };
  const [context, setContext] = useState<{ before: LogRecord[]; after: LogRecord[] } | null>(null);
  return (
    <li>
      <button type="button" class="record" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <time dateTime={record.timestamp}>{time(record.timestamp)}</time>
        <Level severity={record.severity} />
        <span class="service">{record.service}</span>
        <span class="body">{record.body}</span>
      </button>
      {isOpen && (
        <div class="details">
          <pre>{record.body}</pre>
          <dl>
            <dt>time</dt>
            <dd>{record.timestamp}</dd>
            {record.trace_id && (
              <>
                <dt>trace</dt>
                <dd>
                  <button type="button" class="link" onClick={() => filterLogs({ q: `trace_id:${record.trace_id}` })}>
                    {record.trace_id}
                  </button>{" "}
                  {/^[0-9a-f]{32}$/.test(record.trace_id) && (
                    <button type="button" class="link" onClick={() => openTrace(record.trace_id ?? null)}>
                      its spans
                    </button>
                  )}
                </dd>
              </>
            )}
            <dt>pattern</dt>
            <dd>
              <button type="button" class="link" onClick={() => filterLogs({ template: record.template_id })}>
                {record.template_id}
              </button>
            </dd>
            {Object.entries(record.attributes ?? {}).map(([name, value]) => (
              <>
                <dt>{name}</dt>
                <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
              </>
            ))}
          </dl>
          <Explain subject={{ record: record.id }} onError={onError} />
          {context ? (
            <ul class="records">
              {context.before.map((other) => (
                <RecordLine key={other.id} record={other} />
              ))}
              <RecordLine record={record} />
              {context.after.map((other) => (
                <RecordLine key={other.id} record={other} />
              ))}
            </ul>
          ) : (
            <button type="button" class="link" onClick={showContext}>
              records around it
            </button>
          )}
          {problem && (
            <p class="problem" role="alert">
              {problem}
            </p>
          )}
        </div>
      )}
    </li>
  );
}
