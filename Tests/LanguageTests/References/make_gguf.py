"""A tiny GGUF model of the Llama family, written by gguf 0.19.0 (numpy 2.4), and the numbers it stands for.

    python make_gguf.py

tiny.gguf is also the seed of `make fuzz`. Queries and keys are permuted as llama.cpp's converter does.
"""

import json
import pathlib

import gguf
import numpy as np

HERE = pathlib.Path(__file__).parent
WIDTH, HEADS, KV, HEAD, HIDDEN, VOCAB = 32, 2, 1, 16, 32, 40


def permute(weights, heads):
    return (
        weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:])
        .swapaxes(1, 2)
        .reshape(weights.shape)
    )


def main():
    random = np.random.default_rng(5)

    def numbers(*shape):
        return random.standard_normal(shape).astype(np.float32)

    writer = gguf.GGUFWriter(str(HERE / "tiny.gguf"), "llama")
    writer.add_block_count(1)
    writer.add_context_length(16)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV)
    writer.add_rope_dimension_count(HEAD)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    tokens = [chr(c) for c in range(33, 33 + VOCAB - 4)] + ["!!", '!"', "<|im_start|>", "<|im_end|>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (VOCAB - 2) + [3, 3])
    writer.add_token_merges(["! !", '! "'])
    writer.add_bos_token_id(VOCAB - 2)
    writer.add_eos_token_id(VOCAB - 1)
    writer.add_chat_template("<|im_start|><|im_end|>")

    types = gguf.GGMLQuantizationType
    tensors = [
        ("token_embd.weight", "model.embed_tokens.weight", numbers(VOCAB, WIDTH), types.Q8_0),
        ("output_norm.weight", "model.norm.weight", numbers(WIDTH), types.F32),
        ("output.weight", "lm_head.weight", numbers(VOCAB, WIDTH), types.F32),
    ]
    layer = "model.layers.0."
    for name, known, shape, kind in [
        ("attn_norm", "input_layernorm", (WIDTH,), types.F32),
        ("attn_q", "self_attn.q_proj", (HEADS * HEAD, WIDTH), types.Q4_0),
        ("attn_k", "self_attn.k_proj", (KV * HEAD, WIDTH), types.Q4_1),
        ("attn_v", "self_attn.v_proj", (KV * HEAD, WIDTH), types.Q5_0),
        ("attn_output", "self_attn.o_proj", (WIDTH, HEADS * HEAD), types.F16),
        ("ffn_norm", "post_attention_layernorm", (WIDTH,), types.F32),
        ("ffn_gate", "mlp.gate_proj", (HIDDEN, WIDTH), types.BF16),
        ("ffn_up", "mlp.up_proj", (HIDDEN, WIDTH), types.F32),
        ("ffn_down", "mlp.down_proj", (WIDTH, HIDDEN), types.Q8_0),
    ]:
        tensors.append((f"blk.0.{name}.weight", f"{layer}{known}.weight", numbers(*shape), kind))
    values = {}
    for name, known, array, kind in tensors:
        if name.endswith("attn_q.weight"):
            array = permute(array, HEADS)
        if name.endswith("attn_k.weight"):
            array = permute(array, KV)
        stored = gguf.quants.quantize(array, kind)
        writer.add_tensor(name, stored, raw_dtype=kind)
        plain = gguf.quants.dequantize(stored, kind).astype(np.float32).reshape(array.shape)
        # A few numbers and the sum tell a wrong layout.
        flat = plain.reshape(-1)
        values[known] = {
            "shape": list(plain.shape),
            "first": [float(x) for x in flat[:40]],
            "last": [float(x) for x in flat[-8:]],
            "sum": float(flat.astype(np.float64).sum()),
        }
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (HERE / "gguf.json").write_text(json.dumps(values) + "\n")


if __name__ == "__main__":
    main()
