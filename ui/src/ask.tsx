import { useRef, useState } from "preact/hooks";
import { type Answer, ask, type Evidence, type Interpretation, type LogRecord, type Stages } from "./api";
import { AuthorNote, Cited, EvidenceList, Samples, Sentences, Steps, Suspects } from "./cited";
import { time, took } from "./format";

interface State {
  question: string;
  interpretation?: Interpretation;
  evidence: Evidence[];
  samples: LogRecord[];
  /** What the model has written so far; the answer takes its place. */
  draft: string;
  answer?: Answer;
  elapsed?: number;
  stages?: Stages;
  problem?: string;
  isBusy: boolean;
}

const EXAMPLES = ["Why is checkout failing?", "How many errors in the last hour, by service?", "What is new since the deploy?"];

export function Ask({ onError }: { onError: (error: unknown) => void }) {
  const [text, setText] = useState("");
  const [state, setState] = useState<State | null>(null);
  const running = useRef<AbortController | null>(null);
  const run = async (question: string) => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    const set = (change: Partial<State>) =>
      running.current === control && setState((old) => ({ ...(old as State), ...change }));
    setState({ question, evidence: [], samples: [], draft: "", isBusy: true });
    let draft = "";
    let isDone = false;
    try {
      await ask(
        question,
        {
          interpretation: (interpretation) => set({ interpretation }),
          evidence: (evidence, samples) => set({ evidence, samples }),
          delta: (text) => set({ draft: (draft += text) }),
          answer: (answer) => set({ answer, draft: (draft = "") }),
          done: (elapsed, stages) => {
            isDone = true;
            set({ elapsed, stages, isBusy: false });
          },
        },
        control.signal,
      );
      if (!isDone) set({ problem: "the connection ended before the answer was complete: ask again", isBusy: false });
    } catch (error) {
      if (control.signal.aborted) return;
      onError(error);
      set({ problem: error instanceof Error ? error.message : "that did not work", isBusy: false });
    }
  };
  return (
    <section class="ask" aria-label="Ask">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim()) run(text.trim());
        }}
      >
        <input
          class="question"
          name="question"
          aria-label="Your question"
          placeholder="Ask about your logs: why is checkout failing?"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit">Ask</button>
        {state?.isBusy && (
          <button type="button" class="plain" onClick={() => (running.current?.abort(), setState({ ...state, isBusy: false }))}>
            Stop
          </button>
        )}
      </form>
      {!state && (
        <p class="quiet examples">
          {EXAMPLES.map((example) => (
            <button key={example} type="button" class="link" onClick={() => (setText(example), run(example))}>
              {example}
            </button>
          ))}
        </p>
      )}
      {state && <Outcome state={state} onClose={() => (running.current?.abort(), setState(null))} />}
    </section>
  );
}

function Outcome({ state, onClose }: { state: State; onClose: () => void }) {
  const { interpretation, answer } = state;
  return (
    <article class="answer" aria-live="polite" aria-busy={state.isBusy}>
      <button type="button" class="plain close" aria-label="Close the answer" onClick={onClose}>
        ✕
      </button>
      {interpretation && (
        <p class="chips">
          {!interpretation.chips.some(([label]) => label === "time") && (
            <span class="tag">
              {time(interpretation.from)} – {time(interpretation.to)}
            </span>
          )}
          {interpretation.chips.map(([label, value]) => (
            <span key={label + value} class="tag">
              {label}: <b>{value}</b>
            </span>
          ))}
          {interpretation.ignored_words.length > 0 && (
            <span class="quiet">not understood: {interpretation.ignored_words.join(", ")}</span>
          )}
        </p>
      )}
      <Cited>
        {answer && (
          <div class="text">
            <Sentences sentences={answer.facts} />
            {answer.narrative.length > 0 && <Sentences sentences={answer.narrative} />}
            <AuthorNote author={answer.author} />
            <Suspects suspects={answer.suspects} />
            <Steps steps={answer.next_steps} />
          </div>
        )}
        {state.draft && <p class="text quiet draft">{state.draft}</p>}
        {state.problem && (
          <p class="problem" role="alert">
            {state.problem}
          </p>
        )}
        <EvidenceList evidence={state.evidence} />
        <Samples records={state.samples} />
      </Cited>
      <p class="quiet">{state.isBusy ? "Working…" : state.elapsed !== undefined && `${state.elapsed} ms${spent(state.stages)}`}</p>
    </article>
  );
}

/** ` · understood 1.2 ms · found 8 ms · counted 14 ms`: where the time went. */
function spent(stages?: Stages): string {
  if (!stages) return "";
  const parts: [string, number | undefined][] = [
    ["understood", stages.interpretation_ms],
    ["found", stages.retrieval_ms],
    ["counted", stages.facts_ms],
    ["first words after", stages.first_token_ms],
    ["phrased", stages.narrative_ms],
  ];
  return parts.map(([label, value]) => (value === undefined ? "" : ` · ${label} ${took(value)}`)).join("");
}
