"""The five tasks against transformers' own pipelines, tokenizers, logits and `generate`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf

from models.language import gaps, reading, spans, tasks
from models.records import Reading
from models.zoo import languages
from models.zoo.errors import InputError, NothingToRead
from models.zoo.given import Given
from models.zoo.model import Model
from tests.language import tiny_tasks
from tests.language.tiny_tasks import TEXTS
from viz import about

Load = Callable[[str], Model]
STORY = "Mary moved to the bathroom. John went to the hallway. Mary travelled to the office."


def of(task: str, *bundled: str) -> list[str]:
    return [*bundled, *(name for name, (own, _, _) in tiny_tasks.MODELS.items() if own == task)]


# ---- classes


@pytest.mark.parametrize("name", of("sentiment", "roberta-sentiment", "distil-sentiment"))
def test_classes_are_those_of_the_librarys_pipeline(task_model: Load, name: str) -> None:
    model = task_model(name)
    pipeline = hf.pipeline("text-classification", model=model.module, tokenizer=model.tokenizer, top_k=None)
    for text in ("a moving and wonderfully acted film .", TEXTS[3], TEXTS[1]):
        own = reading.read(model, Given(text), "sentiment").classes
        assert own is not None
        said = pipeline(text)
        expected = {one["label"]: one["score"] for one in (said[0] if isinstance(said[0], list) else said)}
        found = dict(zip(own.labels, own.probabilities.tolist(), strict=True))
        assert found == pytest.approx(expected, abs=1e-6)
        assert list(own.probabilities) == sorted(own.probabilities, reverse=True)


def test_classes_that_are_decided_by_themselves_do_not_claim_a_sum(task_model: Load) -> None:
    own = reading.read(task_model("bert-many"), Given(TEXTS[3]), "sentiment").classes
    assert own is not None
    assert own.question == "each class by itself"


# ---- answers from a passage


def logits(model: Model, question: str, passage: str) -> tuple[Any, Any, Any]:
    """Start and end by the library's own tokenizer and model, and where the passage is."""
    encoding = model.tokenizer(question, passage, return_tensors="pt")
    taken = {name: value for name, value in encoding.items() if name in model.reader.takes}
    with torch.no_grad():
        output = model.module(**taken)
    inside = [segment == 1 for segment in encoding.sequence_ids()]
    return output.start_logits[0].float().softmax(-1), output.end_logits[0].float().softmax(-1), inside


@pytest.mark.parametrize("name", of("questions", "bert-qa"))
def test_answers_are_the_librarys_logits_softmaxed(task_model: Load, name: str) -> None:
    model = task_model(name)
    for question, passage in (("Where is Mary?", STORY), ("Who?", TEXTS[3]), ("Wo lebt der Fuchs?", TEXTS[0])):
        found = reading.read(model, Given(passage, question), "questions").spans
        assert found is not None
        start, end, inside = logits(model, question, passage)
        np.testing.assert_allclose(found.start, start, atol=1e-6)
        np.testing.assert_allclose(found.end, end, atol=1e-6)
        best = max(
            float(start[i] * end[j])
            for i in range(len(inside))
            for j in range(i, min(i + spans.LONGEST, len(inside)))
            if inside[i] and inside[j]
        )
        assert found.found[0].probability == pytest.approx(best, abs=1e-6)
        if found.nothing is not None:
            place = model.tokenizer(question, passage)["input_ids"].index(model.tokenizer.cls_token_id)
            assert found.nothing == pytest.approx(float(start[place] * end[place]), abs=1e-6)
        for one in found.found:
            assert one.text == passage[one.span[0] : one.span[1]]


@pytest.mark.parametrize("name", of("questions"))
@pytest.mark.parametrize("passage", TEXTS)
def test_every_span_is_the_passages_own_characters(task_model: Load, name: str, passage: str) -> None:
    """Byte-level BPE, WordPiece, SentencePiece and single letters; emoji in several tokens, scripts without spaces."""
    model = task_model(name)
    tokens = reading.prepare(model, Given(passage, "Who is it?"), "questions").sequences["text"]
    inside = [i for i, segment in enumerate(tokens.segments or ()) if segment == 1]
    text, span = spans.spelled(tokens, inside[0], inside[-1])
    assert text == passage[span[0] : span[1]] == passage.strip()
    for first in inside:
        for last in inside[inside.index(first) : inside.index(first) + 4]:
            text, (start, end) = spans.spelled(tokens, first, last)
            assert text == passage[start:end]
            assert text == text.strip()
    reached = set()
    for place in inside:
        _, (start, end) = spans.spelled(tokens, place, place)
        reached |= set(range(start, end))
    assert {i for i, c in enumerate(passage) if not c.isspace()} <= reached


