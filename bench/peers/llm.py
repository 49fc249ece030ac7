"""A peer of `bench -- llm`: llama.cpp through llama-cpp-python. `llm.py MODEL THREADS`; a JSON request a line in, an answer
a line out: {"prompt": text, "tokens": n} -> {"prompt_tokens", "generated", "first_s", "total_s", "rss_mb"}."""

import json
import sys
import time


def resident_mb():
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) // 1024
    return 0


def main():
    import llama_cpp

    path, threads = sys.argv[1], int(sys.argv[2])
    began = time.perf_counter()
    model = llama_cpp.Llama(
        model_path=path, n_ctx=3072, n_batch=512, n_threads=threads, n_threads_batch=threads, n_gpu_layers=0, verbose=False
    )
    say({"name": f"llama.cpp (llama-cpp-python {llama_cpp.__version__})", "load_s": time.perf_counter() - began})
    for line in sys.stdin:
        request = json.loads(line)
        tokens = model.tokenize(request["prompt"].encode(), add_bos=False, special=False)
        model.reset()
        began, first, generated = time.perf_counter(), None, 0
        for token in model.generate(tokens, temp=0.0, reset=True):
            first = first or time.perf_counter() - began
            generated += 1
            if generated >= request["tokens"] or token == model.token_eos():
                break
        say(
            {
                "prompt_tokens": len(tokens),
                "generated": generated,
                "first_s": first,
                "total_s": time.perf_counter() - began,
                "rss_mb": resident_mb(),
            }
        )


def say(answer):
    print(json.dumps(answer), flush=True)


main()
