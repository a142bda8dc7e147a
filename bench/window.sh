#!/usr/bin/env bash
# window.sh [start|idle]: how long the window takes to be there, and what it takes of the processor when
# nobody does anything; on a display of its own, drawn by the processor. Needs Xvfb and xdotool.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-start}
work=$(mktemp -d)
export HOME=${work} CLARA_HOME=${work}/data XDG_RUNTIME_DIR=${work} LIBGL_ALWAYS_SOFTWARE=1 DISPLAY=:${CLARA_DISPLAY:-83}
mkdir -p "${work}/.cache" "${CLARA_HOME}"
log=${CLARA_HOME}/clara.log
Xvfb "${DISPLAY}" -screen 0 1400x900x24 2>/dev/null &
display=$!
clara=
stop() {
	[ -z "${clara}" ] || { kill "${clara}" 2>/dev/null && wait "${clara}" || true; }
	clara=
}
trap 'stop; kill ${display}; rm -rf "${work}"' EXIT
sleep 2

# start: the program, until its first frame, which takes keys; then until the model answers.
start() {
	: >"${log}"
	local began drawn ready
	began=$(date +%s%3N)
	bin/clara 2>/dev/null &
	clara=$!
	drawn=$(awaited 'window drawn')
	ready=$(awaited 'model opened')
	echo "$1: window after $((drawn - began)) ms, model after $((ready - began)) ms"
}

# awaited MESSAGE: when the log said it, in milliseconds.
awaited() {
	local line
	for _ in $(seq 2400); do
		line=$(grep -F "msg=\"$1\"" "${log}" | head -n 1) || true
		if [ "${line}" ]; then
			date -d "$(sed 's/^time=\([^ ]*\).*/\1/' <<<"${line}")" +%s%3N
			return
		fi
		sleep 0.05
	done
	echo "window.sh: no \"$1\" within two minutes" >&2
	return 1
}

# used: nanoseconds of processor time of all threads so far.
used() { cat "/proc/${clara}"/task/*/schedstat | awk '{ n += $1 } END { printf "%.0f", n }'; }

# idle NAME: the share of a core within a minute.
idle() {
	local before after
	before=$(used)
	sleep 60
	after=$(used)
	awk -v n="$((after - before))" -v what="$1" 'BEGIN { printf "%s: %.2f %% of a core\n", what, n / 6e8 }'
}

case ${what} in
start)
	start "first start, empty data folder"
	stop
	for _ in 1 2 3; do
		start "again"
		stop
	done
	;;
idle)
	mkdir -p "${work}/.config/fyne/org.clara.desktop"
	echo '{"window.welcomed":true}' >"${work}/.config/fyne/org.clara.desktop/preferences.json"
	start "start"
	sleep 5
	xdotool search --name CLARA windowfocus
	xdotool mousemove 760 700 click 1
	sleep 1
	xdotool mousemove 1390 890
	sleep 15 # the cursor comes to stand
	idle "cursor in the composer"
	xdotool key ctrl+2
	sleep 5
	idle "another place"
	xdotool key ctrl+1 type 'What is the capital of France?'
	xdotool key Return
	sleep 30
	idle "after an answer"
	sed -i 's/^enabled = true/enabled = false/' "${CLARA_HOME}/continuous.toml"
	sleep 10
	idle "learning paused"
	;;
*)
	echo "window.sh: start or idle, not ${what}" >&2
	exit 2
	;;
esac
