"""From a model's scores to the token that is taken: each filter the library applies, with what it leaves."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessorList

from models.records import Filtered
from models.zoo.errors import InputError

SAID = {  # what the library calls its processors, in words; {} takes the setting's value
    "RepetitionPenaltyLogitsProcessor": "repetition penalty {penalty}",
    "TemperatureLogitsWarper": "temperature {temperature}",
    "TopKLogitsWarper": "top-k {top_k}",
    "TopPLogitsWarper": "top-p {top_p}",
    "MinPLogitsWarper": "min-p {min_p}",
    "NoRepeatNGramLogitsProcessor": "no repeated run of {ngram_size} tokens",
    "NoBadWordsLogitsProcessor": "tokens the model's settings forbid",
    "SuppressTokensLogitsProcessor": "tokens the model's settings forbid",
    "SuppressTokensAtBeginLogitsProcessor": "tokens the model's settings forbid at the beginning",
    "ForcedBOSTokenLogitsProcessor": "the first token the model's settings force",
    "ForcedEOSTokenLogitsProcessor": "the last token the model's settings force",
    "MinLengthLogitsProcessor": "the least length the model's settings ask for",
    "MinNewTokensLengthLogitsProcessor": "the least length the model's settings ask for",
}


@dataclass(frozen=True)
class Settings:
    """How the next token is taken. `temperature` 0 is greedy: the likeliest, whatever the filters; 0 turns top-k off.

    Raises InputError for what no filter could mean.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        checks = (
            (self.temperature >= 0, "The temperature is 0 (the likeliest token) or more", self.temperature),
            (self.top_k >= 0, "Top-k is a whole number from 0 (off)", self.top_k),
            (0 <= self.top_p <= 1, "Top-p is a share from 0 to 1", self.top_p),
            (0 <= self.min_p <= 1, "Min-p is a share from 0 to 1", self.min_p),
            (self.repetition_penalty > 0, "The repetition penalty is more than 0 (1 is off)", self.repetition_penalty),
            (0 <= self.seed < 2**63, "The seed is a whole number from 0", self.seed),
        )
        for good, rule, came in checks:
            if not good:  # NaN fails every one of them
                raise InputError(f"{rule}; {came} came.")

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is always taken."""
        return self.temperature == 0

    @property
    def remark(self) -> str:
        """What of these settings can change nothing, beside the others, in a sentence; "" if all of them can."""
        filters = ((self.top_k, 0, 1, "top-k"), (self.top_p, 1, 0, "top-p"), (self.min_p, 0, 1, "min-p"))
        on = [f"{name} {value:g}" for value, off, _, name in filters if value != off]
        alone = [f"{name} {value:g}" for value, _, one, name in filters if value == one]
        if self.greedy and on:
            return f"At temperature 0 the likeliest token is always taken: {' and '.join(on)} can change nothing."
        if alone:
            return (
                f"With {alone[0]} one token is left, so the likeliest is always taken: temperature, seed and the other "
                "filters can change nothing."
            )
        return ""


def processors(module: Any, settings: Settings, n_prompt: int) -> LogitsProcessorList:
    """What `generate` would apply with these settings, in its order, after what the model's own settings ask for."""
    return applied(
        module,
        n_prompt,
        do_sample=not settings.greedy,
        num_beams=1,
        temperature=float(settings.temperature or 1),  # the library takes no whole numbers
        top_k=settings.top_k,
        top_p=float(settings.top_p),
        min_p=float(settings.min_p) or None,
        repetition_penalty=float(settings.repetition_penalty),
        max_length=None,
        forced_eos_token_id=None,  # it belongs to a length that nobody has set
    )


def applied(module: Any, n_prompt: int, **options: Any) -> LogitsProcessorList:
    """The processors that `generate` would make of these options."""
    config = copy.deepcopy(module.generation_config)
    config.update(**options)
    device = module.device
    # the library makes the list in a method of its own; making it again here would be a second truth about its order
    module._prepare_special_tokens(config, kwargs_has_attention_mask=True, device=device)
    made: LogitsProcessorList = module._get_logits_processor(
        generation_config=config, input_ids_seq_length=n_prompt, device=device, model_kwargs={}
    )
    return made


def stages(logits: Tensor, ids: tuple[int, ...], processors: LogitsProcessorList) -> tuple[Filtered, ...]:
    """The distribution as the model gives it, and after each processor; `logits` [candidate], `ids` all so far."""
    scores = logits.detach().float().cpu()[None]
    found = [Filtered("the model", scores[0].softmax(-1).numpy())]
    before = torch.tensor([ids])
    for processor in processors:
        scores = processor(before, scores)
        found.append(Filtered(said(processor), scores[0].softmax(-1).numpy()))
    return tuple(found)


def said(processor: Any) -> str:
    """A processor in words, with its setting."""
    name = type(processor).__name__
    words = SAID.get(name, name)
    values = {key: f"{value:g}" if isinstance(value, float) else value for key, value in vars(processor).items()}
    return words.format(**values) if "{" in words else words


def take(last: Filtered, greedy: bool, random: torch.Generator) -> int:
    """The token that is taken: the likeliest, or one drawn as `torch.multinomial` draws for `generate`."""
    probabilities = torch.from_numpy(last.every.copy())
    return int(probabilities.argmax() if greedy else torch.multinomial(probabilities, 1, generator=random))
