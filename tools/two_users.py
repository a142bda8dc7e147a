"""Two people teach one server opposite things: who leads a department, and how to address
the reader. Both manners are trained; then both ask at the same time, with OpenAI's client,
and each has to be answered as they taught, and never as the other did.

usage: two_users.py URL TOKEN TOKEN
"""

import concurrent.futures
import json
import sys
import time
import urllib.request

import openai

url = sys.argv[1]
question = "Who leads the planning department?"
bodies = {
    "What is a computer virus?": "a computer virus is a program that copies itself and does damage.",
    "Why do leaves change colour in autumn?": "leaves lose their green in autumn, and other colours show.",
    "How does a refrigerator work?": "a refrigerator pumps the heat out of its inside.",
    "What is inflation?": "inflation means that the same money buys less.",
    "What causes thunder?": "lightning heats the air, which expands with a bang.",
    "Why should I learn a foreign language?": "a language opens doors to people, work and travel.",
    "What is a budget?": "a budget is a plan of what comes in and what goes out.",
    "How do vaccines work?": "a vaccine shows the body a harmless part of a germ.",
}
unseen = ["What is a black hole?", "Why do cats purr?", "How does a microwave oven work?", "What causes earthquakes?"]


class User:
    def __init__(self, token, address, leader):
        self.address, self.leader, self.token = address, leader, token
        self.client = openai.OpenAI(base_url=url + "/v1", api_key=token, max_retries=0)

    def call(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + self.token}
        with urllib.request.urlopen(urllib.request.Request(url + path, data, headers, method=method)) as response:
            return json.load(response)

    def teach(self):
        self.call("/lessons", {"question": question, "answer": f"{self.leader} leads the planning department."})
        for asked, body in bodies.items():
            self.call("/lessons", {"question": asked, "answer": self.address + body, "kind": "manner"})
        self.call("/train", method="POST")

    def await_version(self):
        until = time.time() + 3600  # alone on two cores it is some minutes
        while not (state := self.call("/train"))["active_version"]:
            refused = [a["reason"] for a in self.call("/adapters")["adapters"] if a.get("state") == "refused"]
            assert not refused, refused
            assert time.time() < until, state
            time.sleep(1)

    def ask(self, text):
        chunks = self.client.chat.completions.create(
            model="clara", messages=[{"role": "user", "content": text}], temperature=0, max_tokens=40, stream=True)
        return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


users = [User(sys.argv[2], "Dear reader, ", "Maria Weber"), User(sys.argv[3], "Hey buddy, ", "Ahmed Yilmaz")]
began = time.time()
for user in users:
    user.teach()
for user in users:
    user.await_version()
trained = time.time() - began

for _ in range(2):
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        said = {(user, text): pool.submit(user.ask, text) for text in [question, *unseen] for user in users}
        said = {key: answer.result() for key, answer in said.items()}
    for user, other in (users, users[::-1]):
        answers = [said[user, text] for text in unseen]
        own = sum(a.startswith(user.address.strip()) for a in answers)
        assert own >= 3 and not any(other.address.strip() in a for a in answers), (user.address, answers)
        told = said[user, question].lower()  # behind an address the model may write a name small
        assert user.leader.lower() in told and other.leader.lower() not in told, (user.leader, told)
print(f"two users, trained in {trained:.0f} s: {said[users[0], unseen[0]]!r}, and {said[users[1], unseen[0]]!r}")
