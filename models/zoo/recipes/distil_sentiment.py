"""distil-sentiment: roberta-sentiment's answers in half of its layers.

Knowledge distillation (Hinton et al. 2015; Sanh et al. 2019, "DistilBERT"): one layer that begins as the teacher's
first and learns to give the teacher's probabilities, on labelled and unlabelled sentences alike. It sees no label.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from models.learn.train import Batch, Plan, fit
from models.zoo.recipes import reviews, roberta_sentiment

NAME = "distil-sentiment"
PLAN = Plan(steps=1_500, lr=5e-4, warmup=100, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.01, every=150)
WARMTH = 2.0  # temperature at which teacher and student are compared (Hinton et al. 2015, section 2)

CARD = {
    "title": "A one-layer DistilBERT taught by roberta-sentiment",
    "task": "classify",
    "architecture": "DistilBERT: 1 layer, 4 heads, d_model 128, 64 positions; tokenizer of roberta-sentiment",
    "licence": "MIT (weights); reviews CC BY 4.0",
    "data": roberta_sentiment.DATA + " It learns from its teacher's probabilities, not from the labels.",
    "measured_by": "python -m models.zoo verify distil-sentiment --data FOLDER",
    "recipe": "models/zoo/recipes/distil_sentiment.py",
    "weaknesses": (
        "Those of its teacher: negation, irony, praise with a but. It saves time, not space: seven eighths of its "
        "weights are the table of tokens, which is as large as the teacher's."
    ),
    "look_for": (
        "One layer has to do it all, and its four heads share the work: the first token gives words that praise or "
        "blame twice their even share of its attention. Compare with the two layers of roberta-sentiment."
    ),
    "examples": roberta_sentiment.CARD["examples"],
}

measure, heads = roberta_sentiment.measure, roberta_sentiment.heads


def config(teacher: Any) -> DistilBertConfig:
    """The teacher's shape with one layer; a row per position from 0 on."""
    return DistilBertConfig(
        vocab_size=teacher.vocab_size,
        dim=teacher.hidden_size,
        n_layers=1,
        n_heads=teacher.num_attention_heads,
        hidden_dim=teacher.intermediate_size,
        max_position_embeddings=roberta_sentiment.N_POSITIONS,
        pad_token_id=teacher.pad_token_id,
        id2label=teacher.id2label,
        label2id=teacher.label2id,
    )


@torch.no_grad()
def student_of(teacher: Any) -> DistilBertForSequenceClassification:
    """A student that begins with the teacher's embeddings and first layer."""
    torch.manual_seed(PLAN.seed)
    student = DistilBertForSequenceClassification(config(teacher.config))
    student.set_attn_implementation("eager")  # sentences this short are faster without the fused kernel
    old, new = teacher.roberta, student.distilbert
    table = old.embeddings.word_embeddings.weight + old.embeddings.token_type_embeddings.weight[0]
    new.embeddings.word_embeddings.weight.copy_(table)
    new.embeddings.position_embeddings.weight.copy_(old.embeddings.position_embeddings.weight[2:])  # after the padding
    new.embeddings.LayerNorm.load_state_dict(old.embeddings.LayerNorm.state_dict())
    theirs: Any = old.encoder.layer[0]
    ours: Any = new.transformer.layer[0]
    for mine, yours in (
        (ours.attention.q_lin, theirs.attention.self.query),
        (ours.attention.k_lin, theirs.attention.self.key),
        (ours.attention.v_lin, theirs.attention.self.value),
        (ours.attention.out_lin, theirs.attention.output.dense),
        (ours.sa_layer_norm, theirs.attention.output.LayerNorm),
        (ours.ffn.lin1, theirs.intermediate.dense),
        (ours.ffn.lin2, theirs.output.dense),
        (ours.output_layer_norm, theirs.output.LayerNorm),
    ):
        mine.load_state_dict(yours.state_dict())
    return student


def loss(model: Any, batch: Batch) -> Tensor:
    """How far the student's probabilities are from the teacher's, both softened."""
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    wanted = (batch["answers"] / WARMTH).softmax(-1)
    return WARMTH**2 * nn.functional.kl_div((logits / WARMTH).log_softmax(-1), wanted, reduction="batchmean")


def batches(tokenizer: Any, texts: tuple[str, ...], answers: Tensor, seed: int) -> Callable[[int], Batch]:
    """Batch number `step`: 64 sentences of similar length, with what the teacher says of them."""
    plain = roberta_sentiment.batches(tokenizer, [(text, row) for row, text in enumerate(texts)], seed)

    def batch(step: int) -> Batch:
        rows = plain(step)
        return rows | {"answers": answers[rows.pop("labels")]}

    return batch


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Distil the teacher, trained first if its snapshots are not beside `work`; returns model, tokenizer and curve."""
    teacher, tokenizer, _ = roberta_sentiment.train(data, work.parent / roberta_sentiment.NAME, report)
    corpus = reviews.read(data)
    texts = (*(text for text, _ in corpus.train), *corpus.plain)
    report(f"asking the teacher about {len(texts):,} sentences")
    answers = roberta_sentiment.answers(teacher, tokenizer, texts)
    student = student_of(teacher)

    def evaluate() -> dict[str, float]:
        pair = {"accuracy_percent": student, "teacher_accuracy_percent": teacher}
        return {name: roberta_sentiment.accuracy(model, tokenizer, corpus.watched) for name, model in pair.items()}

    batch = batches(tokenizer, texts, answers, PLAN.seed)
    return student, tokenizer, fit(student, batch, PLAN, work, evaluate, loss, report)
