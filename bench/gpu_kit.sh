#!/usr/bin/env bash
# Makes bin/gpu-kit.tar.xz: what bench/gpu.sh needs beside the sources, on a machine that
# has no compilers, no network and none of a desktop's libraries. The model does not come
# along: it is as large as everything else, and only parity and the demo ask for it.
set -euo pipefail
cd "$(dirname "$0")/.."
kit=bin/gpu-kit
data=${CLARA_TESTDATA:-../shared/data}
rm -rf "${kit}"
mkdir -p "${kit}/lib" "${kit}/data/golden" "${kit}/data/models"
build=(-buildvcs=false -tags cuda -ldflags '-s -w')
go build "${build[@]}" -o "${kit}/clara" .
for engine in cuda shaders; do
	go test "${build[@]}" -c -o "${kit}/${engine}.test" "./${engine}"
done
# The C library is every machine's own, and so are the drivers behind GL and EGL.
egl=$(ldconfig -p | sed -n 's|.*libEGL\.so\.1 (.*x86-64.*=> ||p' | head -n 1)
for file in "${kit}/clara" ${egl}; do
	ldd "${file}" | sed -n 's|.* => \(/[^ ]*\) .*|\1|p'
done | grep -Ev '/(libc|libm|libdl|libpthread|librt)\.so' | sort -u | xargs cp -Lt "${kit}/lib"
[ -z "${egl}" ] || cp -L "${egl}" "${kit}/lib/libEGL.so.1"
for part in golden/smollm2 models/stories260K; do
	[ -d "${data}/${part}" ] && cp -r "${data}/${part}" "${kit}/data/${part%/*}/" || echo "${data}/${part} is missing: left out of the kit" >&2
done
tar -C bin -cJf bin/gpu-kit.tar.xz gpu-kit
ls -l bin/gpu-kit.tar.xz
