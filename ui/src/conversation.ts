// The questions that were asked one after the other, and what was answered.

import { signal } from "@preact/signals";
import { type Answer, ask, type Evidence, type Interpretation, type LogRecord, type Plan, type Stages } from "./api";

export interface Turn {
  key: number;
  question: string;
  /** Asked with a plan that somebody changed. */
  isChanged: boolean;
  /** Milliseconds of the clock of the page. */
  startedAt: number;
  state: "busy" | "done" | "stopped" | "failed";
  interpretation?: Interpretation;
  /** The model that is asked how to read the question. */
  planner?: string;
  evidence: Evidence[];
  samples: LogRecord[];
  /** What the model has written so far; the answer takes its place. */
  draft: string;
  answer?: Answer;
  /** Milliseconds from the question to the end, or to the stop. */
  elapsed?: number;
  stages?: Stages;
  problem?: string;
}

/** Questions that stay on the page. */
const MOST = 30;

/** The newest first. */
export const turns = signal<Turn[]>([]);

let conversation = newName();
let running: AbortController | null = null;
let count = 0;

/** A name that nobody else has; `crypto.randomUUID` is not there on plain HTTP. */
function newName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function change(key: number, changes: Partial<Turn>): void {
  turns.value = turns.value.map((turn) => (turn.key === key ? { ...turn, ...changes } : turn));
}

/** Asks a question, or one again with another plan. What still runs is stopped. */
export async function askNext(question: string, plan: Plan | undefined, onError: (error: unknown) => void): Promise<void> {
  stop();
  const control = new AbortController();
  running = control;
  const key = ++count;
  const startedAt = performance.now();
  const turn: Turn = { key, question, isChanged: plan !== undefined, startedAt, state: "busy", evidence: [], samples: [], draft: "" };
  turns.value = [turn, ...turns.value].slice(0, MOST);
  const set = (changes: Partial<Turn>) => running === control && change(key, changes);
  let draft = "";
  let isDone = false;
  try {
    await ask(
      { question, plan, conversation_id: conversation },
      {
        interpretation: (interpretation) => set({ interpretation, planner: undefined }),
        planning: (planner) => set({ planner }),
        evidence: (evidence, samples) => set({ evidence, samples, planner: undefined }),
        delta: (text) => set({ draft: (draft += text) }),
        answer: (answer) => set({ answer, draft: (draft = "") }),
        done: (elapsed, stages) => {
          isDone = true;
          set({ elapsed, stages, state: "done" });
        },
      },
      control.signal,
    );
    if (!isDone) set({ problem: "the connection ended before the answer was complete: ask again", state: "failed" });
  } catch (error) {
    if (control.signal.aborted) return;
    onError(error);
    set({ problem: error instanceof Error ? error.message : "that did not work", state: "failed" });
  }
}

/** Stops the running question; what was found until then stays. The server notices and ends its work. */
export function stop(): void {
  const [turn] = turns.value;
  running?.abort();
  running = null;
  if (turn?.state !== "busy") return;
  change(turn.key, { state: "stopped", elapsed: Math.round(performance.now() - turn.startedAt), draft: "" });
}

/** Forgets all: the next question leans on none. */
export function restart(): void {
  stop();
  conversation = newName();
  turns.value = [];
}
