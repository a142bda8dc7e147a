#!/usr/bin/env python3
"""train_data.py FILE...: one step of TRL's own trainer on each exported file, as it is.

Each FILE is named NAME.jsonl for its format. The model is a tiny one of random weights, made here
from a configuration, with a tokenizer of bytes: what is checked is that TRL takes the file, not
what is learnt from it. Needs no network.
"""
import pathlib
import sys
import tempfile

import datasets
import tokenizers
import torch
import transformers
import trl

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TRAINERS = {
    "prompt-completion": (trl.SFTTrainer, trl.SFTConfig),
    "preference": (trl.DPOTrainer, trl.DPOConfig),
    "unpaired-preference": (trl.KTOTrainer, trl.KTOConfig),
}


def tokenizer_of_bytes():
    names = ["<pad>", "</s>", "<|system|>", "<|user|>", "<|assistant|>"]
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(names + alphabet)}
    inner = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = tokenizers.decoders.ByteLevel()
    inner.add_special_tokens(names)
    outer = transformers.PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token="</s>")
    outer.chat_template = TEMPLATE
    return outer


def make_model(folder):
    """Saves the model: DPO and KTO load it once more, to compare with."""
    tokenizer = tokenizer_of_bytes()
    torch.manual_seed(1)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=512,
        pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id, bos_token_id=None,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def train(file, model, out):
    data = datasets.load_dataset("json", data_files=str(file), split="train")
    kind, config = TRAINERS[file.stem]
    trainer = kind(
        model=model,
        args=config(
            output_dir=out, max_steps=1, per_device_train_batch_size=2, report_to=[], save_strategy="no",
            use_cpu=True, bf16=False, gradient_checkpointing=False, disable_tqdm=True, dataloader_drop_last=False,
        ),
        train_dataset=data,
    )
    kept = len(trainer.train_dataset)
    if kept != len(data):
        sys.exit(f"{file.name}: {kind.__name__} keeps {kept} of {len(data)} rows")
    loss = trainer.train().training_loss
    if not 0 < loss < 100:
        sys.exit(f"{file.name}: {kind.__name__} ends with the loss {loss}")
    print(f"{file.name}: {len(data)} rows, one step of {kind.__name__}, loss {loss:.3f}, TRL {trl.__version__}")


def main():
    transformers.utils.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        make_model(f"{folder}/model")
        for file in map(pathlib.Path, sys.argv[1:]):
            train(file, f"{folder}/model", f"{folder}/out")


main()
