import { useState } from "preact/hooks";
import { api } from "./api";

export function Login({ onDone }: { onDone: (name: string) => void }) {
  const [name, setName] = useState("admin");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      onDone((await api.login(name, password)).name);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "that did not work");
      setBusy(false);
    }
  };
  return (
    <form class="login" onSubmit={submit}>
      <h1>
        <img src="/icon.svg" alt="" width="32" height="32" /> Vigil
      </h1>
      <label>
        Name
        <input
          name="name"
          autocomplete="username"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label>
        Password
        <input
          name="password"
          type="password"
          autocomplete="current-password"
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={isBusy || !password}>
        Log in
      </button>
      <p class="problem" role="alert">
        {problem}
      </p>
      <p class="quiet">
        The first start printed the password. Lost it? In the folder where the server was started, run the same
        executable with <code>reset-password</code>.
      </p>
    </form>
  );
}
