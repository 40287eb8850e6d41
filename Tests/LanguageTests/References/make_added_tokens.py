"""Golden values of added tokens with rules of their own, made with tokenizers 0.23.3.

    python make_added_tokens.py

Six tokenizers, those of `tokenizers/gpt2` and `tokenizers/qwen2` (which normalises) with other added tokens
in place of theirs: `single_word`, `lstrip`, `rstrip`, `normalized` and `special` are drawn for each. For
each text a checksum of the ids is kept, once with special tokens and once with them as plain text; null where
tokenizers itself ends in a panic, which it does where tokens that take white space overlap ones made of it.
"""

import json
import pathlib
import random

import tokenizers
from make_tokenizers import checksum
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent
TEXTS = 500
CONTENTS = [
    "<mask>", "<r>", "<|x|>", "word", "the", "sin", "b", "ab", "abc", "bcd", "cab", "_", "__", "7", "77",
    " ", "\n", "\n\n", "a b", " c", "d ", "\u00e9", "e\u0301", "caf\u00e9", "cafe\u0301s", "\u212b", "\u4f60",
    "\u0301", "\u30ab\u3099", "\U0001f600", "\u2003", "\u200d", "-", "[X]", "[X]Y",
]
BETWEEN = [
    "", "", " ", "  ", "   ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2003", "\u2028", "\u0085", "\x0b", "\x1c", "\u200b",
    "\ufeff", "\u1680", "\u202f", "a", "Z", "5", "_", "-", ".", "\u00df", "\u0301", "\u0663", "\u00bd", "\u2167", "\u203f", "\u200d", "\u200c",
    "\u4f60", "\U0001f600", "\U0001d54f", "\u24d0", "\u0939\u093f", "hello", "word", "words", "cafe", "e", "sing", "\u00c5",
]


def added(rng, vocabulary):
    entries, following = [], max(vocabulary.values()) + 1
    sample = rng.sample(CONTENTS, 24)
    if "\u00e9" in sample and "e\u0301" in sample:
        # Normalised they are the same, and tokenizers takes either, differently from run to run.
        sample.remove("e\u0301")
    for content in sample:
        id = vocabulary.get(content)
        if id is None:
            id, following = following, following + 1
        flags = {key: rng.random() < share for key, share in [("single_word", 0.3), ("lstrip", 0.35), ("rstrip", 0.35), ("normalized", 0.5), ("special", 0.4)]}
        # A special token that merges make would let any text be one.
        flags["special"] &= content not in vocabulary
        entries.append({"id": id, "content": content, **flags})
    return sorted(entries, key=lambda entry: entry["id"])


def text(rng):
    parts = []
    for _ in range(rng.randrange(1, 14)):
        parts.append(rng.choice(CONTENTS if rng.random() < 0.5 else BETWEEN))
    return "".join(parts)


def ids(tokenizer, text):
    try:
        return checksum([tokenizer.encode(text, add_special_tokens=False).ids])
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        return None


def main():
    rng = random.Random(2026)
    texts = [text(rng) for _ in range(TEXTS)]
    values = {"version": tokenizers.__version__, "texts": texts, "tokenizers": []}
    for number in range(6):
        base = ["gpt2", "qwen2"][number % 2]
        file = json.loads((HERE / "tokenizers" / base / "tokenizer.json").read_text())
        for entry in file["added_tokens"]:
            file["model"]["vocab"].pop(entry["content"], None)
        # Ids without a gap.
        order = sorted(file["model"]["vocab"], key=file["model"]["vocab"].get)
        file["model"]["vocab"] = {token: id for id, token in enumerate(order)}
        file["added_tokens"] = added(rng, file["model"]["vocab"])
        tokenizer = Tokenizer.from_str(json.dumps(file))
        sums = []
        for plain in [False, True]:
            tokenizer.encode_special_tokens = plain
            sums.append([ids(tokenizer, t) for t in texts])
        values["tokenizers"].append(
            {"base": base, "added": file["added_tokens"], "specials": sums[0], "plain": sums[1]}
        )
    (HERE / "added_tokens.json").write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
