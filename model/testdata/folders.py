"""Writes the model folders of this directory and tokenizers.json: tiny random models with what transformers computes
with them, and the tokenizers of the known kinds with the ids of awkward texts. The same versions give the same
files. Run it in this folder with transformers 5.23, tokenizers 0.23 and torch installed."""

import json
import random
import shutil
from pathlib import Path

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

TEXT = [
    "the theory then there other than them", "hello world, hello words", "in the end the rain is in the train",
    "Straße größer über für die Prüfung", "def f(x):\n\treturn x", "123 1234 12345", "don't can't we'll they're",
]
PARTS = [
    "a", "Z", "ä", "é", "ß", "日", "本", "0", "7", "٣", "½", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\u00a0", ".",
    "-", "$", "🤔", "\u0301", "e\u0301", "_", "'", "'s", "'re", "'LL", "the", " The", " then", "hello", "<", "<end>", "<bos>", "\x00",
    "<0x0A>", "123456", "\u2003", "👩‍👩‍👧", "한국", " )", "//", "def f(x):\n\treturn", "<tool>",
]
CHAT = "{{ bos_token }}{% for m in messages %}<start>{{ m['role'] }}\n{{ m['content'] }}<end>\n{% endfor %}{% if add_generation_prompt %}<start>assistant\n{% endif %}"
GPT2 = ["<|endoftext|>", "<start>", "<end>"]
QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


def byte_level(pre, merges=50, normalizer=None, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre, decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(TEXT, trainers.BpeTrainer(
        vocab_size=256 + 3 + merges, special_tokens=GPT2, initial_alphabet=alphabet, show_progress=False))
    tokenizer.add_tokens([AddedToken("<tool>", special=False, normalized=False)])
    return tokenizer


BLANKS = ["▁" * n for n in range(2, 6)]


def all_merges(vocab, pieces, added):
    """The rules that transformers' converters make of a SentencePiece model: every split of every piece into two. Pieces
    that a model's makers added have the score of the first."""
    rules = []
    for rank, piece in [(0, p) for p in added] + list(enumerate(pieces)):
        local = [(piece[:i], piece[i:]) for i in range(1, len(piece)) if piece[:i] in vocab and piece[i:] in vocab]
        rules += [(l, r, -rank) for l, r in sorted(local, key=lambda s: (vocab[s[0]], vocab[s[1]]))]
    rules.sort(key=lambda rule: (rule[2], len(rule[0]), len(rule[1])), reverse=True)
    return [(l, r) for l, r, _ in rules]


def sentence_piece(normalizer, pre=None, whole=True, merges=60):
    """Byte fallback and blanks for spaces, as Gemma and Llama 2 have them."""
    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.Replace(" ", "▁")
    learner.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=45 + merges, show_progress=False))
    learnt = json.loads(learner.to_str())["model"]
    pieces = sorted(learnt["vocab"], key=learnt["vocab"].get)
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<start>", "<end>"]
    tokens = specials + [f"<0x{b:02X}>" for b in range(256)] + ["\n\n"] + BLANKS + [p for p in pieces if p not in BLANKS]
    vocab = {t: i for i, t in enumerate(tokens)}
    long = [p for p in pieces if len(p) > 1 and p not in BLANKS] + ["\n\n"]
    rules = (all_merges(vocab, long, BLANKS) if pre else all_merges(vocab, BLANKS + long, [])) if whole else [("▁", "▁")] + [tuple(m) for m in learnt["merges"]]
    tokenizer = Tokenizer(models.BPE(vocab, rules, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizer
    if pre:
        tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in specials])
    if pre:
        tokenizer.add_tokens([AddedToken(t, normalized=False, special=False) for t in ["\n\n"] + BLANKS])
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    return tokenizer


def texts():
    chance = random.Random(1)
    return ["", " ", "\n", "hello world", " the theory", "Straße 12345", "<start>user\nhello<end>\n", "a▁b▁▁"] + [
        "in" + " " * n + "the" for n in range(1, 16)] + [
        "".join(chance.choices(PARTS, k=chance.randint(1, 10))) for _ in range(70)]


def golden_ids(tokenizer):
    return [tokenizer.encode(text).ids for text in texts()]


def write_json(path, value):
    text = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in value.items())
    Path(path).write_text("{\n" + text + "\n}\n", encoding="utf-8")


def tokenizers():
    blanks = normalizers.Replace(" ", "▁")
    split = pre_tokenizers.Split(" ", "merged_with_previous")
    llama3 = byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), ignore_merges=True)
    llama3.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)])])
    all_kinds = {
        "gpt-2": byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False)),
        "smollm": byte_level(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])),
        "qwen2": byte_level(pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(QWEN2), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), normalizer=normalizers.NFC()),
        "llama-bpe": llama3,
        "gemma": sentence_piece(blanks, split),
        "gemma, rules that no scores express": sentence_piece(blanks, split, whole=False),
        "llama 2": sentence_piece(normalizers.Sequence([normalizers.Prepend("▁"), blanks])),
    }
    write_json("tokenizers.json", {"texts": texts()} | {
        name: {"tokenizer": json.loads(t.to_str()), "ids": golden_ids(t)} for name, t in all_kinds.items()})
    return all_kinds


def folder(name, model, tokenizer, **special):
    shutil.rmtree(name, ignore_errors=True)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=CHAT, **special)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for key, p in sorted(model.named_parameters()):
            scale = 0.15 if "norm" in key else 1.2 / p.shape[-1] ** 0.5
            shift = 1 if "norm" in key and "gemma" not in name else 0
            p.copy_(torch.randn(p.shape, generator=generator) * scale + shift)
    model = model.to(torch.bfloat16).eval()
    model.save_pretrained(name, max_shard_size="48KB" if name == "llama" else "1GB")
    wrapped.save_pretrained(name)
    chat = [{"role": "user", "content": "hello world, 12 words"}, {"role": "assistant", "content": "in the end"}, {"role": "user", "content": "Straße 日"}]
    rendered = wrapped.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    ids = wrapped.apply_chat_template(chat, tokenize=True, add_generation_prompt=True, return_dict=False)
    model = type(model).from_pretrained(name, dtype=torch.float32).eval()  # .to() would have rounded RoPE's frequencies
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
    places = [0, 5, len(ids) // 2, len(ids) - 1]
    logp = torch.log_softmax(logits.double(), -1)
    write_json(f"{name}/golden.json", {
        "messages": chat, "rendered": rendered, "ids": ids, "best": logits.argmax(-1).tolist(), "places": places,
        "logprobs": [[round(x, 5) for x in logp[i].tolist()] for i in places]})


def main():
    kinds = tokenizers()
    size = kinds["smollm"].get_vocab_size()
    llama = LlamaConfig(
        vocab_size=size + 2, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=256, rms_norm_eps=1e-5, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2, pad_token_id=0,
        rope_parameters={"rope_type": "llama3", "rope_theta": 500.0, "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 64})
    folder("llama", LlamaForCausalLM(llama), kinds["smollm"], bos_token="<start>", eos_token="<end>", unk_token="<|endoftext|>")
    gemma = Gemma3TextConfig(
        vocab_size=kinds["gemma"].get_vocab_size(), hidden_size=32, intermediate_size=32, num_hidden_layers=6, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, query_pre_attn_scalar=16, max_position_embeddings=256, sliding_window=8,
        bos_token_id=2, eos_token_id=[1, 5], pad_token_id=0)
    folder("gemma3", Gemma3ForCausalLM(gemma), kinds["gemma"], bos_token="<bos>", eos_token="<eos>", unk_token="<unk>", pad_token="<pad>")


if __name__ == "__main__":
    main()
