#!/bin/sh
# Trains PPO on CartPole-v1 with its preset and evaluates the policy: the README's first command.
set -eu
seed=${1:-1}
swirl=$(swift build -c release --show-bin-path)/swirl
# A name of its own each time: a demo never overwrites an earlier run.
run=runs/demo-$(date +%Y%m%d-%H%M%S)

echo "$ swirl train ppo CartPole-v1 --seed $seed --out $run"
"$swirl" train ppo CartPole-v1 --seed "$seed" --out "$run"
echo
echo "$ swirl evaluate $run --episodes 100"
"$swirl" evaluate "$run" --episodes 100
