#!/usr/bin/env bash
# What only a machine with an NVIDIA GPU can tell: the figures of the engines beside their
# peers, the suite and parity with transformers + PEFT on the card, the sanitizer's word
# on the kernels. Needs no network, and no compiler or library of a desktop when `make
# bench-gpu-kit` has made bin/gpu-kit.tar.xz before; PyTorch with CUDA, transformers and
# peft where the peers are to be measured.
#
#	bench/gpu.sh [OUT]    writes to OUT (bin/gpu) a log for each part, summary.txt,
#	                      and the figures as report.md and figures.json
#
# Every part has a time limit and runs whatever the one before found, the figures first;
# what is left when CLARA_BENCH_SECONDS are over (570) is left out, and said.
set -uo pipefail
cd "$(dirname "$0")/.."
out=$(mkdir -p "${1:-bin/gpu}" && cd "${1:-bin/gpu}" && pwd)
end=${CLARA_BENCH_SECONDS:-570}
rm -f "${out}"/*.log "${out}"/report.md "${out}"/figures.json
: >"${out}/summary.txt"
failed=0

say() { echo "$*" | tee -a "${out}/summary.txt"; }

# report puts what was found so far side by side.
report() { ! command -v python3 >/dev/null || python3 bench/gpu_report.py "${out}"; }

# part NAME SECONDS COMMAND...: runs a part into NAME.log, as long as it may, and notes how
# it went. What it found is in the report from then on.
part() {
	local name=$1 limit=$2 began=${SECONDS} verdict=passed
	shift 2
	limit=$((limit < end - SECONDS ? limit : end - SECONDS))
	if [ "${limit}" -lt 5 ]; then
		say "left out          ${name}: the time is over"
		return
	fi
	LIMIT=${limit} "$@" >"${out}/${name}.log" 2>&1 </dev/null || { verdict="FAILED ($?)"; failed=1; }
	say "$(printf '%-12s %4d s  %s%s' "${verdict}" $((SECONDS - began)) "${name}" "$(why "${verdict}" "${out}/${name}.log")")"
	report
}

# why VERDICT LOG: the error in the log of a part that failed, else what it says last.
why() {
	case $1 in
	passed) ;;
	'FAILED (124)' | 'FAILED (137)') echo 'its time was over' ;;
	*) grep '^clara: ' "$2" || grep -vE '^(FAIL|PASS|ok|exit status|=== .*| *--- .*|[[:space:]]*)$' "$2" ;;
	esac | tail -n 1 | sed 's/^[[:space:]]*/: /' | cut -c1-200
}

skip() { say "skipped           $1: $2"; }

# within COMMAND...: ends it at the limit of its part, and what it started.
within() { timeout --kill-after=3 "${LIMIT}" "$@"; }

kit=bin/gpu-kit
[ -d "${kit}" ] || tar -xf bin/gpu-kit.tar.xz -C bin || python3 -c 'import tarfile; tarfile.open("bin/gpu-kit.tar.xz").extractall("bin")' ||
	{ echo "bin/gpu-kit.tar.xz is missing: make bench-gpu-kit" >&2; exit 1; }
kit=${PWD}/${kit}
# Our programs find in one folder what the machine's linker does not know of their libraries.
mkdir -p "${out}/lib"
known=$(PATH=${PATH}:/sbin:/usr/sbin ldconfig -p 2>/dev/null)
for file in "${kit}"/lib/*; do
	grep -q "^[[:space:]]*${file##*/} " <<<"${known}" || ln -sf "${file}" "${out}/lib/"
done
libraries=${out}/lib:/usr/local/nvidia/lib64${LD_LIBRARY_PATH:+:${LD_LIBRARY_PATH}}
vendor=/usr/local/nvidia/share/glvnd/egl_vendor.d/10_nvidia.json
[ -e "${vendor}" ] && export __EGL_VENDOR_LIBRARY_FILENAMES=${__EGL_VENDOR_LIBRARY_FILENAMES:-${vendor}}
# The driver itself, not the emulator.
export CLARA_CUDA_LIBRARY=${CLARA_CUDA_LIBRARY:-libcuda.so.1}
# Without an OpenGL its parts fail, and are not passed over.
export CLARA_NEED_OPENGL=1
export CLARA_TESTDATA=${kit}/data CLARA_HOME=${out}/home

