import { useEffect, useRef, useState } from "preact/hooks";
import { api, type Interpretation, type Plan } from "./api";
import { range } from "./format";

type List =
  | "services"
  | "excluded_services"
  | "severities"
  | "texts"
  | "excluded_texts"
  | "attributes"
  | "statuses"
  | "numbers"
  | "values";
type Single = "topic" | "measure" | "group_by" | "limit" | "trace_id" | "explained";

const INTENTS: [string, string][] = [
  ["find", "find"],
  ["count", "count"],
  ["rate", "rate"],
  ["measure", "measure"],
  ["trend", "trend"],
  ["first", "first occurrence"],
  ["last", "last occurrence"],
  ["top", "most frequent"],
  ["compare", "compare"],
  ["why", "why"],
  ["explain", "explain"],
  ["list_services", "list services"],
  ["summary", "summary"],
];
/** What each list holds, and an example of it. */
const LISTS: [List, string, string][] = [
  ["services", "service", "checkout"],
  ["excluded_services", "not service", "checkout"],
  ["severities", "severity", "error"],
  ["texts", "text", "timed out"],
  ["excluded_texts", "without text", "healthcheck"],
  ["attributes", "field", "user=root"],
  ["statuses", "status", "5xx"],
  ["numbers", "number", "duration > 2000"],
  ["values", "must occur", "10.0.0.7"],
];
const SINGLES: [Single, string, string][] = [
  ["topic", "about", "connection refused"],
  ["group_by", "by", "service"],
  ["measure", "measure", "p95 duration"],
  ["limit", "at most", "5"],
  ["trace_id", "trace", "32 hexadecimal digits"],
  ["explained", "line", "the line to explain"],
];
const SEVERITIES = ["trace", "debug", "info", "warn", "error", "fatal"];
const GROUPS = ["service", "severity", "pattern", "minute", "hour", "day", "address", "host", "user", "path", "url", "status", "port", "id"];
const MEASURES = ["distinct", "share", "per second", "per minute", "per hour", "per day", "average duration", "p95 duration", "greatest duration"];
const SPANS: [string, number][] = [
  ["15 min", 0.25],
  ["1 h", 1],
  ["6 h", 6],
  ["24 h", 24],
  ["7 d", 168],
];

interface Props {
  interpretation: Interpretation;
  onRun: (plan: Plan) => void;
}

