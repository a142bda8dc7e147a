#!/usr/bin/env bash
# Installs the programs that CLARA is measured against into a virtual environment:
# llama.cpp (llama-cpp-python, compiled here for this processor) and PyTorch + PEFT.
# usage: install.sh FOLDER MODEL
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1 model=$2
if [ -e "$folder/complete" ] && cmp -s "$folder/complete" "$here/requirements.txt"; then
	exit 0
fi
python3 -m venv "$folder"
llama=$(grep '^llama-cpp-python' "$here/requirements.txt")
"$folder/bin/pip" install --quiet --no-cache-dir $(grep -v '^llama-cpp-python' "$here/requirements.txt")

# build FLAGS: compile llama.cpp for this processor with extra compiler flags.
build() {
	CMAKE_ARGS="-DGGML_NATIVE=ON -DCMAKE_C_FLAGS='$1' -DCMAKE_CXX_FLAGS='$1'" CMAKE_BUILD_PARALLEL_LEVEL=2 \
		"$folder/bin/pip" install --quiet --no-cache-dir --force-reinstall --no-binary llama-cpp-python "$llama"
}

build ""
# Compiled with gcc 12 on Sapphire Rapids, its AMX kernels crash on a batch of two
# tokens; then it is measured with what remains, AVX-512 VNNI, and the table says so
# by llama.cpp's own list of features.
if ! "$folder/bin/python" "$here/llama.py" "$model" --rounds 1 >/dev/null 2>&1; then
	echo "llama.cpp crashes as compiled for this processor; compiling it again without AMX" >&2
	build "-mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
	"$folder/bin/python" "$here/llama.py" "$model" --rounds 1 >/dev/null
fi
cp "$here/requirements.txt" "$folder/complete"
