#!/bin/sh
# Starts continuous learning with a prompt: `help` lists its commands, `quit` ends it.
# Arguments go to `clara learn`, as in: start_continuous_learning.sh --config FILE
here=$(dirname "$0")
for clara in "$here/clara" "$here/bin/clara"; do
	[ -f "$clara" ] && [ -x "$clara" ] && exec "$clara" learn --interactive "$@"
done
exec clara learn --interactive "$@"
