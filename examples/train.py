"""A tiny random model, trained a few steps on rewards that real tests give.

    python examples/train.py DATASET [--steps 16] [--tasks 4] [--loss grpo|tests] [--sandbox auto]
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence

import torch
from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer

from smith_lib.grade import Rewarder
from smith_lib.publish.reading import dataset_at
from smith_lib.settings import load
from smith_lib.training import loss
from smith_lib.types import Instance

SAMPLES = 8
"""Patches for each task and step."""
RATE = 0.02
Rewards = Callable[..., list[float]]


def main() -> None:
    """Train, and print the mean reward of each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--tasks", type=int, default=4)
    parser.add_argument("--loss", choices=("grpo", "tests"), default="grpo")
    parser.add_argument("--sandbox", choices=("auto", "docker", "namespaces"), default="auto")
    asked = parser.parse_args()
    rows = dataset_at(asked.dataset, "all").rows[: asked.tasks]
    rewarder = Rewarder(load(None, {"sandbox.kind": asked.sandbox, "workers": 2}), rows)
    torch.manual_seed(7)
    words = tokenizer(rows)
    model = tiny_model(words)
    train = by_grpo if asked.loss == "grpo" else by_tests
    try:
        means = train(model, words, rows, rewarder.function(), asked.steps)
    finally:
        rewarder.close()
    for step, mean in enumerate(means, 1):
        print(f"step {step}: mean reward {mean:.3f}")


def tokenizer(rows: Sequence[Instance]) -> PreTrainedTokenizerFast:
    """One whose words are the tasks' ids, which are the prompts, and their fixes, which are the answers."""
    known = ["<pad>", "<eos>", "<unk>", *(row.instance_id for row in rows), *{row.patch: 0 for row in rows}]
    made = Tokenizer(models.WordLevel({word: at for at, word in enumerate(known)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )


def tiny_model(words: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """Two layers with random weights."""
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=64, pad_token_id=words.pad_token_id,
        eos_token_id=words.eos_token_id, bos_token_id=None,
    )  # fmt: skip
    return LlamaForCausalLM(config)


def by_grpo(
    model: LlamaForCausalLM, words: PreTrainedTokenizerFast, rows: Sequence[Instance], rewards: Rewards,
    steps: int,
) -> list[float]:  # fmt: skip
    """The mean reward of each step with TRL's trainer."""
    with tempfile.TemporaryDirectory() as folder:
        trainer = GRPOTrainer(
            model=model,
            processing_class=words,
            reward_funcs=rewards,
            train_dataset=Dataset.from_list(
                [{"prompt": row.instance_id, "instance_id": row.instance_id} for row in rows] * steps
            ),
            args=GRPOConfig(
                output_dir=folder, max_steps=steps, per_device_train_batch_size=SAMPLES * len(rows),
                num_generations=SAMPLES, max_completion_length=1, learning_rate=RATE, logging_steps=1,
                lr_scheduler_type="constant", use_cpu=True, bf16=False, gradient_checkpointing=False,
                save_strategy="no", report_to="none", disable_tqdm=True, seed=7,
            ),
        )  # fmt: skip
        trainer.train()
    return [told["reward"] for told in trainer.state.log_history if "reward" in told]


def by_tests(
    model: LlamaForCausalLM, words: PreTrainedTokenizerFast, rows: Sequence[Instance], rewards: Rewards,
    steps: int,
) -> list[float]:  # fmt: skip
    """The mean reward of each step with the loss that the tests define."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    ids = [row.instance_id for row in rows for _ in range(SAMPLES)]
    prompts = words(ids, return_tensors="pt")["input_ids"]
    means = []
    for _ in range(steps):
        logs = model(prompts).logits[:, -1].log_softmax(-1)
        said = torch.distributions.Categorical(logits=logs.detach()).sample()
        answers = words.batch_decode(said.unsqueeze(1), skip_special_tokens=True)
        found = rewards(prompts=ids, completions=answers, instance_id=ids)
        optimizer.zero_grad()
        loss(logs.gather(1, said.unsqueeze(1)).squeeze(1), found).backward()
        optimizer.step()
        means.append(sum(found) / len(found))
    return means


if __name__ == "__main__":
    main()
