import { useEffect, useState } from "preact/hooks";
import { api, type Scope, type Token } from "./api";
import { time } from "./format";
import { CopyButton } from "./proof";

const SCOPES: [Scope, string][] = [
  ["read", "read: searches, questions, agents (MCP)"],
  ["ingest", "ingest: write records"],
];

/** Tokens of programs: who has one, when it was last used, and an end to it. For admins. */
export function Tokens({ onError }: { onError: (error: unknown) => void }) {
  const [tokens, setTokens] = useState<Token[] | null>(null);
  const [problem, setProblem] = useState("");
  const [made, setMade] = useState<(Token & { token: string }) | null>(null);
  const fail = (error: unknown) => {
    onError(error);
    setProblem(error instanceof Error ? error.message : "that did not work");
  };
  const look = () =>
    api.tokens().then((found) => {
      setTokens(found);
      setProblem("");
    }, fail);
  useEffect(() => {
    look();
  }, []);
  const create = (name: string, scope: Scope) =>
    api.createToken(name, scope).then((token) => {
      setMade(token);
      look();
    }, fail);
  const revoke = (token: Token) => {
    if (!confirm(`Refuse the token “${token.name}” (${token.prefix}…) from now on?`)) return;
    api.revokeToken(token.id).then(look, fail);
  };
  return (
    <section class="panel" aria-label="Tokens">
      <h2>Tokens of programs</h2>
      <p class="quiet">
        An <b>ingest</b> token writes records and reads nothing. A <b>read</b> token searches, asks and serves agents, and changes
        nothing. Neither ends by itself.
      </p>
      <Create onCreate={create} />
      {made && (
        <div class="proof" role="status">
          <span>
            The token <b>{made.name}</b>, shown this once:
          </span>
          <code>{made.token}</code>
          <span class="buttons">
            <CopyButton text={made.token} />
            <button type="button" class="plain small" onClick={() => setMade(null)}>
              Done
            </button>
          </span>
        </div>
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {tokens === null && !problem && <p class="quiet">Loading…</p>}
      {tokens && (
        <ul class="tokens">
          {tokens.map((token) => (
            <li key={token.id} class={token.revoked_at ? "quiet" : undefined}>
              <span class="tag">{token.scope}</span>
              <b>{token.name}</b>
              <code>{token.prefix}…</code>
              <span class="quiet">
                made {time(token.created_at)} · {token.last_used_at ? `used ${time(token.last_used_at)}` : "never used"}
              </span>
              {token.revoked_at ? (
                <span>revoked {time(token.revoked_at)}</span>
              ) : (
                <button type="button" class="plain small" onClick={() => revoke(token)}>
                  Revoke
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Create({ onCreate }: { onCreate: (name: string, scope: Scope) => void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("read");
  return (
    <form
      class="actions"
      onSubmit={(event) => {
        event.preventDefault();
        if (!name.trim()) return;
        onCreate(name.trim(), scope);
        setName("");
      }}
    >
      <input
        name="token-name"
        autocomplete="off"
        aria-label="What the token is for"
        placeholder="what it is for"
        maxLength={200}
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <select aria-label="What it may do" value={scope} onChange={(event) => setScope(event.currentTarget.value as Scope)}>
        {SCOPES.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <button type="submit">Make a token</button>
    </form>
  );
}
