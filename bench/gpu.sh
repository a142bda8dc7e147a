#!/usr/bin/env bash
# What only a machine with an NVIDIA GPU can tell: the CUDA engine against the suite and
# against transformers + PEFT, the sanitizer's word on its kernels, and the figures,
# beside PyTorch where that is installed. Needs no network, and no compiler when `make
# bench-gpu-kit` has filled bin/ before.
#
#	bench/gpu.sh [OUT]    writes a log for each part and summary.txt to OUT (bin/gpu)
#
# Every part runs, whatever the one before found.
set -uo pipefail
cd "$(dirname "$0")/.."
out=$(mkdir -p "${1:-bin/gpu}" && cd "${1:-bin/gpu}" && pwd)
model=${CLARA_MODEL:-models/SmolLM2-135M-Instruct.Q4_1.gguf}
data=${CLARA_TESTDATA:-../shared/data}
[ -d "${data}" ] || data=shared/data
# The driver itself, not the emulator.
export CLARA_CUDA_LIBRARY=${CLARA_CUDA_LIBRARY:-libcuda.so.1}
: >"${out}/summary.txt"
failed=0

say() { echo "$*" | tee -a "${out}/summary.txt"; }

# part NAME COMMAND...: runs a part into NAME.log and notes how it went.
part() {
	local name=$1 began=${SECONDS} verdict=passed
	shift
	"$@" >"${out}/${name}.log" 2>&1 || { verdict=FAILED; failed=1; }
	say "$(printf '%-7s %4d s  %s' "${verdict}" $((SECONDS - began)) "${name}")"
}

skip() { say "skipped         $1: $2"; }

# suite ARGUMENTS...: the tests of the engine, in its folder.
suite() { (cd cuda && ../bin/cuda.test "$@"); }

# sanitized TOOL: the operations of the suite under one tool of compute-sanitizer, which
# slows kernels down a hundredfold. (MatMul, Linear and Head also say it of gemm.h.)
sanitized() {
	(cd cuda && compute-sanitizer --tool "$1" --error-exitcode 1 ../bin/cuda.test -test.run \
		'TestConformance$/(Memory|Embedding|MatMul|RMSNorm|RoPE|Attention|GLU|Add|CopyRows|HeadLogProbs|HeadTopK|AdamW|SumSquares)')
}

parity() {
	bin/clara --engine "$1" parity "${data}/golden/smollm2" --model "${model}" --json | tee /dev/stderr | tools/expect.py "${@:2}"
}

for tool in bin/cuda.test bin/clara; do
	[ -x "${tool}" ] || { echo "${tool} is missing: make bench-gpu-kit" >&2; exit 1; }
done
say "$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>&1 | head -n 1)"

# All tests; those whose faults only the emulator can play leave themselves out.
part conformance suite -test.v -test.timeout 10m
if command -v compute-sanitizer >/dev/null; then
	part memcheck sanitized memcheck
	part racecheck sanitized racecheck
else
	skip sanitizer 'compute-sanitizer is not there'
fi
if [ -e "${model}" ] && [ -d "${data}/golden/smollm2" ]; then
	part parity parity cuda 'ids_equal == chats' 'greedy_equal >= 0.99 * greedy_compared' \
		'logprob_max_abs <= 2e-3' 'loss_rel <= 1e-4' 'grad_rel_max <= 1e-3'
	part parity-bf16 parity cuda-bf16 'ids_equal == chats' 'loss_rel <= 5e-3' 'grad_rel_max <= 3e-2'
	for engine in cuda cuda-bf16; do
		for work in decode prompt train; do
			part "${engine}-${work}" bin/clara --engine "${engine}" bench "${work}" --model "${model}" --json
		done
	done
else
	skip parity "${model} or ${data} is not there"
fi
part operations suite -test.run '^$' -test.bench . -test.benchtime 20x -test.timeout 10m
if python3 -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
	part torch-gemm python3 bench/peers/gpu_gemm.py
	if python3 -c 'import peft, transformers' 2>/dev/null && [ -e "${model}" ]; then
		part torch-train python3 bench/peers/lora_step.py "${model}" --device cuda
	else
		skip torch-train 'peft, transformers or the model is not there'
	fi
else
	skip torch 'PyTorch with CUDA is not there'
fi
grep -h '"work"\|TFLOP/s' "${out}"/*.log | tee -a "${out}/summary.txt"
exit ${failed}
