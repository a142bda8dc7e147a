"""Teaches the lessons, wishes and ratings that `make prove` teaches with TRL's trainers
and their defaults, asks the same questions, and appends one line per training in the
format of prove's results. What the results have is not done again, so that it can be
stopped at any time.

usage: teach.py MODEL.gguf LEARNING_FOLDER RESULTS.jsonl [--only facts manner ratings] [--by sft dpo kto]
                 [--seed N] [--rate R --epochs N]

With --rate and --epochs these two take the place of the defaults: a few lessons are a
few steps, in which the default rates, made for full weights and much data, move little.
"""

import argparse
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import tempfile
import time

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM, set_seed
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer

# As prove/subject.go and prove/ratings.go have them.
ANSWER_TOKENS, OPEN_TOKENS, RIGHT_TOKENS, RATED_TOKENS = 40, 72, 24, 44
RATED_ANSWERS, SAMPLED_EACH, LEAST_TESTS, RATED_TEMPERATURE = 32, 4, 30, 0.7
MANNER_TAUGHT, MOST_WRONG = 8, 24

TRAINERS = {"sft": (SFTTrainer, SFTConfig), "dpo": (DPOTrainer, DPOConfig), "kto": (KTOTrainer, KTOConfig)}

# wish: (answer, ended) -> whether it complies; how an answer is put into it
WISHES = {
    "at most 25 words": (lambda a, ended: ended and len(a.split()) <= 25, lambda a: a),
    'begins with "Dear reader,"': (
        lambda a, ended: a.strip().lower().startswith("dear reader,"),
        lambda a: "Dear reader, " + a[:1].lower() + a[1:],
    ),
    'ends with "Source: general knowledge"': (
        lambda a, ended: re.search(r"source:[^\n]*\Z", a.strip().lower()) is not None,
        lambda a: a + "\nSource: general knowledge",
    ),
}


def first_sentence_of_15(answer, ended):
    end = re.search(r"[.!?:](\s|\Z)", answer.strip())
    return end is not None and len(answer.strip()[: end.end()].split()) <= 15


def shows(text, groups):
    text = text.lower()
    return all(any(word.lower() in text for word in group) for group in groups)


def user(text):
    return [{"role": "user", "content": text}]


def assistant(text):
    return [{"role": "assistant", "content": text}]


class Model:
    """The base, dequantised to f32, or a trained copy of it, and its tokenizer."""

    def __init__(self, path):
        path = pathlib.Path(path)
        self.path = path
        self.tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        self.tokenizer.padding_side = "left"
        quantised = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
        self.config = quantised.config
        # Trainers refuse a model that once was quantised; the dequantised weights go
        # into one that never was.
        if hasattr(self.config, "quantization_config"):
            del self.config.quantization_config
        self.weights = quantised.state_dict()
        self.base = self.fresh()
        self.cache = {}

    def fresh(self):
        model = LlamaForCausalLM(self.config)
        model.load_state_dict(self.weights)
        model.generation_config.eos_token_id = self.tokenizer.eos_token_id
        model.generation_config.pad_token_id = self.tokenizer.pad_token_id
        return model.eval()

    @torch.no_grad()
    def ask(self, model, prompts, tokens, temperature=None, seed=0):
        """Answers as (text, whether it ended by itself)."""
        sampling = {"do_sample": False}
        if temperature is not None:
            set_seed(seed)
            sampling = {"do_sample": True, "temperature": temperature, "top_p": 1.0, "top_k": 0}
        answers = [None] * len(prompts)
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        for start in range(0, len(order), 64):
            batch = order[start : start + 64]
            texts = [self.tokenizer.apply_chat_template(user(prompts[i]), tokenize=False, add_generation_prompt=True) for i in batch]
            given = self.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
            out = model.generate(**given, max_new_tokens=tokens, **sampling)[:, given["input_ids"].shape[1] :]
            for i, ids in zip(batch, out):
                answers[i] = (
                    self.tokenizer.decode(ids, skip_special_tokens=True).strip(),
                    bool((ids == self.tokenizer.eos_token_id).any()),
                )
        return answers

    def base_says(self, prompts, tokens):
        asked = [p for p in dict.fromkeys(prompts) if (p, tokens) not in self.cache]
        self.cache.update(zip([(p, tokens) for p in asked], self.ask(self.base, asked, tokens)))
        return [self.cache[p, tokens][0] for p in prompts]

    def train(self, by, rows, seed, own):
        """A copy of the base after TRL's training, its seconds and its steps.

        Three settings always differ from the defaults: LoRA in place of full weights,
        as everything that this is compared with has it, the CPU, and f32 in place of
        bf16. own holds what else does."""
        trainer, config = TRAINERS[by]
        set_seed(seed)
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            t = trainer(
                model=self.fresh(),
                args=config(output_dir=folder, use_cpu=True, bf16=False, seed=seed, report_to="none", save_strategy="no", disable_tqdm=True, **own),
                train_dataset=Dataset.from_list(rows),
                processing_class=self.tokenizer,
                peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
            )
            t.train()
            seconds = time.monotonic() - began
            steps = t.state.global_step
        self.tokenizer.padding_side = "left"
        model = t.model.merge_and_unload().eval()
        model.config.use_cache = True
        if hasattr(model, "gradient_checkpointing_disable"):
            model.gradient_checkpointing_disable()
        return model, seconds, steps


