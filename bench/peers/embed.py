"""A peer of `bench -- embed`: ONNX Runtime with the f32 graph of the same weights. `embed.py MODEL_DIR THREADS [GRAPH]`; a
JSON list of texts a line in, {"seconds", "vectors"} a line out. Without GRAPH (an .onnx file) the graph is written from
MODEL_DIR's config.json and model.safetensors. Needs onnxruntime, tokenizers, numpy and, to write the graph, onnx and
safetensors."""

import json
import os
import sys
import tempfile
import time

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MAX_TOKENS = 256
BATCH = 32


def main():
    folder, threads = sys.argv[1], int(sys.argv[2])
    graph = sys.argv[3] if len(sys.argv) > 3 else written(folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A thread that spins between two calls would take the other side's cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()
    wanted = {one.name for one in session.get_inputs()}
    print(json.dumps({"name": f"onnxruntime {onnxruntime.__version__} f32"}), flush=True)
    for line in sys.stdin:
        texts = json.loads(line)
        began = time.perf_counter()
        vectors = encode(session, wanted, tokenizer, texts)
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "vectors": vectors.tolist()}), flush=True)


def encode(session, wanted, tokenizer, texts):
    """Means of the last states over real tokens, normalised; batches of texts of like length."""
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    vectors = None
    for begin in range(0, len(order), BATCH):
        batch = order[begin : begin + BATCH]
        encoded = tokenizer.encode_batch([texts[at] for at in batch])
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = session.run(None, {name: feed[name] for name in wanted})[0]
        weights = mask[:, :, None].astype(np.float32)
        means = (states * weights).sum(1) / weights.sum(1)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        if vectors is None:
            vectors = np.zeros((len(texts), means.shape[1]), dtype=np.float32)
        vectors[batch] = means
    return vectors


def written(folder):
    """Writes BERT's encoder (Devlin et al. 2018) as an ONNX graph, in the shapes that exporters write and that the runtime
    fuses."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from safetensors.numpy import load_file

    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    weights = load_file(os.path.join(folder, "model.safetensors"))
    heads, hidden = config["num_attention_heads"], config["hidden_size"]
    epsilon = config.get("layer_norm_eps", 1e-12)
    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def linear(name, value):
        weight = constant(f"{name}.w", weights[f"{name}.weight"].astype(np.float32).T)
        bias = constant(f"{name}.b", weights[f"{name}.bias"].astype(np.float32))
        return node("Add", [bias, node("MatMul", [value, weight], f"{name}.product")], f"{name}.sum")

    def norm(name, value):
        scale = constant(f"{name}.scale", weights[f"{name}.weight"].astype(np.float32))
        shift = constant(f"{name}.shift", weights[f"{name}.bias"].astype(np.float32))
        return node("LayerNormalization", [value, scale, shift], f"{name}.out", axis=-1, epsilon=epsilon)

    def table(name):
        return constant(f"{name}.table", weights[f"{name}.weight"].astype(np.float32))

    zero, one = constant("zero", np.array([0], np.int64)), constant("one", np.array(1.0, np.float32))
    words = node("Gather", [table("embeddings.word_embeddings"), "input_ids"], "words")
    types = node("Gather", [table("embeddings.token_type_embeddings"), "token_type_ids"], "types")
    length = node("Slice", [node("Shape", ["input_ids"], "shape"), constant("from", np.array([1], np.int64)), constant("to", np.array([2], np.int64))], "length")
    places = node("Slice", [table("embeddings.position_embeddings"), zero, length, zero], "places")
    state = norm("embeddings.LayerNorm", node("Add", [node("Add", [words, types], "typed"), places], "placed"))
    mask = node("Cast", [node("Unsqueeze", ["attention_mask", constant("axes", np.array([1, 2], np.int64))], "wide")], "mask", to=TensorProto.FLOAT)
    hidden_mask = node("Mul", [node("Sub", [one, mask], "inverse"), constant("low", np.array(-10000.0, np.float32))], "bias")
    split = constant("split", np.array([0, 0, heads, hidden // heads], np.int64))
    join = constant("join", np.array([0, 0, hidden], np.int64))
    root = constant("root", np.array((hidden // heads) ** 0.5, np.float32))
    half, two = constant("half", np.array(0.5, np.float32)), constant("two", np.array(2.0**0.5, np.float32))
    for layer in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{layer}"

        def head(part, order):
            value = linear(f"{at}.attention.self.{part}", state)
            shaped = node("Reshape", [value, split], f"{at}.{part}.heads")
            return node("Transpose", [shaped], f"{at}.{part}.turned", perm=order)

        query, value = head("query", [0, 2, 1, 3]), head("value", [0, 2, 1, 3])
        scores = node("MatMul", [query, head("key", [0, 2, 3, 1])], f"{at}.scores")
        scores = node("Add", [node("Div", [scores, root], f"{at}.scaled"), hidden_mask], f"{at}.masked")
        mixed = node("MatMul", [node("Softmax", [scores], f"{at}.shares", axis=-1), value], f"{at}.mixed")
        mixed = node("Reshape", [node("Transpose", [mixed], f"{at}.back", perm=[0, 2, 1, 3]), join], f"{at}.joined")
        state = norm(f"{at}.attention.output.LayerNorm", node("Add", [linear(f"{at}.attention.output.dense", mixed), state], f"{at}.residual"))
        inner = linear(f"{at}.intermediate.dense", state)
        curve = node("Add", [node("Erf", [node("Div", [inner, two], f"{at}.div")], f"{at}.erf"), one], f"{at}.curve")
        inner = node("Mul", [node("Mul", [inner, curve], f"{at}.gated"), half], f"{at}.gelu")
        state = norm(f"{at}.output.LayerNorm", node("Add", [linear(f"{at}.output.dense", inner), state], f"{at}.residual2"))
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in ("input_ids", "attention_mask", "token_type_ids")]
    output = helper.make_tensor_value_info(state, TensorProto.FLOAT, ["batch", "tokens", hidden])
    graph = helper.make_graph(nodes, "bert", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = os.path.join(tempfile.mkdtemp(), "model.onnx")
    onnx.save(model, path)
    return path


main()
