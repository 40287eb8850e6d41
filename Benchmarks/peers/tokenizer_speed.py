"""Peer of tokenizer-benchmark: Hugging Face's tokenizers on one thread, over the same folder and the
lines of the same text.

    swirl export smollm2-135m --format huggingface --out SmolLM2-135M
    python tokenizer_speed.py SmolLM2-135M TEXT"""
import os
import statistics
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tokenizers

folder, text = sys.argv[1], open(sys.argv[2], encoding="utf-8", errors="replace", newline="").read()
size = len(text.encode()) / 1e6


def median(rounds, body):
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        body()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


load = median(5, lambda: tokenizers.Tokenizer.from_file(f"{folder}/tokenizer.json"))
tokenizer = tokenizers.Tokenizer.from_file(f"{folder}/tokenizer.json")
lines = text.split("\n")
ids = [tokenizer.encode(line, add_special_tokens=False).ids for line in lines]
encode = median(3, lambda: [tokenizer.encode(line, add_special_tokens=False) for line in lines])
decode = median(3, lambda: [tokenizer.decode(line, skip_special_tokens=False) for line in ids])
print(f"tokenizers_load: {load:.3f} s")
print(f"tokenizers_encode: {size / encode:.1f} MB/s")
print(f"tokenizers_decode: {size / decode:.1f} MB/s")
print(f"tokenizers_tokens: {sum(map(len, ids))}")
