#!/usr/bin/env bash
# window.sh [start|idle|memory]: how long the window takes to be there, what it takes of the processor when
# nobody does anything, and how much memory it has after 1,000 answers; on a display of its own, drawn by
# the processor. Needs Xvfb and xdotool.
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
trap 'stop; kill ${display} 2>/dev/null || true; rm -rf "${work}"' EXIT
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

# prefer passes the welcome by.
prefer() {
	mkdir -p "${work}/.config/fyne/org.clara.desktop"
	echo '{"window.welcomed":true}' >"${work}/.config/fyne/org.clara.desktop/preferences.json"
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
	prefer
	start "start"
	sleep 90 # a new data folder is looked through, and engines are tried
	xdotool search --name CLARA windowfocus
	xdotool mousemove 760 700 click 1
	sleep 1
	xdotool mousemove 1390 890
	sleep 15 # the cursor comes to stand
	idle "cursor in the composer"
	xdotool key ctrl+2
	sleep 15
	idle "another place"
	xdotool key ctrl+1 type 'What is the capital of France?'
	xdotool key Return
	sleep 30
	idle "after an answer"
	sed -i 's/^enabled = true/enabled = false/' "${CLARA_HOME}/continuous.toml"
	sleep 10
	idle "learning paused"
	;;
memory)
	prefer
	sed 's/^max_tokens = .*/max_tokens = 16/; s/^enabled = true/enabled = false/' configs/continuous.toml >"${CLARA_HOME}/continuous.toml"
	start "start"
	sleep 5
	xdotool search --name CLARA windowfocus
	for i in $(seq 1000); do
		if [ $((i % 10)) = 1 ]; then
			xdotool key ctrl+n
			sleep 0.3
		fi
		xdotool type --delay 2 "Say the number ${i}."
		xdotool key Return
		sleep 0.6
		if [ $((i % 100)) = 0 ]; then
			sleep 20 # what is not shown any more is let go of
			awk -v n="${i}" '/^Vm(RSS)|^RssAnon/ { printf "%s questions: %s %.0f MiB\n", n, $1, $2 / 1024 }' "/proc/${clara}/status"
		fi
	done
	python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("select count(*) from messages where role = ?", ("assistant",)).fetchone()[0], "answers")' "${CLARA_HOME}/clara.db"
	;;
*)
	echo "window.sh: start, idle or memory, not ${what}" >&2
	exit 2
	;;
esac
