#!/usr/bin/env bash
# install.sh [PREFIX]: puts bin/clara and the built-in model where a Linux desktop finds them: menu,
# icon, and double click on *.gguf. PREFIX is ~/.local if not given; /usr/local is for everybody.
# install.sh --remove [PREFIX] takes all of that away again; what CLARA learnt stays.
set -euo pipefail
cd "$(dirname "$0")/../.."
remove=
if [ "${1:-}" = --remove ]; then
	remove=1
	shift
fi
prefix=${1:-${HOME}/.local}
id=org.clara.desktop
share=${prefix}/share
files=(
	"${prefix}/lib/clara/clara"
	"${prefix}/lib/clara/models/SmolLM2-135M-Instruct.Q4_1.gguf" # the program looks beside itself
	"${prefix}/bin/clara"
	"${share}/applications/${id}.desktop"
	"${share}/mime/packages/${id}.xml"
	"${share}/icons/hicolor/scalable/apps/${id}.svg"
)
if [ "${remove}" ]; then
	rm -f "${files[@]}"
else
	install -D -m 755 bin/clara "${files[0]}"
	install -D -m 644 models/SmolLM2-135M-Instruct.Q4_1.gguf "${files[1]}"
	mkdir -p "${prefix}/bin"
	ln -sfn ../lib/clara/clara "${files[2]}"
	install -D -m 644 "packaging/linux/${id}.desktop" "${files[3]}"
	sed -i "s|@BIN@|${prefix}/bin|" "${files[3]}"
	install -D -m 644 "packaging/linux/${id}.xml" "${files[4]}"
	install -D -m 644 docs/icon.svg "${files[5]}"
fi
# Desktops without these tools look by themselves, at the next login.
for update in "update-desktop-database -q ${share}/applications" "update-mime-database ${share}/mime" "gtk-update-icon-cache -q -t -f ${share}/icons/hicolor"; do
	if command -v "${update%% *}" >/dev/null; then
		${update} || echo "install.sh: ${update%% *} failed; the menu may show CLARA only after the next login" >&2
	fi
done
