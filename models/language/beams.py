"""Beam search a step at a time, as `generate` does it: what is kept, what is dropped, and what wins in the end.

Wu et al. 2016, section 7, is where the length penalty comes from; the rules here are those of transformers' own search,
so that text and scores are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from models import records
from models.language import filters
from models.language.generation import Generation
from models.records import Candidate
from models.zoo import text as texts
from models.zoo.errors import InputError

MOST_BEAMS, MOST_TOKENS = 8, 64
STOPS: dict[str, bool | str] = {  # how the library's setting is called, in words
    "when no beam is likely to do better": False,
    "when as many have finished as there are beams": True,
    "when no beam can do better": "never",
}


@dataclass(frozen=True)
class Search:
    """How beams are searched. Raises InputError for what no search could mean.

    `length_penalty`: scores are totals / tokens ** this; above 0 long texts gain, below 0 short ones do.
    `stop`: a key of STOPS. `most`: tokens that each text may have.
    """

    n_beams: int = 4
    length_penalty: float = 1.0
    stop: str = next(iter(STOPS))
    most: int = 24
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        checks = (
            (1 <= self.n_beams <= MOST_BEAMS, f"Beams are 1 to {MOST_BEAMS}", self.n_beams),
            (-5 <= self.length_penalty <= 5, "The length penalty is a number from -5 to 5", self.length_penalty),
            (self.stop in STOPS, f"The search stops {', or '.join(STOPS)}", self.stop),
            (1 <= self.most <= MOST_TOKENS, f"A text has 1 to {MOST_TOKENS} tokens", self.most),
            (self.repetition_penalty > 0, "The repetition penalty is more than 0 (1 is off)", self.repetition_penalty),
        )
        for good, rule, came in checks:
            if not good:
                raise InputError(f"{rule}; {came} came.")

    @property
    def remark(self) -> str:
        """What of these settings can change nothing, beside the others, in a sentence; "" if all of them can."""
        if self.n_beams > 1:
            return ""
        return "One beam takes the likeliest token at every step: there is nothing for a length penalty to choose from."


class BeamSearch:
    """The search from where a text stands; one visitor's own."""

    def __init__(self, text: Generation, search: Search) -> None:
        """Makes ready; nothing is computed yet. Raises InputError where nothing could follow."""
        if text.ended:
            raise InputError(f"Nothing follows here: {text.ended}. Go back, or start from another text.")
        self.text, self.search, self.prompt = text, search, text.ids
        self.most = min(search.most, text.model.info.max_len - len(self.prompt))
        self.candidates: list[Candidate] = []
        self.running: list[int] = [0]  # numbers of the candidates that go on, best first; 0 is the prompt
        self.ended = ""
        self.steps = 0
        self._cache: Any = None
        self._rows: list[int] = []  # which row of the last pass each running candidate goes on from
        self._processors = filters.applied(
            text.model.module,
            len(self.prompt),
            do_sample=False,
            num_beams=search.n_beams,
            repetition_penalty=search.repetition_penalty,
            max_length=len(self.prompt) + self.most,
            max_new_tokens=None,
        )

    @property
    def beams(self) -> records.Beams:
        """The search as it stands."""
        labels = texts.sequence_of(self.text.model.tokenizer, self.prompt)
        return records.Beams(
            labels, tuple(self.candidates), self.search.n_beams, self.search.length_penalty, self.ended
        )

    def ids(self, number: int) -> tuple[int, ...]:
        """The tokens of a candidate, the prompt's left out."""
        found: list[int] = []
        while number:
            one = self.candidates[number - 1]
            found.append(one.id)
            number = one.parent
        return tuple(reversed(found))

    def next(self) -> None:
        """One more token for every beam; nothing if the search has ended. Raises InputError."""
        if self.ended:
            return
        n, stop = self.search.n_beams, STOPS[self.search.stop]
        logits = self._pass()
        own = logits.log_softmax(-1)  # [beam, candidate]
        read: Any = torch.tensor([self.prompt + self.ids(number) for number in self.running])
        before = torch.tensor([self._total(number) for number in self.running])
        totals = self._processors(read, own.clone()) + before[:, None]
        best = totals.flatten().topk(min(max(2, 1 + len(set(self.text.ends))) * n, totals.numel()))
        last = self.steps + 1 == self.most
        found: list[tuple[Candidate, int]] = []  # with the row each goes on from
        for total, place in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            row, token = divmod(place, totals.shape[1])
            if total == float("-inf"):  # the settings forbid it
                continue
            one = Candidate(
                parent=self.running[row],
                step=self.steps,
                id=token,
                label=self.text.label(token),
                probability=float(own[row, token].exp()),
                total=total,
                fate="dropped",
            )
            ends = last or token in self.text.ends
            if ends and len(found) < n:
                score = total / (self.steps + 1) ** self.search.length_penalty
                one = replace(one, fate="finished", score=score)
            elif ends:
                one = replace(one, fate="late")
            elif sum(other.fate == "kept" for other, _ in found) < n:
                one = replace(one, fate="kept")
            found.append((one, row))
        if not found:
            raise InputError("The model's settings forbid every token here: there is nothing to go on with.")
        first = len(self.candidates) + 1
        self.candidates += [one for one, _ in found]
        going = [(first + i, row) for i, (one, row) in enumerate(found) if one.fate == "kept"]
        self.running, self._rows = [number for number, _ in going], [row for _, row in going]
        self.steps += 1
        self.ended = self._ended(stop)

    def _total(self, number: int) -> float:
        return self.candidates[number - 1].total if number else 0.0

    def _ended(self, stop: bool | str) -> str:
        """Why nothing more is searched, in words; "" while something is."""
        if not self.running:
            return f"every text has its {self.most} tokens" if self.steps == self.most else "no beam can go on"
        n, penalty = self.search.n_beams, self.search.length_penalty
        scores = sorted((one.score for one in self.candidates if one.score is not None), reverse=True)[:n]
        if len(scores) < n:
            return ""
        if stop is True:
            return f"{n} texts have finished"
        length = self.most if stop == "never" and penalty > 0 else self.steps
        if self._total(self.running[0]) / length**penalty > scores[-1]:
            return ""
        return f"no beam {'can' if stop == 'never' else 'is likely to'} score more than what has finished"

    # ---- the model

    @torch.no_grad()
    def _pass(self) -> Tensor:
        """Logits of the next token [beam, candidate]: of the last tokens alone where the cache can follow the beams."""
        module: Any = self.text.model.module
        reorders = self._cache is not None and hasattr(self._cache, "reorder_cache")
        rows = [self.prompt + self.ids(number) for number in self.running]
        if reorders:
            self._cache.reorder_cache(torch.tensor(self._rows, device=module.device))
        step = torch.tensor([ids[-1:] if reorders else ids for ids in rows], device=module.device)
        name = "decoder_input_ids" if self.text.decodes else "input_ids"
        given = self.text.source(len(rows)) | {name: step, "past_key_values": self._cache if reorders else None}
        try:
            output = module(**given, use_cache=True)
        except (RuntimeError, IndexError, ValueError) as error:
            raise InputError(
                f"{self.text.model.info.name} cannot go on with these beams ({type(error).__name__})."
            ) from error
        self._cache = getattr(output, "past_key_values", None)
        logits: Tensor = output.logits[:, -1].detach().float().cpu()
        return logits
