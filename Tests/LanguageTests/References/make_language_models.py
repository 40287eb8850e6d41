"""Writes tiny random models of each family with the logits transformers gives, as language-models.safetensors.

    python Tests/LanguageTests/References/make_language_models.py

torch 2.15.0, transformers 5.23.0, safetensors. Parameters stand as `<family>/<name>` under the names that every loader
gives them, matrices [out, in]; `<family>/logits` are those of TOKENS in Float32.
"""
import pathlib

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

TOKENS = [(7 * i * i + 3 * i) % 48 for i in range(40)]
SIZES = dict(vocab_size=48, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             intermediate_size=24, max_position_embeddings=64, attn_implementation="eager")
FAMILIES = {
    "llama": LlamaConfig(**SIZES, head_dim=8, rope_theta=10000.0, tie_word_embeddings=True, rms_norm_eps=1e-5),
    "mistral": MistralConfig(**SIZES, head_dim=8, rope_theta=10000.0, sliding_window=12, tie_word_embeddings=False,
                             rms_norm_eps=1e-5),
    "qwen2": Qwen2Config(**SIZES, rope_theta=10000.0, tie_word_embeddings=False, rms_norm_eps=1e-5),
    "qwen3": Qwen3Config(**SIZES, head_dim=8, rope_theta=10000.0, tie_word_embeddings=True, rms_norm_eps=1e-5),
    "gpt2": GPT2Config(vocab_size=48, n_embd=16, n_layer=2, n_head=2, n_inner=32, n_positions=64,
                       attn_implementation="eager"),
}


def renamed(name, value):
    """GPT-2's parameters under Llama's names, its [in, out] matrices turned, queries, keys and values apart."""
    if not name.startswith("transformer."):
        return [(name, value)]
    name = name.removeprefix("transformer.")
    whole = {"wte": "model.embed_tokens", "wpe": "model.embed_positions", "ln_f": "model.norm"}
    stem, kind = name.rsplit(".", 1)
    if stem in whole:
        return [(f"{whole[stem]}.{kind}", value)]
    _, block, part = stem.split(".", 2)
    prefix = f"model.layers.{block}."
    if part == "attn.c_attn":
        pieces = (value.T if kind == "weight" else value).chunk(3)
        return [(f"{prefix}self_attn.{p}_proj.{kind}", v) for p, v in zip("qkv", pieces)]
    known = {"ln_1": "input_layernorm", "ln_2": "post_attention_layernorm", "attn.c_proj": "self_attn.o_proj",
             "mlp.c_fc": "mlp.up_proj", "mlp.c_proj": "mlp.down_proj"}
    return [(f"{prefix}{known[part]}.{kind}", value.T if value.ndim == 2 else value)]


result = {}
for number, (family, config) in enumerate(FAMILIES.items()):
    torch.manual_seed(number)
    model = AutoModelForCausalLM.from_config(config).eval().float()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Large enough that logits differ, and biases and norms away from 0 and 1.
            parameter.copy_(torch.randn_like(parameter) * (0.3 if parameter.ndim == 2 else 0.2))
            if "norm" in name or "ln_" in name:
                if name.endswith("weight"):
                    parameter.add_(1)
        logits = model(torch.tensor([TOKENS])).logits[0]
    for name, parameter in model.named_parameters():
        for new, value in renamed(name, parameter.detach()):
            result[f"{family}/{new}"] = value.contiguous().clone()
    result[f"{family}/logits"] = logits.contiguous()
save_file(result, pathlib.Path(__file__).parent / "language-models.safetensors")
