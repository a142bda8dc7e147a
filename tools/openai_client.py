"""Talks to `clara serve` with OpenAI's own client, unchanged: what it streams, counts and
raises has to be what programs written for it expect.

usage: openai_client.py URL
"""

import json
import sys
import urllib.request

import openai

url = sys.argv[1]
client = openai.OpenAI(base_url=url + "/v1", api_key="any", max_retries=0)


def call(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def raises(kind, param=None, code=None, **more):
    try:
        client.chat.completions.create(**{"model": "clara", "messages": question, **more})
    except kind as e:
        assert e.param == param, (e.param, param)
        assert code is None or e.code == code, (e.code, code)
        assert e.body["message"], e.body
        return
    raise AssertionError(f"{more} raised no {kind.__name__}")


models = client.models.list().data
assert len(models) == 1, models
assert client.models.retrieve(models[0].id) == models[0]

question = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is the capital of France?"}]
common = {"model": models[0].id, "messages": question, "temperature": 0, "max_tokens": 24}
client.chat.completions.create(**common)  # from here on the prompt is in the cache: its last token alone is computed
whole = client.chat.completions.create(**common)
assert whole.object == "chat.completion" and whole.model == models[0].id
assert whole.choices[0].message.role == "assistant" and whole.choices[0].message.content
assert whole.choices[0].finish_reason in ("stop", "length")
assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens

text, ids, finish, usage = "", set(), None, None
for chunk in client.chat.completions.create(**common, stream=True, stream_options={"include_usage": True}):
    ids.add(chunk.id)
    usage = chunk.usage or usage
    for choice in chunk.choices:
        text += choice.delta.content or ""
        finish = choice.finish_reason or finish
assert text == whole.choices[0].message.content, (text, whole)
assert len(ids) == 1 and finish == whole.choices[0].finish_reason and usage == whole.usage

with client.chat.completions.stream(**common) as stream:  # the client's own assembly of a stream
    final = stream.get_final_completion()
assert final.choices[0].message.content == text

client.completions.create(model="clara", prompt="Count to ten.", max_tokens=1)
said = client.completions.create(model="clara", prompt="Count to ten.", max_tokens=16, temperature=1, seed=3)
again = client.completions.create(model="clara", prompt="Count to ten.", max_tokens=16, temperature=1, seed=3)
assert said.object == "text_completion" and said.choices[0].text == again.choices[0].text
streamed = "".join(c.choices[0].text for c in client.completions.create(
    model="clara", prompt="Count to ten.", max_tokens=16, temperature=1, seed=3, stream=True))
assert streamed == said.choices[0].text

stopped = client.chat.completions.create(**{**common, "stop": text[8:12]})
assert stopped.choices[0].message.content == text[: text.index(text[8:12])], stopped
assert stopped.choices[0].finish_reason == "stop"

raises(openai.NotFoundError, "model", model="gpt-5")
raises(openai.BadRequestError, "temperature", temperature=7)
raises(openai.BadRequestError, "messages", messages=[])
raises(openai.BadRequestError, "n", n=3)
raises(openai.BadRequestError, "messages", "context_length_exceeded", messages=[{"role": "user", "content": "long " * 20000}])
raises(openai.BadRequestError, "made_up", extra_body={"made_up": 1})

before, held = (call("/stats")[part] for part in ("metrics", "buffer"))
assert call(f"/conversations/{ids.pop()}/rating", {"stars": 5}) == {"success": True}
rated = call("/stats")["buffer"]
assert rated["count"] == held["count"] + 1 and rated["avg_quality"] > held["avg_quality"], (held, rated)  # of the streamed answer
assert call(f"/conversations/{said.id}/corrections", {"better": "One, two, three, four, five.", "kind": "knowledge"}) == {"success": True}
after = call("/stats")["metrics"]
assert after["ratings"] == before["ratings"] + 1 and after["corrections"] == before["corrections"] + 1, (before, after)
taught = client.completions.create(model="clara", prompt="Count to ten.", max_tokens=24, temperature=0).choices[0].text
assert "three" in taught, taught
print(f"openai {openai.__version__}: {text!r}, then {taught!r}")