def test_the_bundled_model_answers(task_model: Load) -> None:
    found = reading.read(task_model("bert-qa"), Given(STORY, "Where is Mary?"), "questions").spans
    assert found is not None
    assert found.found[0].text == "office"
    assert STORY[slice(*found.found[0].span)] == "office"


@pytest.mark.parametrize("question", ["", "  "])
def test_a_question_must_be_asked(task_model: Load, question: str) -> None:
    with pytest.raises(NothingToRead, match="There is no question yet"):
        reading.read(task_model("bert-qa"), Given(STORY, question), "questions")


# ---- gaps


@pytest.mark.parametrize("name", of("gaps", "bert-stories", "roformer-stories"))
def test_gaps_are_filled_as_by_the_librarys_pipeline(task_model: Load, name: str) -> None:
    model = task_model(name)
    mask = model.tokenizer.mask_token
    pipeline = hf.pipeline("fill-mask", model=model.module, tokenizer=model.tokenizer, top_k=5)
    for text in (f"The king had a {mask} daughter.", f"The {mask} sat on the {mask} mat."):
        found = reading.read(model, Given(text), "gaps").gaps
        expected = pipeline(text)
        for gap, listed in zip(found, expected if isinstance(expected[0], list) else [expected], strict=True):
            assert list(gap.ranking.ids[:5]) == [one["token"] for one in listed]
            assert gap.ranking.probabilities[:5].tolist() == pytest.approx([one["score"] for one in listed], abs=1e-6)
            assert gap.ranking.every is not None
            assert float(gap.ranking.every.sum()) == pytest.approx(1, abs=1e-5)


def test_a_word_has_the_rank_that_its_token_has(task_model: Load) -> None:
    model = task_model("bert-stories")
    gap = reading.read(model, Given("The king had a [MASK] daughter."), "gaps", ("beautiful", "king")).gaps[0]
    for word, rank, share in gap.asked:
        number = model.tokenizer(f" {word}", add_special_tokens=False)["input_ids"][0]
        assert gap.ranking.every is not None
        assert rank == int((gap.ranking.every > gap.ranking.every[number]).sum())
        assert share == pytest.approx(float(gap.ranking.every[number]), abs=1e-7)
    assert gap.asked[0][0] == "beautiful"


def test_a_word_of_several_tokens_says_so(task_model: Load) -> None:
    with pytest.raises(InputError, match=r"is \d+ tokens to this model"):
        gaps.numbers(task_model("bert-stories"), "incomprehensibilities")


def test_people_write_gaps_in_many_ways(task_model: Load) -> None:
    model = task_model("xlmr-gaps")
    for gap in ("[MASK]", "<mask>", "_____"):
        assert gaps.marked(model, f"The {gap} sat.") == "The <mask> sat."
    with pytest.raises(InputError, match="There is no gap in the text"):
        gaps.marked(model, "The cat sat.")


# ---- texts that are written


def test_translations_are_what_generate_writes(task_model: Load) -> None:
    model = task_model("marian-en-fr")
    for text, beams in (("She bought a red car.", 1), ("I do not know your brother.", 4)):
        found = reading.read(model, Given(text, most=40, beams=beams), "translation").passage
        ids = model.module.generate(
            **model.tokenizer(text, return_tensors="pt"), max_new_tokens=40, num_beams=beams, do_sample=False
        )
        assert found is not None
        assert found.text == model.tokenizer.decode(ids[0], skip_special_tokens=True).strip()
        with torch.no_grad():
            output = model.module(**model.tokenizer(text, return_tensors="pt"), decoder_input_ids=ids[:, :-1])
        every = output.logits[0].softmax(-1)
        expected = [float(every[i, number]) for i, number in enumerate(ids[0, 1:].tolist())]
        np.testing.assert_allclose(found.probabilities, expected[: len(found.probabilities)], atol=1e-6)


