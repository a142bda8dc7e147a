#!/usr/bin/env bash
# window.sh [start|idle|memory|frames]: how long the window takes to be there, what it takes of the processor
# when nobody does anything, how much memory it has after 1,000 answers, and the time between frames with
# 10,000 messages while an answer streams and a cycle trains; on a display of its own, drawn by the processor.
# Needs Xvfb and xdotool; frames needs perf and root besides.
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

# frames NAME SECONDS: the time between two frames, as the window hands them to the display.
frames() {
	local exe
	exe=$(readlink -f /usr/lib/x86_64-linux-gnu/libGLX.so.0)
	perf probe -q -x "${exe}" glXSwapBuffers 2>/dev/null || true
	perf record -q -e probe_libGLX:glXSwapBuffers -p "${clara}" -o "${work}/frames" -- sleep "$2" >/dev/null 2>&1
	perf script -i "${work}/frames" -F time 2>/dev/null | tr -d ': ' | python3 -c '
import sys
at = [float(x) for x in sys.stdin if x.strip()]
gaps = sorted(1e3 * (b - a) for a, b in zip(at, at[1:]))
print(f"{sys.argv[1]}: {len(at)} frames in {sys.argv[2]} s", end="")
print(f", apart by {gaps[len(gaps) // 2]:.0f} ms (median), {gaps[len(gaps) * 95 // 100]:.0f} (95th percentile), {gaps[-1]:.0f} (longest)" if gaps else "")
' "$1" "$2"
}

# urgent gives what draws a real-time priority, where other programs wait for the processor.
urgent() {
	local thread
	for thread in "/proc/${clara}"/task/*; do
		case $(cat "${thread}/comm") in
		llvmpipe*) chrt -f -p 1 "${thread##*/}" ;;
		esac
	done
	chrt -f -p 1 "${clara}" # the main thread, which is the window's
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
frames)
	prefer
	sed 's/^max_tokens = .*/max_tokens = 2000/; s/^enabled = true/enabled = false/' configs/continuous.toml >"${CLARA_HOME}/continuous.toml"
	bin/clara chat --once 'Hello' --max-tokens 8 >/dev/null
	for i in $(seq 12); do
		bin/clara feedback add --kind manner --prompt "What is thing number ${i}?" --answer 'It is one of many things.' --better "Well asked: it is the thing that comes after number $((i - 1))." >/dev/null
	done
	python3 - "${CLARA_HOME}/clara.db" <<-'END'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		user, now = db.execute("select user, created from conversations").fetchone()
		talk = db.execute("insert into conversations(user, title, created, updated) values(?, 'Years', ?, ?)", (user, now + 1, now + 1)).lastrowid
		answer = "Within **one month** after it was made known, in writing or in person. " * 6 + "\n\n- first\n- second"
		before = None
		for i in range(10000):
		    role, text, end, tokens = ("assistant", answer, "end", 60) if i % 2 else ("user", f"Question {i} about a notice?", "", 0)
		    before = db.execute("insert into messages(user, conversation, parent, shown, role, text, created, finish, tokens, seconds) values(?, ?, ?, 0, ?, ?, ?, ?, ?, 1.0)",
		        (user, talk, before, role, text, now + 1, end, tokens)).lastrowid
		db.commit()
	END
	start "start"
	sleep 5
	[ -z "${CLARA_URGENT:-}" ] || urgent
	xdotool search --name CLARA windowfocus
	xdotool mousemove 120 300 click 1
	sleep 5
	sed -i 's/^enabled = false/enabled = true/' "${CLARA_HOME}/continuous.toml"
	for _ in $(seq 1200); do
		! grep -q 'msg=phase.* to=running' "${log}" || break
		sleep 0.5
	done
	xdotool mousemove 760 700 click 1
	xdotool type 'Write a very long story about a lighthouse, with many chapters.'
	xdotool key Return
	sleep 3
	frames "streaming and training" 20
	xdotool mousemove 760 400
	(while sleep 0.01; do xdotool click 4; done) &
	wheel=$!
	sleep 1
	frames "scrolling up meanwhile" 10
	kill "${wheel}"
	grep 'msg=phase' "${log}" | tail -n 3 # running, unless the cycle has ended
	;;
*)
	echo "window.sh: start, idle, memory or frames, not ${what}" >&2
	exit 2
	;;
esac
