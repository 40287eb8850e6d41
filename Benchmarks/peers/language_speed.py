"""Tokens a second of llama.cpp, transformers and peft on SmolLM2-135M: the rows of `swirl speed language`.

    python language_speed.py SmolLM2-135M-Instruct.Q4_1.gguf [--threads 2] [--only llama|torch] [--rows ROW ...]

A virtual environment of requirements-language.txt. Prints `row: tokens/s`; the best of three."""
import argparse
import os
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("model")
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--only", choices=("llama", "torch"))
arguments.add_argument("--rows", nargs="*")
arguments = arguments.parse_args()


def best(work, rounds=3):
    work()
    least = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - start)
    return least


def wanted(row):
    return not arguments.rows or row in arguments.rows


def show(row, rate):
    print(f"{row}: {rate:.1f}", flush=True)


if arguments.only != "torch":
    from llama_cpp import Llama

    model = Llama(arguments.model, n_ctx=1024, n_threads=arguments.threads, n_threads_batch=arguments.threads,
                  verbose=False, logits_all=False)
    tokens = model.tokenize(b"The quick brown fox " * 256)[:256]
    assert len(tokens) == 256

    def prefill():
        model.reset()
        model.eval(tokens)

    if wanted("prefill_256"):
        show("prefill_256", 256 / best(prefill))
    if wanted("decode_1"):
        least = float("inf")
        for _ in range(3):
            prefill()
            token = tokens[-1]
            start = time.perf_counter()
            for _ in range(64):
                model.eval([token])
                token = model.sample(temp=0)
            least = min(least, time.perf_counter() - start)
        show("decode_1", 64 / least)
    del model

if arguments.only != "llama":
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(arguments.threads)
    folder, name = os.path.split(arguments.model)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    ids = torch.tensor([tokenizer.encode("The quick brown fox " * 16)[:64]]).repeat(16, 1)

    def generate():
        with torch.no_grad():
            model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=64, min_new_tokens=64,
                           do_sample=True, pad_token_id=0)

    if wanted("generate_16x64"):
        show("generate_16x64", 16 * 64 / best(generate))
    x = torch.randint(0, 49000, (4, 128))

    def train():
        model(x, labels=x).loss.backward()
        model.zero_grad()

    if wanted("train_4x128"):
        show("train_4x128", 512 / best(train))
    if wanted("train_lora_4x128"):
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(model, LoraConfig(
            r=8, lora_alpha=16,
            target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]))
        show("train_lora_4x128", 512 / best(train))