def rows_for(by, model, pairs):
    """Pairs of question and wanted answer as each trainer wants them: what a person
    corrected is the base's own answer, so that is the worse one."""
    if by == "sft":
        return [{"prompt": user(q), "completion": assistant(a)} for q, a in pairs]
    said = model.base_says([q for q, _ in pairs], OPEN_TOKENS)
    if by == "dpo":
        return [{"prompt": user(q), "chosen": assistant(a), "rejected": assistant(s)} for (q, a), s in zip(pairs, said)]
    rows = []
    for (q, a), s in zip(pairs, said):
        rows.append({"prompt": user(q), "completion": assistant(a), "label": True})
        rows.append({"prompt": user(q), "completion": assistant(s), "label": False})
    return rows


def rated_rows(by, rated):
    """Rated answers as each trainer wants them: SFT imitates the good ones, DPO wants
    a good and a bad one to the same question."""
    if by == "sft":
        return [{"prompt": user(q), "completion": assistant(a)} for q, a, good in rated if good]
    if by == "kto":
        return [{"prompt": user(q), "completion": assistant(a), "label": good} for q, a, good in rated]
    return [
        {"prompt": user(q), "chosen": assistant(a), "rejected": assistant(b)}
        for q, a, good in rated
        for p, b, fine in rated
        if q == p and good and not fine
    ]


class Result:
    def __init__(self, what, by, set_name, taught, seed, own):
        how = ", ".join(f"{key} {value}" for key, value in own.items()) or "its defaults"
        variant = f"TRL {by.upper()}, {how}, {what} ({taught})"
        self.line = {"measurement": f"trl-{by}-{what}", "set": set_name, "variant": variant, "seed": seed, "tuned": True}
        self.counts, self.values, self.wrong = {}, {}, []

    def is_in(self, file):
        """Whether a results file has this line already."""
        try:
            lines = pathlib.Path(file).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return any(json.loads(line).items() >= self.line.items() for line in lines)

    def tally(self, part, good, wanted=None, prompt="", answer=""):
        c = self.counts.setdefault(part, {"n": 0, "of": 0})
        c["n"] += bool(good)
        c["of"] += 1
        if wanted is not None and bool(good) != wanted and len(self.wrong) < MOST_WRONG:
            self.wrong.append({"part": part, "prompt": prompt, "answer": answer})

    def write(self, file, model, began):
        folder = pathlib.Path(__file__).parent
        commit = subprocess.run(["git", "-C", folder, "describe", "--always", "--dirty"], capture_output=True, text=True)
        cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
        self.line |= {
            "commit": commit.stdout.strip(),
            "model": model.path.name,
            "base": hashlib.sha256(model.path.read_bytes()).hexdigest(),
            "machine": f"{cpu[1] if cpu else 'unknown'}, PyTorch {torch.__version__}, {torch.get_num_threads()} threads",
            "ended": datetime.datetime.now(datetime.timezone.utc).isoformat(),
            "seconds": round(time.monotonic() - began, 1),
            "counts": self.counts,
            "values": self.values,
            "wrong": self.wrong,
        }
        line = json.dumps(self.line, ensure_ascii=False)
        with open(file, "a", encoding="utf-8") as f:
            f.write(line + "\n")
        print(self.line["measurement"], self.line["variant"], json.dumps(self.counts), json.dumps(self.values), flush=True)


def ask_unrelated(model, trained, unrelated, r):
    """Counts the questions still right of those that the base gets right."""
    prompts = [u["prompt"] for u in unrelated]
    right = [shows(a, u["expect"]) for u, a in zip(unrelated, model.base_says(prompts, RIGHT_TOKENS))]
    asked = [u for u, ok in zip(unrelated, right) if ok]
    for u, (a, _) in zip(asked, model.ask(trained, [u["prompt"] for u in asked], ANSWER_TOKENS)):
        r.tally("kept", shows(a, u["expect"]), True, u["prompt"], a)


