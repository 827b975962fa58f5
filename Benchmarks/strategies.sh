#!/usr/bin/env bash
# All strategies at equal cost on the generated set, three seeds: the comparison of docs/results.md.
#
#   Benchmarks/strategies.sh OUT        about 20 minutes on two cores; interrupted, the same command goes on
#
# Each seed has one network of shared weights that scores the children of all strategies; the best three children are trained
# from scratch with two fresh seeds, and the best of them is the strategy's answer. Validated on held-out training images.
set -euo pipefail
out="${1:?usage: strategies.sh OUT}"
ads="${ADS:-$(cd "$(dirname "$0")/.." && pwd)/.build/release/ads}"
mkdir -p "$out"
settings=(--data shapes --arch densenet-16-12 --limit-train 2048 --batch-size 32)

for seed in 0 1 2; do
  "$ads" train "${settings[@]}" --epochs 4 --seed "$seed" --threads 1 --resume --out "$out/$seed/dense" --json >"$out/dense-$seed.json" 2>>"$out/log"
  for strategy in random ads ads-tradeoff evolution fixed magnitude; do
    more=()
    [ "$strategy" = random ] || more+=(--shared "$out/$seed/random")
    [ "$strategy" != magnitude ] || more+=(--dense "$out/$seed/dense")
    "$ads" search "${settings[@]}" --strategy "$strategy" --evaluator shared --shared-epochs 12 --child-epochs 2 --children 60 \
      --target-macs 0.7 --top 3 --reevaluation-seeds 2 --seed "$seed" --resume "${more[@]}" --out "$out/$seed/$strategy" --json \
      >"$out/$strategy-$seed.json" 2>>"$out/log" || { echo "failed: $strategy, seed $seed, see $out/log" >&2; exit 1; }
    echo "seed $seed, $strategy: $(cat "$out/$strategy-$seed.json" | tr ',' '\n' | grep '"accuracy"')"
  done
done
"$(dirname "$0")/strategy-table" "$out"
