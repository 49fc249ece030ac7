import { useRef, useState } from "preact/hooks";
import { askNext, restart, stop, turns } from "./conversation";
import { OldTurn, TurnBody } from "./turn";

const EXAMPLES = ["Why is checkout failing?", "How many errors in the last hour, by service?", "What is new since the deploy?"];

/** Questions and answers: the newest right below the box, those before it folded. */
export function Ask({ onError }: { onError: (error: unknown) => void }) {
  const [text, setText] = useState("");
  const box = useRef<HTMLInputElement>(null);
  const [newest, ...older] = turns.value;
  const run = (question: string) => {
    askNext(question, undefined, onError);
    setText("");
  };
  const begin = () => {
    restart();
    box.current?.focus();
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
          ref={box}
          class="question"
          name="question"
          autocomplete="off"
          enterkeyhint="send"
          maxLength={2000}
          aria-label="Your question"
          placeholder={newest ? "Ask on: “and yesterday?”, “only for root”" : "Ask about your logs: why is checkout failing?"}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit">Ask</button>
        {newest?.state === "busy" && (
          <button type="button" class="plain" onClick={stop}>
            Stop
          </button>
        )}
      </form>
      {newest ? (
        <>
          <div class="thread">
            <article class="answer" aria-busy={newest.state === "busy"} key={newest.key}>
              <TurnBody turn={newest} onError={onError} />
            </article>
            {older.map((turn) => (
              <OldTurn key={turn.key} turn={turn} onError={onError} />
            ))}
          </div>
          <p class="actions">
            <button type="button" class="plain" onClick={begin}>
              New conversation
            </button>
            <span class="quiet">
              {older.length === 0 ? "The next question may lean on this one." : `${older.length + 1} questions; the next one may lean on them.`}
            </span>
          </p>
        </>
      ) : (
        <p class="quiet examples">
          {EXAMPLES.map((example) => (
            <button key={example} type="button" class="link" onClick={() => run(example)}>
              {example}
            </button>
          ))}
        </p>
      )}
    </section>
  );
}
