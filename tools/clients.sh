#!/usr/bin/env bash
# Programs of others against `clara serve`: OpenAI's client for Python, and schemathesis,
# which sends what the description of the interface allows, and what it does not.
# usage: clients.sh CLARA MODEL
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
clara=$1 model=$2
venv=${here}/../.tools/clients
wanted=(openai==3.57.0 schemathesis==4.32.5)
if [ "$(cat "${venv}/complete" 2>/dev/null)" != "${wanted[*]}" ]; then
	"${here}/deps.sh" python3-venv
	python3 -m venv "${venv}"
	"${venv}/bin/pip" install --quiet --disable-pip-version-check "${wanted[@]}"
	echo "${wanted[*]}" >"${venv}/complete"
fi

home=$(mktemp -d)
server=
trap '[ -z "${server}" ] || { kill "${server}" && wait "${server}"; }; rm -rf "${home}"' EXIT

# serve starts the server and sets url.
serve() {
	: >"${home}/ready"
	"${clara}" serve --home "${home}" --model "${model}" --addr 127.0.0.1:0 --rate 100000 --json >"${home}/ready" 2>"${home}/errors" &
	server=$!
	for _ in $(seq 300); do
		[ ! -s "${home}/ready" ] || break
		kill -0 "${server}" 2>/dev/null || { cat "${home}/errors"; exit 1; }
		sleep 0.2
	done
	url=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["url"])' <"${home}/ready")
}

serve
"${venv}/bin/python" "${here}/openai_client.py" "${url}"

# Without training, and with short answers: what is looked at is the interface.
kill "${server}" && wait "${server}"
sed -e 's/^enabled = .*/enabled = false/' -e 's/^max_tokens = .*/max_tokens = 4/' "${here}/../configs/continuous.toml" >"${home}/continuous.toml"
serve
"${venv}/bin/schemathesis" --config-file "${here}/schemathesis.toml" run "${url}/openapi.json" --phases coverage,fuzzing \
	--max-examples 20 --seed 1 --continue-on-failure --max-time 60 --warnings off --no-color