/** How a question was understood. Every part can be changed or taken out, and the question asked again with it. */
export function PlanChips({ interpretation, onRun }: Props) {
  const [plan, setPlan] = useState(interpretation.plan);
  // The part that is being changed: `intent`, `time`, `services:0`, `topic`.
  const [editing, setEditing] = useState("");
  const isChanged = JSON.stringify(plan) !== JSON.stringify(interpretation.plan);
  const put = (changes: Partial<Plan>) => {
    setPlan({ ...plan, ...changes });
    setEditing("");
  };
  const close = () => setEditing("");
  const current = interval(plan, interpretation);
  // What the server says beside the plan: that the index is away, that a word was read as another.
  const remarks = interpretation.chips.filter(([label]) => label === "index" || label === "spelling");
  return (
    <div class="chips" role="group" aria-label="Understood as; each part can be changed">
      <Chip label="do" value={word(plan.intent)} isEditing={editing === "intent"} onEdit={() => setEditing("intent")}>
        <Choice label="What to do" value={plan.intent} choices={INTENTS} onDone={(intent) => put({ intent })} onLeave={close} />
      </Chip>
      <Chip
        label="time"
        value={range(current.from, current.to) + (plan.is_default_time ? " (not said)" : "")}
        isEditing={editing === "time"}
        onEdit={() => setEditing("time")}
      >
        <Range
          {...current}
          onDone={(from, to) => put({ from, to, is_default_time: false })}
          onLeave={close}
        />
      </Chip>
      {plan.compare_from && plan.compare_to && (
        <Chip
          label="compared with"
          value={range(plan.compare_from, plan.compare_to)}
          isEditing={editing === "compare"}
          onEdit={() => setEditing("compare")}
          onRemove={() => put({ compare_from: null, compare_to: null })}
        >
          <Range
            from={plan.compare_from}
            to={plan.compare_to}
            onDone={(compare_from, compare_to) => put({ compare_from, compare_to })}
            onLeave={close}
          />
        </Chip>
      )}
      {LISTS.flatMap(([list, label, example]) =>
        plan[list].map((value, index) => {
          const set = (items: string[]) => put({ [list]: items });
          const others = plan[list].filter((_, at) => at !== index);
          return (
            <Chip
              key={`${list}:${index}`}
              label={label}
              value={value}
              isEditing={editing === `${list}:${index}` || value === ""}
              onEdit={() => setEditing(`${list}:${index}`)}
              onRemove={() => set(others)}
            >
              <Text
                label={label}
                value={value}
                example={example}
                choices={list === "severities" ? SEVERITIES : undefined}
                areServices={list === "services" || list === "excluded_services"}
                onDone={(text) => set(text ? plan[list].map((old, at) => (at === index ? text : old)) : others)}
                onLeave={() => (value === "" ? set(others) : close())}
              />
            </Chip>
          );
        }),
      )}
      {SINGLES.map(([single, label, example]) => {
        const value = plan[single];
        if ((value === null || value === "") && editing !== single) return null;
        const set = (text: string) => put({ [single]: read(single, text) });
        return (
          <Chip
            key={single}
            label={label}
            value={String(value ?? "")}
            isEditing={editing === single}
            onEdit={() => setEditing(single)}
            onRemove={() => set("")}
          >
            <Text
              label={label}
              value={String(value ?? "")}
              example={example}
              choices={single === "group_by" ? GROUPS : single === "measure" ? MEASURES : undefined}
              onDone={set}
              onLeave={close}
            />
          </Chip>
        );
      })}
      <Add
        plan={plan}
        onList={(list) => setPlan({ ...plan, [list]: [...plan[list], ""] })}
        onSingle={setEditing}
        onCompare={() => put({ intent: "compare", ...before(current) })}
      />
      {remarks.map(([label, value]) => (
        <span key={label} class="tag warn">
          {label}: {value}
        </span>
      ))}
      {interpretation.ignored_words.length > 0 && <span class="quiet">not understood: {interpretation.ignored_words.join(", ")}</span>}
      {isChanged && editing === "" && (
        <span class="buttons">
          <button type="button" class="small run" onClick={() => onRun(filled(plan))}>
            Run again
          </button>
          <button type="button" class="plain small" onClick={() => setPlan(interpretation.plan)}>
            Undo
          </button>
        </span>
      )}
    </div>
  );
}

function word(intent: string): string {
  return INTENTS.find(([value]) => value === intent)?.[1] ?? intent;
}

/** The range of a plan; what was shown as understood where the plan has none. */
function interval(plan: Plan, interpretation: Interpretation): { from: string; to: string } {
  return { from: plan.from ?? interpretation.from, to: plan.to ?? interpretation.to };
}

/** The stretch of the same length before a range. */
function before({ from, to }: { from: string; to: string }): { compare_from: string; compare_to: string } {
  const start = new Date(from).getTime();
  const length = new Date(to).getTime() - start;
  return { compare_from: new Date(start - length).toISOString(), compare_to: from };
}

/** A single part out of what was typed; nothing takes it out. */
function read(single: Single, text: string): string | number | null {
  if (single === "topic") return text;
  if (single === "limit") return Number.parseInt(text, 10) || null;
  return text || null;
}

/** Without parts that were begun and left empty. */
function filled(plan: Plan): Plan {
  const lists = LISTS.map(([list]) => [list, plan[list].filter(Boolean)]);
  return { ...plan, ...Object.fromEntries(lists) };
}

interface ChipProps {
  label: string;
  value: string;
  isEditing: boolean;
  onEdit: () => void;
  onRemove?: () => void;
  children: preact.ComponentChildren;
}

function Chip({ label, value, isEditing, onEdit, onRemove, children }: ChipProps) {
  if (isEditing) {
    return (
      <span class="chip editing">
        <span class="quiet">{label}</span> {children}
      </span>
    );
  }
  return (
    <span class="chip">
      <button type="button" title={`Change ${label}`} onClick={onEdit}>
        <span class="quiet">{label}</span> <b>{value}</b>
      </button>
      {onRemove && (
        <button type="button" class="remove" aria-label={`Take out ${label} ${value}`} onClick={onRemove}>
          ✕
        </button>
      )}
    </span>
  );
}

interface EditorProps {
  label: string;
  value: string;
  onDone: (text: string) => void;
  onLeave: () => void;
}

