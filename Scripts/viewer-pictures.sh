#!/bin/sh
# Makes the pictures of docs/viewer.md and the README's film anew: Scripts/viewer-pictures.sh RUN, where RUN is a run
# directory of CartPole-v1.
set -eu
cd "$(dirname "$0")/.."
swirl=${SWIRL:-.build/release/swirl}
run=${1:?give a run directory of CartPole-v1}
folder=docs/images
mkdir -p "$folder"

picture() {
  "$swirl" view "$1" --record "$folder/$2.png" --size 300x200 --at "$3" --seed "${4:-3}" || true
}

picture CartPole-v1 cartpole 12
picture MountainCar-v0 mountain-car 40
picture Pendulum-v1 pendulum 30
picture Acrobot-v1 acrobot 60
picture FrozenLake-v1 frozen-lake 4
picture FrozenLake8x8-v1 frozen-lake-8x8 6
picture CliffWalking-v1 cliff-walking 12
picture Taxi-v4 taxi 9
picture Blackjack-v1 blackjack 1
picture LunarLander-v3 lunar-lander 60
picture BipedalWalker-v3 bipedal-walker 60
picture BipedalWalkerHardcore-v3 bipedal-walker-hardcore 60
picture CarRacing-v3 car-racing 120
for game in Asterix Breakout Freeway Seaquest SpaceInvaders; do
  picture "MinAtar/$game-v1" "$(echo "$game" | tr '[:upper:]' '[:lower:]')" 60
done
picture Navigation2D-v0 navigation 25 2
for task in Ant HalfCheetah Hopper Humanoid HumanoidStandup InvertedDoublePendulum InvertedPendulum Pusher Reacher \
  Swimmer Walker2d; do
  picture "$task-v5" "$(echo "$task" | tr '[:upper:]' '[:lower:]')" 10
done

"$swirl" view "$run" --record docs/images/window.png --size 760x420 --panel --at 60
"$swirl" view "$run" --record docs/images/cartpole.gif --size 640x372 --panel --stochastic --steps 200 --fps 12.5 --seed 4
