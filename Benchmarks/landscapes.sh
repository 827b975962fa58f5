#!/usr/bin/env bash
# Strategies, and the agent without each of its parts, on made-up truths.
#
#   Benchmarks/landscapes.sh OUT [LABEL...]    interrupted, the same command goes on
#
# COUNT (20) landscapes a space, CHILDREN (1000) children a landscape, rewards with noise of one deviation of coin flips. With
# labels those alone. Benchmarks/landscape-table OUT prints the table.
set -euo pipefail
cd "$(dirname "$0")/.."
out="${1:?usage: Benchmarks/landscapes.sh OUT [LABEL...]}"
shift
make -s setup
read -ra flags <<<"$(make -s flags)"
export PKG_CONFIG_PATH="$PWD/.build/libtorch${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
program="${LANDSCAPES:-.build/release/landscapes}"
[ -n "${LANDSCAPES:-}" ] || swift build --product landscapes "${flags[@]}" >&2
mkdir -p "$out"

wanted=("$@")
play() { # LABEL STRATEGY AGENT [OPTION...]
  local label="$1" strategy="$2" agent="$3"
  shift 3
  if [ ${#wanted[@]} -gt 0 ] && [[ ! " ${wanted[*]} " == *" $label "* ]]; then return; fi
  local space
  for space in "densenet-22-12 --target-macs 0.65" "densenet-40-12 --target-macs 0.65" "densenet-40-12 --target-macs 0.45" \
    "densenet-22-12 --target-macs 0.3 --search-block-end"; do
    # shellcheck disable=SC2086
    "$program" --arch $space --strategy "$strategy" --agent "$agent" --label "$label" --children "${CHILDREN:-1000}" \
      --count "${COUNT:-20}" --out "$out/$label.jsonl" "$@"
  done
  echo "$label: done"
}
play random random '{}'
play evolution evolution '{}'
play surrogate surrogate '{}'
play ads ads '{}'
play no-critic ads '{"criticSteps":0}'
play one-step ads '{"criticSteps":1}'
play eight-steps ads '{"criticSteps":8}'
play no-terms ads '{"connectionRate":1e-9}'
play no-lstm ads '{"learningRate":1e-9,"initialRange":1e-6}'
play ten-children ads '{"childrenPerUpdate":10}'
play warm ads '{"warmStart":1}' --belief 0.5
for lag in 1 4; do
  for strategy in ads evolution surrogate; do play "$strategy-lag-$lag" "$strategy" '{}' --lag "$lag"; done
done