/** One line of text; Enter takes it, Escape leaves it as it was. */
function Text(props: EditorProps & { example: string; choices?: string[]; areServices?: boolean }) {
  const { label, value, example, areServices, onDone, onLeave } = props;
  const [choices, setChoices] = useState(props.choices ?? []);
  const input = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  const list = `choices-${label.replaceAll(" ", "-")}`;
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
    if (!areServices) return;
    api.services(new URLSearchParams({ from: "7d" })).then(
      (found) => setChoices(found.map((row) => row.service)),
      // Names can be typed as well.
      () => undefined,
    );
  }, []);
  const done = () => {
    if (isOver.current) return;
    isOver.current = true;
    onDone(input.current?.value.trim() ?? "");
  };
  return (
    <>
      <input
        ref={input}
        aria-label={label}
        placeholder={example}
        defaultValue={value}
        list={choices.length > 0 ? list : undefined}
        autocapitalize="off"
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            // A second Enter asks again.
            const chips = input.current?.closest(".chips");
            done();
            requestAnimationFrame(() => chips?.querySelector<HTMLButtonElement>(".run")?.focus());
          } else if (event.key === "Escape") {
            isOver.current = true;
            onLeave();
          }
        }}
        onBlur={done}
      />
      {choices.length > 0 && (
        <datalist id={list}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
    </>
  );
}

function Choice({ label, value, choices, onDone, onLeave }: EditorProps & { choices: [string, string][] }) {
  const select = useRef<HTMLSelectElement>(null);
  useEffect(() => select.current?.focus(), []);
  return (
    <select
      ref={select}
      aria-label={label}
      value={value}
      onChange={(event) => onDone(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && onLeave()}
      onBlur={onLeave}
    >
      {choices.map(([choice, name]) => (
        <option key={choice} value={choice}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** An instant as `datetime-local` wants it, in the reader's zone. */
function local(text: string): string {
  const at = new Date(text);
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return Number.isNaN(at.getTime()) ? "" : shifted.toISOString().slice(0, 19);
}

function Range(props: { from: string; to: string; onDone: (from: string, to: string) => void; onLeave: () => void }) {
  const [from, setFrom] = useState(local(props.from));
  const [to, setTo] = useState(local(props.to));
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const isGood = from !== "" && to !== "" && from < to;
  const take = () => props.onDone(new Date(from).toISOString(), new Date(to).toISOString());
  const recent = (hours: number) => {
    const now = Date.now();
    props.onDone(new Date(now - hours * 3_600_000).toISOString(), new Date(now).toISOString());
  };
  return (
    <span class="range" onKeyDown={(event) => event.key === "Escape" && props.onLeave()}>
      <input
        ref={first}
        type="datetime-local"
        step="1"
        aria-label="From"
        value={from}
        onInput={(event) => setFrom(event.currentTarget.value)}
      />
      <input type="datetime-local" step="1" aria-label="To" value={to} onInput={(event) => setTo(event.currentTarget.value)} />
      <span class="buttons">
        <button type="button" class="small" disabled={!isGood} onClick={take}>
          Set
        </button>
        <span class="quiet">last</span>
        {SPANS.map(([label, hours]) => (
          <button key={label} type="button" class="plain small" onClick={() => recent(hours)}>
            {label}
          </button>
        ))}
      </span>
    </span>
  );
}

/** Adds a part that the plan does not have. */
function Add(props: { plan: Plan; onList: (list: List) => void; onSingle: (single: Single) => void; onCompare: () => void }) {
  const { plan } = props;
  const add = (choice: string) => {
    if (choice === "compare") props.onCompare();
    else if (SINGLES.some(([single]) => single === choice)) props.onSingle(choice as Single);
    else if (choice) props.onList(choice as List);
  };
  return (
    <select class="add" aria-label="Add a condition" value="" onChange={(event) => add(event.currentTarget.value)}>
      <option value="">+ add</option>
      {LISTS.map(([list, label]) => (
        <option key={list} value={list}>
          {label}
        </option>
      ))}
      {SINGLES.filter(([single]) => plan[single] === null || plan[single] === "").map(([single, label]) => (
        <option key={single} value={single}>
          {label}
        </option>
      ))}
      {!plan.compare_from && <option value="compare">compared with</option>}
    </select>
  );
}
