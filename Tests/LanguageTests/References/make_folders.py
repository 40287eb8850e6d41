"""Tiny models of each family as transformers 5.23 (torch 2.15) saves them, and the logits it computes.

    python make_folders.py

Each is a folder with config.json and model.safetensors of Float32 numbers.
"""

import json
import pathlib

import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

HERE = pathlib.Path(__file__).parent
TOKENS = [3, 17, 40, 1, 0, 39, 22, 22, 8, 31]
SIZES = dict(
    vocab_size=41,
    hidden_size=16,
    intermediate_size=24,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    bos_token_id=None,
    eos_token_id=None,
    pad_token_id=None,
)
LLAMA3 = dict(
    rope_type="llama3",
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=16,
    rope_theta=500.0,
)


def models():
    yield "llama", LlamaForCausalLM(
        LlamaConfig(**SIZES, rope_parameters=LLAMA3, tie_word_embeddings=False)
    )
    yield "mistral", MistralForCausalLM(MistralConfig(**SIZES, head_dim=8, sliding_window=4))
    yield "qwen2", Qwen2ForCausalLM(Qwen2Config(**SIZES, tie_word_embeddings=True))
    yield "qwen3", Qwen3ForCausalLM(Qwen3Config(**SIZES, head_dim=8, tie_word_embeddings=True))
    yield "gpt2", GPT2LMHeadModel(
        GPT2Config(vocab_size=41, n_embd=16, n_layer=2, n_head=2, n_positions=32, bos_token_id=None, eos_token_id=None)
    )


def main():
    torch.manual_seed(11)
    logits = {}
    for name, model in models():
        model.eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
            logits[name] = model(torch.tensor([TOKENS])).logits[0].tolist()
        folder = HERE / "folders" / name
        model.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
    (HERE / "folders.json").write_text(json.dumps({"tokens": TOKENS, "logits": logits}) + "\n")


if __name__ == "__main__":
    main()
