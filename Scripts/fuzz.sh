#!/bin/sh
# Fuzzes the loaders of language models with libFuzzer: Scripts/fuzz.sh SECONDS [LOADER …]
#
# Every loader has a corpus under .build-fuzz/corpus, which grows from run to run; an input that ends the process is
# kept under .build-fuzz/found and its path printed. Needs a Swift toolchain with libFuzzer (Linux).
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-60}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- gguf safetensors tokenizer config adapter text

swift build -c release --package-path Fuzz --scratch-path .build-fuzz --sanitize=fuzzer
program=$(swift build -c release --package-path Fuzz --scratch-path .build-fuzz --sanitize=fuzzer --show-bin-path)
references=Tests/LanguageTests/References
mkdir -p .build-fuzz/found

for loader in "$@"; do
  corpus=.build-fuzz/corpus/$loader
  mkdir -p "$corpus"
  case $loader in
  gguf) cp "$references/tiny.gguf" "$corpus/" ;;
  tokenizer) for kind in gpt2 smollm qwen2 llama3; do cp "$references/tokenizers/$kind/tokenizer.json" "$corpus/$kind"; done ;;
  adapter) for kind in lora prefix; do cp "$references/adapters/$kind/adapter_config.json" "$corpus/$kind"; done ;;
  text) printf "hello world's 123\n\n  \303\251<|im_end|>\377" >"$corpus/text" ;;
  safetensors | config)
    rm -rf .build-fuzz/written
    swift run -c release --skip-build swirl export "$references/tiny.gguf" --format huggingface \
      --out .build-fuzz/written >/dev/null
    [ "$loader" = config ] && cp .build-fuzz/written/config.json "$corpus/" ||
      cp .build-fuzz/written/model.safetensors "$corpus/"
    ;;
  *)
    echo "fuzz: no loader is called $loader; there are gguf, safetensors, tokenizer, config, adapter and text" >&2
    exit 64
    ;;
  esac
  echo "fuzz: $loader for $seconds seconds"
  SWIRL_FUZZ=$loader "$program/loader-fuzzer" "$corpus" -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 -artifact_prefix=".build-fuzz/found/$loader-" \
    2>&1 | grep -E "ERROR|SUMMARY|Test unit written|stat::|DONE" || true
done
[ -z "$(ls .build-fuzz/found)" ] || {
  echo "fuzz: these inputs end the process:" .build-fuzz/found/* >&2
  exit 1
}
