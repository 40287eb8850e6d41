#!/bin/sh
# Fetches MuJoCo (library and headers) and Gymnasium's models from pinned wheels of PyPI, checks them, and compiles
# the shim in Sources/CMuJoCo against them, all into .swirl/mujoco, which git ignores.
#
# Silent when everything is there. Without a network it says so in a sentence and succeeds: only the MuJoCo
# environments are missing then.
set -eu
cd "$(dirname "$0")/.."

version=4.0.0
gymnasium=1.4.0
gymnasium_sha256=1cb947c59e7c72d8eabb2c2274c00cd20948e69f8452a9ef4092223be24fdf0e
folder=.swirl/mujoco

# The library is the same in the wheels for every version of Python; those for 3.11 stand for all.
case "$(uname -s)-$(uname -m)" in
Linux-x86_64)
  platform=manylinux_2_28_x86_64
  sha256=885bd9b9cc0a6b5ba1114923eb954027652a6a0c115fa46b3218b83bae72ac4f
  ;;
Linux-aarch64)
  platform=manylinux_2_28_aarch64
  sha256=34de0c1674caa95abd3a0214ded4461e688150fbaa015b2db523d553b7411c3b
  ;;
Darwin-arm64)
  platform=macosx_11_0_arm64
  sha256=b975be077a9d020f7d70e8d6061eea0067b12fef06455f779ab98a3a9a7598e1
  ;;
*) exit 0 ;;
esac

give_up() {
  echo "setup: $*; the MuJoCo environments stay unavailable until 'make setup' succeeds" >&2
  exit 0
}

sources="Sources/CMuJoCo/swirl_mujoco.c Sources/CMuJoCo/swirl_mujoco_pictures.c"
shim="$sources Sources/CMuJoCo/swirl_mujoco.h"
# shellcheck disable=SC2086 # three files
stamp="mujoco $version, gymnasium $gymnasium, shim $(cat $shim | cksum)"
[ -f "$folder/stamp" ] && [ "$(cat "$folder/stamp")" = "$stamp" ] && exit 0

work=.swirl/mujoco.$$
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/wheels"

if [ -f "$folder/stamp" ] && [ "$(sed 's/, shim.*//' "$folder/stamp")" = "${stamp%, shim*}" ]; then
  cp -R "$folder" "$work/new" # only the shim has changed
else
  command -v python3 >/dev/null 2>&1 || give_up "no 'python3' on the PATH, which fetches MuJoCo"
  python3 -m pip --version >/dev/null 2>&1 ||
    give_up "Python has no pip, which fetches MuJoCo (on Debian: apt-get install python3-pip)"
  cat >"$work/wheels.txt" <<EOF
mujoco-core==$version --hash=sha256:$sha256
gymnasium==$gymnasium --hash=sha256:$gymnasium_sha256
EOF
  echo "setup: fetching MuJoCo $version and Gymnasium's models from PyPI"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --platform "$platform" --platform any --implementation cp --python-version 311 --retries 1 \
    --require-hashes --requirement "$work/wheels.txt" --dest "$work/wheels" ||
    give_up "MuJoCo $version and gymnasium $gymnasium could not be fetched from PyPI (see pip's message above)"
  python3 - "$work" <<'EOF' || give_up "the wheels of MuJoCo and gymnasium do not hold what they should"
import glob, os, sys, zipfile

work = sys.argv[1]
kept = {
    "mujoco/include/mujoco/": "include/mujoco/",
    "mujoco/libmujoco": "lib/libmujoco",
    "gymnasium/envs/mujoco/assets/": "assets/",
}
found = set()
for path in glob.glob(os.path.join(work, "wheels", "*.whl")):
    wheel = zipfile.ZipFile(path)
    for name in wheel.namelist():
        file = os.path.basename(name)
        targets = [to + name[len(start):] for start, to in kept.items() if name.startswith(start)]
        if "/licenses/" in name:
            targets = ["licenses/" + name.split("-")[0] + "-" + file]
        if not targets or not file:
            continue
        found.add(targets[0].split("/")[0])
        target = os.path.join(work, "new", targets[0])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as out:
            out.write(wheel.read(name))
sys.exit(0 if found >= {"include", "lib", "assets"} else 1)
EOF
fi

compiler=$(command -v cc || command -v clang) ||
  give_up "no C compiler ('cc' or 'clang') on the PATH, which MuJoCo's shim needs"
library=$(ls "$work"/new/lib/libmujoco*)
case "$(uname -s)" in
Darwin) origin=@loader_path ;;
*) origin='$ORIGIN' ;;
esac
# shellcheck disable=SC2086 # two files
"$compiler" -O2 -std=c11 -D_GNU_SOURCE -fPIC -shared -I "$work/new/include" -I Sources/CMuJoCo \
  $sources "$library" -Wl,-rpath,"$origin" -lpthread -ldl \
  -o "$work/new/lib/libswirl_mujoco.so" ||
  give_up "MuJoCo's shim does not compile (see the compiler's message above)"

echo "$stamp" >"$work/new/stamp"
rm -rf "$folder"
mv "$work/new" "$folder"