@pytest.mark.parametrize("name", ["mbart50", "mbart", "m2m100"])
def test_models_of_many_languages_are_told_which(task_model: Load, name: str) -> None:
    model = task_model(name)
    codes = languages.known(model.tokenizer)
    source, target = ("eng_Latn", "deu_Latn") if name == "m2m100" else ("en_XX", "de_DE")
    assert {source, target} <= set(codes)
    model.tokenizer.src_lang = source
    encoding = model.tokenizer("The cat sat on the mat.", return_tensors="pt")
    begin = {"decoder_start_token_id": codes[target]} if name == "mbart" else {"forced_bos_token_id": codes[target]}
    ids = model.module.generate(**encoding, max_new_tokens=12, num_beams=1, do_sample=False, **begin)[0]
    model.tokenizer.src_lang = target  # another visitor's wish must not reach this one
    given = Given("The cat sat on the mat.", languages=(source, target), most=12)
    prepared = reading.prepare(model, given, "translation")
    assert prepared.ids == tuple(encoding["input_ids"][0].tolist())
    assert codes[source] in prepared.ids
    own = prepared.arguments["decoder_input_ids"][0].tolist()
    assert own == ids.tolist()[: len(own)]
    assert codes[target] in own[:2]


def test_the_python_of_a_picture_says_how_it_was_written(task_model: Load) -> None:
    given = Given("The cat sat.", languages=("eng_Latn", "fra_Latn"), most=6, beams=2)
    lines = "\n".join(about.python(task_model("m2m100").look(given), 0, measured=False))
    assert "from models.zoo.given import Given" in lines
    call = 'model.look(Given("The cat sat.", languages=("eng_Latn", "fra_Latn"), most=6, beams=2)'
    assert call in lines
    assert about.inputs(task_model("m2m100").look(given))["languages"] == "eng_Latn to fra_Latn"


def test_an_unknown_language_is_named(task_model: Load) -> None:
    given = Given("The cat.", languages=("eng_Latn", "xx_XX"))
    with pytest.raises(InputError, match="knows no language “xx_XX”; it knows 2"):
        reading.read(task_model("m2m100"), given, "translation")
    with pytest.raises(InputError, match="translates one pair of languages"):
        reading.read(task_model("marian-en-fr"), replace(given, languages=("en", "de")), "translation")


def test_a_model_with_prefixes_offers_them(task_model: Load) -> None:
    model = task_model("t5")
    assert tasks.of(model) == ("translation", "summary")
    assert tasks.prefixes(model, "translation") == {
        "English to German": "translate English to German: ",
        "English to French": "translate English to French: ",
    }
    assert list(tasks.prefixes(model, "summary").values()) == ["summarize: "]


# ---- which task a model is for


@pytest.mark.parametrize("name", [*tiny_tasks.MODELS])
def test_a_folder_lands_on_its_task(task_model: Load, name: str) -> None:
    assert tasks.of(task_model(name))[0] == tiny_tasks.MODELS[name][0]


@pytest.mark.parametrize("task", [task.name for task in tasks.TASKS])
def test_each_task_has_bundled_models(task_model: Load, task: str) -> None:
    cards = tasks.bundled(task)
    assert cards
    for card in cards:
        assert tasks.of(task_model(card.name)) == (task,)
        assert tasks.of_card(card.name) == task


@pytest.mark.parametrize("name", ["gpt-stories", "caption-shapes"])
def test_other_models_say_what_they_do(task_model: Load, name: str) -> None:
    model = task_model(name)
    assert tasks.of(model) == ()
    assert "none of these tasks" in tasks.refusal(model)


@pytest.mark.parametrize("name", [*tiny_tasks.MODELS])
def test_every_model_reads_text_of_any_script(task_model: Load, name: str) -> None:
    model = task_model(name)
    task = tiny_tasks.MODELS[name][0]
    for text in TEXTS:
        text = f"{text} ___" if task == "gaps" else text
        read: Reading = reading.read(model, Given(text, "Who?" if task == "questions" else None, most=6), task)
        assert read.task == task
        assert read.classes or read.spans or read.gaps or read.passage
