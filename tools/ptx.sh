#!/usr/bin/env bash
# Compiles the kernels of cuda/kernels to PTX with NVIDIA's compiler from PyPI: the
# library NVRTC, and ptxas, which assembles the result for real GPUs as a check.
# --check compares with the PTX that is there and writes nothing. Runs on Linux on
# x86-64; neither a GPU nor a driver is needed.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=.tools/nvidia-11.8
if [ ! -e "${packages}/fetched" ]; then
	export PIP_ROOT_USER_ACTION=ignore # it goes into a folder of the project
	mkdir -p "${packages}"
	cat >"${packages}/requirements.txt" <<'END'
nvidia-cuda-nvrtc-cu11==11.8.89 --hash=sha256:a8d02f3cba345be56b1ffc3e74d8f61f02bb758dd31b0f20e12277a5a244f756
nvidia-cuda-nvcc-cu11==11.8.89 --hash=sha256:f8e1e995166c884f2f5bf94975d7abb89175363b8712f7f81cd38d0df1b2cd85
END
	python3 -m pip install -q --disable-pip-version-check --no-deps --no-compile --require-hashes --only-binary=:all: \
		--target "${packages}" -r "${packages}/requirements.txt"
	chmod +x "${packages}/nvidia/cuda_nvcc/bin/ptxas" # pip drops the permission
	touch "${packages}/fetched"
fi
exec python3 cuda/kernels/ptx.py "${packages}" "$@"
