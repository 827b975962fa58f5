#!/usr/bin/env bash
# What strategies learn on a trained network: children of a trained DenseNet-40-12 scored as they are, at equal cost.
#
#   Benchmarks/trained-case.sh WEIGHTS.safetensors OUT [STRATEGY ...]
#
# WEIGHTS has torchvision's names and was trained on CIFAR-10 with the normalisation MEAN and DEVIATION (in pixels over 255).
# Each child is a part of the network, not tuned, scored as `--evaluator masked` does on SCORE_IMAGES (300) held-out images.
# Continues where it was stopped. CHILDREN (200), TARGET (0.65), SEEDS ("0 1 2"), SEARCH_OPTIONS; Benchmarks/trained-table OUT makes the
# table and plot.
set -euo pipefail
cd "$(dirname "$0")/.."
weights="${1:?usage: Benchmarks/trained-case.sh WEIGHTS.safetensors OUT [STRATEGY ...]}"
out="${2:?usage: Benchmarks/trained-case.sh WEIGHTS.safetensors OUT [STRATEGY ...]}"
shift 2
strategies=("$@")
[ ${#strategies[@]} -gt 0 ] || strategies=(ads evolution surrogate random)
ads="${ADS:-.build/release/ads}"
mkdir -p "$out"
for seed in ${SEEDS:-0 1 2}; do
  dense="$out/dense-$seed"
  # A training of one step, its weights and normalisation replaced.
  if [ ! -f "$dense/imported" ]; then
    rm -rf "$dense"
    "$ads" train --data cifar10 --arch densenet-40-12 --epochs 1 --limit-train 128 --batch-size 64 --seed "$seed" --out "$dense" --quiet >/dev/null
    cp "$weights" "$dense/weights.safetensors"
    python3 - "$dense/config.json" "${MEAN:-0.53129727 0.5259391 0.52069134}" "${DEVIATION:-0.28938246 0.28505746 0.27971658}" <<'P'
import json, sys
path, mean, deviation = sys.argv[1:]
config = json.load(open(path))
config["normalization"] = {"mean": [255 * float(x) for x in mean.split()], "deviation": [255 * float(x) for x in deviation.split()]}
config.pop("limit_train", None)
json.dump(config, open(path, "w"), indent=2)
P
    touch "$dense/imported"
  fi
  for strategy in "${strategies[@]}"; do
    run="$out/$strategy-$seed"
    [ ! -f "$run/result.json" ] || continue
    "$ads" search --data cifar10 --arch densenet-40-12 --strategy "$strategy" --evaluator masked --score-images "${SCORE_IMAGES:-300}" --dense "$dense" \
      --seed "$seed" --children "${CHILDREN:-200}" --target-macs "${TARGET:-0.65}" --top 0 --quiet --resume \
      --out "$run" ${SEARCH_OPTIONS:-} >/dev/null
    echo "$strategy, seed $seed: done"
  done
done
