#!/usr/bin/env bash
# The CIFAR-10 experiment of docs/results.md: dense, found, random and log, two seeds, tested once.
#
#   Benchmarks/cifar10-search.sh OUT        about 100 minutes on two cores; interrupted, the same command goes on
#
# Every step is one thread; two steps run beside each other, which on two cores is faster than one step on both.
set -euo pipefail
out="${1:?usage: cifar10-search.sh OUT}"
ads="${ADS:-$(cd "$(dirname "$0")/.." && pwd)/.build/release/ads}"
mkdir -p "$out"

step() { # NAME ARGUMENTS: one command, its output beside its run
  local name="$1"; shift
  "$ads" "$@" --threads 1 --resume >"$out/$name.out" 2>>"$out/$name.log" || { echo "failed: $name, see $out/$name.log" >&2; return 1; }
  head -n 1 "$out/$name.out"
}
both() { # waits for two background steps; fails if either did
  local failed=0
  for job in "$@"; do wait "$job" || failed=1; done
  return "$failed"
}
train() { # CONNECTIVITY
  local jobs=()
  for seed in 0 1; do
    step "$1-$seed" train --data cifar10 --arch densenet-22-12 --connectivity "$1" --epochs 4 --seed "$seed" --split test \
      --out "$out/$1-$seed" & jobs+=($!)
  done
  both "${jobs[@]}"
}
retrain() { # SEARCH LABEL
  local jobs=()
  for seed in 0 1; do
    step "$2-$seed" retrain "$out/search-$1" --epochs 4 --seed "$seed" --label "$2" --out "$out/$2-$seed" & jobs+=($!)
  done
  both "${jobs[@]}"
}

train dense
jobs=()
for strategy in ads random; do
  step "search-$strategy" search --data cifar10 --arch densenet-22-12 --strategy "$strategy" --children 40 \
    --target-macs 50013456 --dense "$out/dense-0" --limit-train 5000 --limit-validation 2500 --seed 0 \
    --out "$out/search-$strategy" & jobs+=($!)
done
both "${jobs[@]}"
retrain ads found
retrain random random
train log
"$ads" report "$out" --markdown
"$ads" report "$out"
