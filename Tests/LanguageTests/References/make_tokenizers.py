"""Golden values of the tokenizer tests, made with tokenizers 0.22.1 and gguf 0.19.0.

    python make_tokenizers.py [SmolLM2-135M-Instruct.Q4_1.gguf]

The tokenizers of Qwen and Llama 3 are not redistributed: vocabularies of a few hundred tokens are trained
here with exactly their pre-tokenizers and normalisers. 10,000 strings are drawn by a generator that the
Swift test repeats; of each tokenizer's ids, a checksum for every hundred strings is kept. With the model's
path the same is done for SmolLM2's own tokenizer, rebuilt from its GGUF file.
"""

import json
import pathlib
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).parent
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| "
    r"?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
STRINGS = 10_000
CHUNK = 100

FRAGMENTS = [
    "the", "The", "THE", "token", "izer", "reinforcement", "learning", "a", "I", "x", "don", "we",
    "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "'Ve", "'LL", "'D", "'\u017f",
    "'", "''", "`", "\"", "\u2019s", "\u2018",
    " ", "  ", "   ", "        ", "\n", "\n\n", "\r\n", "\r", "\t", "\t\t", " \n", "\n ", " \n \n  ",
    "\u00a0", "\u3000", "\u2003", "\u200b", "\u2028", "\u0085", "\x0b", "\x0c", "\x00", "\x1f", "\x7f",
    "0", "1", "42", "2024", "3.14159", "1,000,000", "\u0663", "\u00bd", "\u2167", "\u2460", "\u096a\u0968", "1e-5",
    ".", ",", "!", "?", "...", "\u2026", "--", "\u2014", "(", ")", "[]", "{}", "<", ">", "</s>", "==", "!=", "->", "//",
    "#", "@", "$", "%", "^&*", "_", "__init__", "snake_case", "camelCase", "\\", "\\n", "|", "~",
    "def f(x):\n    return x ** 2\n", "for (int i = 0; i < n; ++i) {\n\t", "<div class=\"a\">", "https://example.com/a?b=c",
    "\u00e9", "e\u0301", "\u00fc", "\u00df", "\u00f1andu", "na\u00efve", "caf\u00e9", "\u0130", "\u01c5", "\u212b", "\u1e9b\u0323",
    "\u043f\u0440\u0438\u0432\u0435\u0442", "\u0417\u0434\u0440\u0430\u0432\u0441\u0442\u0432\u0443\u0439",
    "\u03b1\u03b2\u03b3", "\u0627\u0644\u0633\u0644\u0627\u0645", "\u05e9\u05dc\u05d5\u05dd",
    "\u4f60\u597d", "\u4e16\u754c", "\u65e5\u672c\u8a9e", "\u3053\u3093\u306b\u3061\u306f", "\u30ab\u3099", "\ud55c\uad6d\uc5b4",
    "\u1112\u1161\u11ab", "\u0939\u093f\u0928\u094d\u0926\u0940", "\u0e44\u0e17\u0e22", "\u10d2\u10d0",
    "\U0001f600", "\U0001f469\u200d\U0001f4bb", "\U0001f1ef\U0001f1f5", "\u2764\ufe0f", "\U0001f44d\U0001f3fd", "\u2603",
    "\U0001d54f", "\U00020000", "\ufffd", "\ufeff", "\u0301", "\u20dd", "\u0489", "\ue000", "\U0010ffff",
    "<|end|>", "<|im_start|>", "<|im_end|>", "<tool>",
]


class Generator:
    """Numbers of a linear congruential generator (Knuth's MMIX), the upper half of each state."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % bound


def strings():
    random = Generator(2024)
    for _ in range(STRINGS):
        parts = []
        for _ in range(random.below(24)):
            kind = random.below(8)
            if kind < 5:
                parts.append(FRAGMENTS[random.below(len(FRAGMENTS))])
            elif kind == 5:
                parts.append("".join(chr(32 + random.below(95)) for _ in range(random.below(12))))
            elif kind == 6:
                parts.append(chr(0xA0 + random.below(0x2F00)))
            else:
                code = random.below(0x110000)
                parts.append(chr(code) if not 0xD800 <= code < 0xE000 else "?")
        yield "".join(parts)


def checksum(lists):
    """FNV-1a over the ids as 32-bit words, each list after its length."""
    state = 0xCBF29CE484222325
    for ids in lists:
        for number in [len(ids), *ids]:
            state = ((state ^ number) * 0x100000001B3) % 2**64
    return f"{state:016x}"


def golden(tokenizer, texts):
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    return [checksum(ids[i : i + CHUNK]) for i in range(0, len(ids), CHUNK)]


def trained(kind, texts):
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer = Tokenizer(models.BPE(ignore_merges=kind == "llama3"))
    tokenizer.pre_tokenizer = {
        "gpt2": byte_level,
        "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(True), byte_level]),
        "qwen2": pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN2), "isolated"), plain]),
        "llama3": pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"), plain]),
    }[kind]
    if kind == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|im_start|>", "<|im_end|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken("<|end|>", special=True, normalized=False)])
    tokenizer.add_tokens([AddedToken("<tool>", special=False, normalized=False)])
    return tokenizer


def of_gguf(path):
    import gguf

    reader = gguf.GGUFReader(path)

    def texts(key):
        field = reader.fields[key]
        return [bytes(field.parts[i]).decode() for i in field.data]

    tokens, merges = texts("tokenizer.ggml.tokens"), texts("tokenizer.ggml.merges")
    kinds = reader.fields["tokenizer.ggml.token_type"]
    model = models.BPE(
        vocab={token: i for i, token in enumerate(tokens)}, merges=[tuple(m.split(" ")) for m in merges]
    )
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, i in zip(tokens, kinds.data) if kinds.parts[i][0] == 3]
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in control])
    return tokenizer


def main():
    texts = list(strings())
    values = {"fragments": FRAGMENTS, "chunk": CHUNK, "strings": STRINGS, "checksums": {}}
    values["first"] = texts[:5]
    for kind in ["gpt2", "smollm", "qwen2", "llama3"]:
        tokenizer = trained(kind, texts[:2000])
        folder = HERE / "tokenizers" / kind
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
        values["checksums"][kind] = golden(tokenizer, texts)
        example = "Don't  stop:\n  12345 caf\u00e9s \U0001f600"
        encoding = tokenizer.encode(example)
        values.setdefault("examples", {})[kind] = {"text": example, "ids": encoding.ids}
    path = HERE / "tokenizers.json"
    if len(sys.argv) > 1:
        values["checksums"]["smollm2-135m"] = golden(of_gguf(sys.argv[1]), texts)
    elif path.exists():
        values["checksums"]["smollm2-135m"] = json.loads(path.read_text())["checksums"]["smollm2-135m"]
    # What decoders make of bytes that are not UTF-8: every token is one byte.
    broken = [[0xFF], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x61, 0x80, 0x62],
              [0xE2, 0x82, 0x28], [0xF4, 0x90, 0x80, 0x80], [0xE1, 0x80, 0xE2, 0xF0, 0x91, 0x92, 0xF1, 0xBF, 0x41]]
    tokenizer = trained("gpt2", texts[:2000])
    alphabet = bytes_to_unicode()
    values["broken"] = [
        {"bytes": b, "text": tokenizer.decode([tokenizer.token_to_id(alphabet[x]) for x in b])} for b in broken
    ]
    path.write_text(json.dumps(values, indent=1) + "\n")


def bytes_to_unicode():
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in kept]
    return {b: chr(b) for b in kept} | {b: chr(256 + i) for i, b in enumerate(others)}


if __name__ == "__main__":
    main()
