import { useState } from "preact/hooks";
import { api, type Explanation } from "./api";
import { Steps } from "./cited";

/** A button that turns into the line or pattern in plain words. */
export function Explain(props: { subject: { record?: string; pattern?: string }; onError: (error: unknown) => void }) {
  const [found, setFound] = useState<Explanation | null>(null);
  const [problem, setProblem] = useState("");
  const explain = () =>
    api.explain(props.subject).then(setFound, (error) => {
      props.onError(error);
      setProblem(error instanceof Error ? error.message : "that did not work");
    });
  if (!found) {
    return (
      <span class="explain">
        <button type="button" class="link" onClick={explain}>
          explain
        </button>{" "}
        {problem && (
          <span class="problem" role="alert">
            {problem}
          </span>
        )}
      </span>
    );
  }
  return (
    <div class="explained">
      <p>{found.sentences.join(" ")}</p>
      {found.parts.some((part) => part.value) && (
        <p class="quiet">
          {found.parts
            .filter((part) => part.value)
            .map((part) => `${part.key ? `${part.key} = ` : ""}${part.value} (${part.kind})`)
            .join(", ")}
        </p>
      )}
      <Steps steps={found.next_steps} />
    </div>
  );
}
