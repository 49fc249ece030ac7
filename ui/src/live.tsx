import { useEffect, useRef, useState } from "preact/hooks";
import { type LogRecord, tail, type TailLoss, Unauthenticated } from "./api";
import { count } from "./format";
import { Row } from "./row";

/** Rows that are shown; older ones leave the list. */
const ROWS = 500;
/** Records that are stored already and come first. */
const FIRST = 50;
/** How often new records enter the list, milliseconds. */
const BEAT = 250;
/** Longest pause between two tries to connect, milliseconds. */
const LONGEST_PAUSE = 15_000;

type State = "connecting" | "live" | "lost" | "ended";

const STATES: Record<State, string> = {
  connecting: "Connecting…",
  live: "Live",
  lost: "The connection ended; trying again…",
  ended: "Not connected",
};

/** What has come and is not in the list yet: kept outside of the state, so that a flood costs one rendering a beat. */
interface Waiting {
  records: LogRecord[];
  /** Records that came during a pause and left before they were shown. */
  passed: number;
  loss: TailLoss;
}

const nothing = (): Waiting => ({ records: [], passed: 0, loss: { records: 0, unseen: 0 } });

/** Records as they come, the newest at the top. */
export function Live({ parameters, onError }: { parameters: URLSearchParams; onError: (error: unknown) => void }) {
  const [state, setState] = useState<State>("connecting");
  const [records, setRecords] = useState<LogRecord[]>([]);
  const [loss, setLoss] = useState<TailLoss>({ records: 0, unseen: 0 });
  const [isPaused, setPaused] = useState(false);
  const [held, setHeld] = useState(0);
  const [problem, setProblem] = useState("");
  const waiting = useRef<Waiting>(nothing());
  const paused = useRef(false);
  const query = parameters.toString();

  useEffect(() => {
    const control = new AbortController();
    waiting.current = nothing();
    setState("connecting");
    setRecords([]);
    setLoss({ records: 0, unseen: 0 });
    setProblem("");
    follow(query, waiting.current, setState, control.signal).catch((error) => {
      if (control.signal.aborted) return;
      onError(error);
      setState("ended");
      setProblem(error instanceof Error ? error.message : "that did not work");
    });
    return () => control.abort();
  }, [query]);

  const show = () => {
    const { records: fresh, loss: lost } = waiting.current;
    if (fresh.length > 0) {
      setRecords((old) => [...fresh.splice(0).reverse(), ...old].slice(0, ROWS));
    }
    if (lost.records + lost.unseen > 0) {
      setLoss((old) => ({ records: old.records + lost.records, unseen: old.unseen + lost.unseen }));
      waiting.current.loss = { records: 0, unseen: 0 };
    }
    waiting.current.passed = 0;
    setHeld(0);
  };
  useEffect(() => {
    const beat = () => {
      if (paused.current) setHeld(waiting.current.records.length + waiting.current.passed);
      else show();
    };
    const timer = setInterval(beat, BEAT);
    return () => clearInterval(timer);
  }, []);

  const toggle = () => {
    paused.current = !paused.current;
    setPaused(paused.current);
    if (!paused.current) show();
  };
  return (
    <div class="live">
      <p class="actions">
        <button type="button" class="plain" aria-pressed={isPaused} onClick={toggle}>
          {isPaused ? "Resume" : "Pause"}
        </button>
        <button type="button" class="plain" onClick={() => setRecords([])}>
          Clear
        </button>
        <span class={state === "live" ? "tag" : "tag warn"} role="status" data-state={isPaused ? "paused" : state}>
          {isPaused ? "Paused" : STATES[state]}
        </span>
        {isPaused && held > 0 && <span class="quiet">{count(held)} more have come</span>}
        {records.length >= ROWS && <span class="quiet">the newest {count(ROWS)}</span>}
      </p>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {loss.records + loss.unseen > 0 && (
        <p class="dropped" role="status">
          {lossText(loss)}: turn Live off to search for them.
        </p>
      )}
      <ul class="records">
        {records.map((record) => (
          <Row key={record.id} record={record} onError={onError} />
        ))}
      </ul>
      {records.length === 0 && !problem && <p class="quiet">Nothing that matches has come yet.</p>}
    </div>
  );
}

function lossText({ records, unseen }: TailLoss): string {
  const parts = [];
  if (records > 0) parts.push(`${count(records)} records came too fast to be shown`);
  if (unseen > 0) parts.push(`${count(unseen)} were not compared with the filter`);
  return parts.join(", ");
}

/** Follows until it is aborted or refused; a connection that breaks is made anew, and what came meanwhile is asked for. */
async function follow(query: string, waiting: Waiting, setState: (state: State) => void, signal: AbortSignal): Promise<void> {
  const known = new Set<string>();
  let newest = "";
  let pause = 1_000;
  for (;;) {
    const parameters = new URLSearchParams(query);
    parameters.set("limit", String(newest ? 1_000 : FIRST));
    if (newest) parameters.set("from", newest);
    let reason = "";
    try {
      await tail(
        parameters,
        {
          open: () => {
            pause = 1_000;
            setState("live");
          },
          record: (record) => {
            if (known.has(record.id)) return;
            remember(known, record.id);
            if (new Date(record.timestamp) > new Date(newest || 0)) newest = record.timestamp;
            waiting.records.push(record);
            if (waiting.records.length > ROWS) {
              waiting.records.shift();
              waiting.passed += 1;
            }
          },
          dropped: (loss) => {
            waiting.loss.records += loss.records;
            waiting.loss.unseen += loss.unseen;
          },
          end: (text) => {
            reason = text;
          },
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted) return;
      // A refusal will be one again; only what never reached the server or broke off may pass.
      if (!(error instanceof TypeError)) throw error;
    }
    if (signal.aborted) return;
    if (reason === "session_over") throw new Unauthenticated("log in first");
    setState("lost");
    await new Promise((done) => setTimeout(done, pause));
    if (signal.aborted) return;
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/** The ids of some thousand records, so that none is shown twice after a break. */
function remember(known: Set<string>, id: string): void {
  known.add(id);
  if (known.size > 4_000) {
    for (const oldest of known) {
      known.delete(oldest);
      break;
    }
  }
}
