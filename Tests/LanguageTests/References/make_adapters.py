"""Writes adapters made by Python's peft for the tiny Llama of language-models.safetensors, as adapters/lora and
adapters/prefix, and for the tiny GPT-2 of folders/gpt2, as adapters/gpt2-lora and adapters/gpt2-prefix, each with the
logits in adapters/logits.safetensors.

    python Tests/LanguageTests/References/make_adapters.py
    python Tests/LanguageTests/References/make_adapters.py FOLDER        # the logits of adapters that Swirl wrote
    python Tests/LanguageTests/References/make_adapters.py FOLDER gpt2   # those for GPT-2

torch 2.15.0, transformers 5.23.0, peft 0.21.2, safetensors. Llama's tokens are those of make_language_models.py.
"""
import pathlib
import sys

import torch
from peft import LoraConfig, PeftModel, PrefixTuningConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

HERE = pathlib.Path(__file__).parent
TOKENS = {"llama": torch.tensor([[(7 * i * i + 3 * i) % 48 for i in range(40)]]),
          "gpt2": torch.tensor([[(7 * i * i + 3 * i) % 41 for i in range(24)]])}


def base(family="llama"):
    if family == "gpt2":
        model = GPT2LMHeadModel.from_pretrained(HERE / "folders" / "gpt2", attn_implementation="eager").eval().float()
        model.name_or_path = None  # peft would write where it lies
        return model
    config = LlamaConfig(vocab_size=48, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
                         num_key_value_heads=2, intermediate_size=24, max_position_embeddings=64,
                         attn_implementation="eager", head_dim=8, rope_theta=10000.0, tie_word_embeddings=True,
                         rms_norm_eps=1e-5)
    model = LlamaForCausalLM(config).eval().float()
    stored = load_file(HERE / "language-models.safetensors")
    state = {name.removeprefix("llama/"): value for name, value in stored.items() if name.startswith("llama/")}
    del state["logits"]
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}
    model.tie_weights()
    return model


def logits(model):
    tokens = TOKENS[model.config.model_type]
    with torch.no_grad():
        found = model(input_ids=tokens, attention_mask=torch.ones_like(tokens)).logits
    return found[0, -tokens.shape[1]:].contiguous()


if len(sys.argv) > 1:
    print(logits(PeftModel.from_pretrained(base(*sys.argv[2:]), sys.argv[1]).eval())[-1].tolist())
    raise SystemExit

golden = {}
for kind, config in {
    "lora": LoraConfig(r=3, lora_alpha=7, target_modules=["q_proj", "k_proj", "v_proj", "down_proj"],
                       task_type="CAUSAL_LM"),
    "prefix": PrefixTuningConfig(num_virtual_tokens=5, task_type="CAUSAL_LM"),
    "gpt2-lora": LoraConfig(r=3, lora_alpha=7, target_modules=["attn.c_proj", "mlp.c_fc", "mlp.c_proj"],
                            fan_in_fan_out=True, task_type="CAUSAL_LM"),
    "gpt2-prefix": PrefixTuningConfig(num_virtual_tokens=5, task_type="CAUSAL_LM"),
}.items():
    torch.manual_seed(11)
    model = get_peft_model(base("gpt2" if kind.startswith("gpt2") else "llama"), config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.copy_(torch.randn_like(parameter) * 0.4)
    golden[kind] = logits(model)
    model.save_pretrained(HERE / "adapters" / kind)
    for extra in ("README.md",):
        (HERE / "adapters" / kind / extra).unlink(missing_ok=True)
save_file(golden, HERE / "adapters" / "logits.safetensors")