clara() { LD_LIBRARY_PATH=${libraries} within "${kit}/clara" "$@"; }
# suite ENGINE ARGUMENTS...: the tests of an engine, in its folder.
suite() { (cd "$1" && LD_LIBRARY_PATH=${libraries} within "${kit}/$1.test" "${@:2}"); }
benchmark() { suite "$1" -test.run '^$' -test.bench "$2" -test.benchtime "$3"; }
python() { within python3 "$@"; }
# sanitized TOOL: the operations of the suite under one tool of compute-sanitizer, which
# slows kernels down a hundredfold, and the products on the tensor cores. (Linear has eleven
# types of weights by forty cases: MatMul and Head say the same of gemm.h, Embedding of the
# types.)
sanitized() {
	(cd cuda && LD_LIBRARY_PATH=${libraries} within compute-sanitizer --tool "$1" --error-exitcode 1 "${kit}/cuda.test" -test.run \
		'TestConformance$/(Memory|Embedding|MatMul|RMSNorm|RoPE|Attention|GLU|Add|CopyRows|HeadLogProbs|HeadTopK|AdamW|SumSquares)|TestFloat16RoundsOperandsOnly')
}
parity() {
	clara --engine "$1" parity "${kit}/data/golden/smollm2" --model "${model}" --json "${@:2}"
}
demo() { clara --engine cuda demo --model "${model}" --home "${out}/home/demo" --json; }

card=$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null | head -n 1)
say "${card:-no NVIDIA card: nvidia-smi names none}, $(date -u +%F)"
torch=1
python3 -c 'import torch; assert torch.cuda.is_available(); import transformers, peft' 2>"${out}/torch.log" || torch=0
# The step of a model costs the same with random weights.
model=${CLARA_MODEL:-models/SmolLM2-135M-Instruct.Q4_1.gguf}
smollm2=${model}
if [ ! -e "${model}" ]; then
	smollm2=${out}/smollm2.gguf
	part shape-smollm2 30 python bench/peers/shapes.py smollm2 "${smollm2}"
fi

part engines 60 clara doctor
part cuda-gemm 60 benchmark cuda Linear4096 20x
if [ "${torch}" = 1 ]; then
	part torch-gemm 60 python bench/peers/gpu_gemm.py
else
	skip torch "no PyTorch with CUDA, transformers and peft: torch.log"
fi
part opengl-gemm 60 benchmark shaders Linear4096 10x

# figures ENGINES SHAPE MODEL: the works of bench on a model.
figures() {
	local engine
	for engine in $1; do
		part "${engine}-train-$2" 60 clara --engine "${engine}" bench train --model "$3" --json
		part "${engine}-decode-$2" 60 clara --engine "${engine}" bench decode --model "$3" --json
	done
	if [ "${torch}" = 1 ]; then
		part "torch-train-$2" 60 python bench/peers/lora_step.py "$2" --device cuda
		part "torch-decode-$2" 60 python bench/peers/gpu_decode.py "$2"
	fi
	CLARA_MODEL=$(realpath "$3") part "host-$2" 40 benchmark cuda Host 3x
}
figures 'cuda-f16 cuda opengl' smollm2 "${smollm2}"
CLARA_MODEL=$(realpath "${smollm2}") part opengl-dispatches 60 benchmark shaders LongestDispatch 1x
part shape-1b 60 python bench/peers/shapes.py 1b "${out}/1b.gguf"
figures cuda-f16 1b "${out}/1b.gguf"
rm -f "${out}/1b.gguf"

# All tests; those whose faults only the emulator can play leave themselves out.
part conformance 120 suite cuda -test.v
part conformance-opengl 90 suite shaders -test.v
if [ -e "${model}" ]; then
	part parity 40 parity cuda
	part parity-f16 40 parity cuda-f16
	part parity-opengl 60 parity opengl
else
	skip parity "${model} is not there"
fi
if command -v compute-sanitizer >/dev/null; then
	part memcheck 90 sanitized memcheck
	part racecheck 90 sanitized racecheck
else
	skip sanitizer 'compute-sanitizer is not there'
fi
if [ -e "${model}" ]; then
	part demo 120 demo
fi
part operations 60 benchmark cuda BenchmarkBackend 20x
rm -rf "${out}/home" "${out}/lib" "${out}/smollm2.gguf"
report
cat "${out}/report.md" 2>/dev/null || echo "No table: python3 is not there. The figures are in the logs of ${out}."
exit ${failed}
