// A peer of `bench -- llm`: llama.cpp through node-llama-cpp. `node llm.mjs MODEL THREADS`, run where the package
// `node-llama-cpp` is installed (or with NODE_LLAMA_CPP naming its folder); the same lines as llm.py.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = process.env.NODE_LLAMA_CPP;
const { getLlama, LlamaLogLevel } = await import(folder ? pathToFileURL(`${folder}/dist/index.js`).href : "node-llama-cpp");

const residentMb = () => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0) / 1024);
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const seconds = (since) => (performance.now() - since) / 1000;

const [path, threads] = [process.argv[2], Number(process.argv[3])];
let began = performance.now();
const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: threads });
const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });
const context = await model.createContext({ contextSize: 3072, batchSize: 512, threads, flashAttention: false });
const sequence = context.getSequence();
say({ name: `llama.cpp (node-llama-cpp, ${llama.llamaCppRelease?.release ?? "prebuilt"})`, load_s: seconds(began) });

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const tokens = model.tokenize(request.prompt);
  await sequence.clearHistory();
  began = performance.now();
  let [first, generated] = [null, 0];
  for await (const token of sequence.evaluate(tokens, { temperature: 0 })) {
    first ??= seconds(began);
    generated += 1;
    if (generated >= request.tokens || model.isEogToken(token)) break;
  }
  say({ prompt_tokens: tokens.length, generated, first_s: first, total_s: seconds(began), rss_mb: residentMb() });
}
await llama.dispose();
process.exit(0);
