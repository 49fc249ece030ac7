import { useEffect, useState } from "preact/hooks";
import type { Plan, Stages } from "./api";
import { AuthorNote, Cited, EvidenceList, Samples, Sentences, Steps, Suspects } from "./cited";
import { askNext, type Turn } from "./conversation";
import { took } from "./format";
import { PlanChips } from "./plan";
import { Groups, Proof } from "./proof";

const HOUR_MS = 3_600_000;

interface Props {
  turn: Turn;
  onError: (error: unknown) => void;
}

/** A question before the newest one: its line, and all of it when it is opened. */
export function OldTurn({ turn, onError }: Props) {
  const [isOpen, setOpen] = useState(false);
  const first = turn.answer?.facts[0]?.text ?? turn.problem ?? (turn.state === "stopped" ? "stopped" : "");
  return (
    <details class="answer old" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <b>{turn.question}</b> {!isOpen && <span class="quiet">{first}</span>}
      </summary>
      {isOpen && <TurnBody turn={turn} onError={onError} isOld />}
    </details>
  );
}

/** How a question was understood, what was counted and by which search, what it may mean, and on what evidence. */
export function TurnBody({ turn, onError, isOld = false }: Props & { isOld?: boolean }) {
  const { interpretation, answer } = turn;
  const again = (plan: Plan | undefined) => askNext(turn.question, plan, onError);
  return (
    <>
      {!isOld && (
        <h2 class="asked">
          {turn.question} {turn.isChanged && <span class="tag">changed by you</span>}
        </h2>
      )}
      {interpretation && <PlanChips key={JSON.stringify(interpretation.plan)} interpretation={interpretation} onRun={again} />}
      <Timing turn={turn} />
      <Cited>
        {answer && (
          <div class={answer.found ? "facts" : "facts abstained"} aria-live="polite">
            <Sentences sentences={answer.facts} />
            <Groups result={answer.result} />
            {interpretation && <Proof result={answer.result} interpretation={interpretation} />}
            {!answer.found && interpretation && (
              <Wider plan={interpretation.plan} isAnyTime={/any other time/.test(answer.text)} onRun={again} />
            )}
          </div>
        )}
        {turn.draft && (
          <p class="text draft" aria-hidden="true">
            <span class="tag">being written, not checked yet</span> {turn.draft}
          </p>
        )}
        {answer && (
          <div class="text">
            {answer.narrative.length > 0 && <Sentences sentences={answer.narrative} />}
            <AuthorNote author={answer.author} />
            <Suspects suspects={answer.suspects} />
            <Steps steps={answer.next_steps} />
          </div>
        )}
        {turn.problem && (
          <p class="problem" role="alert">
            {turn.problem}{" "}
            <button type="button" class="link" onClick={() => again(undefined)}>
              Ask again
            </button>
          </p>
        )}
        <EvidenceList evidence={turn.evidence} />
        <Samples records={turn.samples} />
      </Cited>
    </>
  );
}

/** Conditions that can be left out one by one. */
const CONDITIONS = ["services", "severities", "texts", "attributes", "statuses", "numbers", "values"] as const;

/** The same question with less to match, where nothing was found: a condition less, or a longer time. */
function Wider({ plan, isAnyTime, onRun }: { plan: Plan; isAnyTime: boolean; onRun: (plan: Plan) => void }) {
  const without: [string, Plan][] = CONDITIONS.filter((list) => plan[list].length > 0).map((list) => [
    `without ${plan[list].join(", ")}`,
    { ...plan, [list]: [] },
  ]);
  const longer: [string, Plan][] = (
    [
      ["last 24 hours", 24],
      ["last 7 days", 168],
      ["last 30 days", 720],
    ] as const
  ).map(([label, hours]) => {
    const now = Date.now();
    const range = { from: new Date(now - hours * HOUR_MS).toISOString(), to: new Date(now).toISOString() };
    return [label, { ...plan, ...range, is_default_time: false }];
  });
  // One condition alone is the question itself; at any other time there is nothing either.
  const ways = [...(without.length > 1 || plan.topic ? without : []), ...(isAnyTime ? [] : longer)];
  if (ways.length === 0) return null;
  return (
    <p class="actions">
      {ways.map(([label, wider]) => (
        <button key={label} type="button" class="plain small" onClick={() => onRun(wider)}>
          {label}
        </button>
      ))}
    </p>
  );
}

/** Where the time went, or how long it has taken until now. */
function Timing({ turn }: { turn: Turn }) {
  if (turn.state === "busy") return <Working turn={turn} />;
  if (turn.elapsed === undefined) return null;
  return (
    <p class="quiet timing">
      {turn.state === "stopped" ? `Stopped after ${took(turn.elapsed)}. What was found until then stands.` : `${turn.elapsed} ms${spent(turn.stages)}`}
    </p>
  );
}

function Working({ turn }: { turn: Turn }) {
  const [now, setNow] = useState(performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const step = !turn.interpretation
    ? "understanding the question"
    : turn.planner
      ? `the rules do not know this one; asking ${turn.planner} how to read it`
      : !turn.answer
        ? "searching and counting"
        : turn.draft
          ? "the model is writing"
          : "counted; the model is reading";
  return (
    <p class="quiet timing" role="status">
      <span class="pulse" aria-hidden="true" /> {step}
      <span aria-hidden="true"> · {took(Math.max(0, Math.round((now - turn.startedAt) / 100) * 100))}</span>
    </p>
  );
}

/** ` · understood 1.2 ms · found 8 ms · counted 14 ms`. */
function spent(stages?: Stages): string {
  if (!stages) return "";
  const parts: [string, number | undefined][] = [
    ["understood", stages.interpretation_ms],
    ["planned", stages.planning_ms],
    ["found", stages.retrieval_ms],
    ["counted", stages.facts_ms],
    ["first words after", stages.first_token_ms],
    ["phrased", stages.narrative_ms],
  ];
  return parts.map(([label, value]) => (value === undefined ? "" : ` · ${label} ${took(value)}`)).join("");
}