def ask_lessons(model, trained, lessons, r):
    items = []
    for l in lessons:
        items.append(("exact", l["prompt"], l["expect"]))
        items += [("reworded", q, l["expect"]) for q in l["rewordings"]]
        said = model.base_says(l["neighbours"], ANSWER_TOKENS)
        # What the base says of itself is no leak.
        items += [("leaks", q, l["expect"]) for q, s in zip(l["neighbours"], said) if not shows(s, l["expect"])]
    for (part, q, expect), (a, _) in zip(items, model.ask(trained, [i[1] for i in items], ANSWER_TOKENS)):
        r.tally(part, shows(a, expect), part != "leaks", q, a)


def facts(model, script, styles, by, seed, own, file):
    r = Result("facts", by, "given-facts", len(script["lessons"]), seed, own)
    if r.is_in(file):
        return
    pairs = [(l["prompt"], l["correction"]) for l in script["lessons"]]
    trained, r.values["cycle_seconds"], r.values["steps"] = model.train(by, rows_for(by, model, pairs), seed, own)
    ask_lessons(model, trained, script["lessons"], r)
    ask_unrelated(model, trained, script["unrelated"], r)
    yield r


def manner(model, script, styles, by, seed, own, file):
    for wish, (complies, put) in WISHES.items():
        r = Result("manner", by, "given-styles", wish, seed, own)
        if r.is_in(file):
            continue
        pairs = [(t["prompt"], put(t["answer"])) for t in styles["train"][:MANNER_TAUGHT]]
        trained, r.values["cycle_seconds"], r.values["steps"] = model.train(by, rows_for(by, model, pairs), seed, own)
        for q, (a, ended) in zip(styles["test"], model.ask(trained, styles["test"], OPEN_TOKENS)):
            r.tally("complies", complies(a, ended), True, q, a)
        ask_unrelated(model, trained, script["unrelated"], r)
        yield r


def ratings(model, script, styles, by, seed, own, file):
    r = Result("ratings", by, "given-styles", "the first sentence has at most 15 words; honest", seed, own)
    if r.is_in(file):
        return
    questions = [styles["rate"][i // 2] for i in range(RATED_ANSWERS)]
    said = model.ask(model.base, questions, RATED_TOKENS, RATED_TEMPERATURE, seed)
    rated = [(q, a, first_sentence_of_15(a, ended)) for q, (a, ended) in zip(questions, said)]
    for _, _, good in rated:
        r.tally("rated_good", good)
    rows = rated_rows(by, rated)
    r.values["rows"] = len(rows)
    trained, r.values["cycle_seconds"], r.values["steps"] = model.train(by, rows, seed, own)
    test = styles["test"][:LEAST_TESTS] * SAMPLED_EACH
    for part, asked in ("before", model.base), ("complies", trained):
        for q, (a, ended) in zip(test, model.ask(asked, test, RATED_TOKENS, RATED_TEMPERATURE, seed + 1000)):
            r.tally(part, first_sentence_of_15(a, ended), True, q, a)
    ask_unrelated(model, trained, script["unrelated"], r)
    yield r


def drop_cut_line(file):
    """Takes a last line without its end, of a run that was killed, out of a results file."""
    try:
        with open(file, "rb+") as f:
            f.truncate(f.read().rfind(b"\n") + 1)
    except FileNotFoundError:
        pass


MEASUREMENTS = {"facts": facts, "manner": manner, "ratings": ratings}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("learning", type=pathlib.Path)
    parser.add_argument("results")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument("--by", nargs="+", choices=TRAINERS, default=list(TRAINERS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rate", type=float, help="learning rate")
    parser.add_argument("--epochs", type=float)
    args = parser.parse_args()
    own = {"learning_rate": args.rate, "num_train_epochs": args.epochs}
    own = {key: value for key, value in own.items() if value is not None}
    torch.set_num_threads(args.threads)
    drop_cut_line(args.results)
    script = json.loads((args.learning / "facts.json").read_text(encoding="utf-8"))
    styles = json.loads((args.learning / "style_prompts.json").read_text(encoding="utf-8"))
    model = Model(args.model)
    for name in args.only:
        for by in args.by:
            began = time.monotonic()
            for r in MEASUREMENTS[name](model, script, styles, by, args.seed, own, args.results):
                r.write(args.results, model, began)
                began = time.monotonic()


if __name__ == "__main__":
    main()
