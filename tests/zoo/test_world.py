"""The made-up world: what is asked and summed up follows from the story, and stories keep to its rules."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.zoo.recipes import babi, bart_summary, bert_qa, world

STORIES = st.builds(
    lambda seed, events, people, things: world.happen(np.random.default_rng(seed), events, people, things),
    st.integers(0, 2**32 - 1),
    st.integers(1, 14),
    st.integers(1, 6),
    st.integers(0, 4),
)


def replay(sentences: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Who is where and who has what, read from the sentences alone, one by one."""
    places: dict[str, str] = {}
    holder: dict[str, str] = {}
    for sentence in sentences:
        who, *_, what = sentence.removesuffix(".").split()
        verb = sentence.split(" ", 1)[1].rsplit(" the ", 1)[0]
        if verb in world.VERBS["move"]:
            assert places.get(who) != what, "nobody moves to where they are"
            places[who] = what
        elif verb in world.VERBS["take"]:
            assert who in places
            assert what not in holder, "nobody takes what somebody has"
            holder[what] = who
        else:
            assert verb in world.VERBS["leave"]
            assert holder.pop(what) == who, "nobody leaves what they do not have"
    return places, holder


@given(STORIES)
def test_answers_follow_from_the_story(story: world.Story) -> None:
    sentences = [event.sentence for event in story]
    places, holder = replay(sentences)
    asked = {question.text: question for question in world.questions(story)}
    assert {f"Where is {who}?" for who in places} | {f"Who has the {thing}?" for thing in holder} == set(asked)
    for who, place in places.items():
        assert asked[f"Where is {who}?"].answer == place
    for thing, who in holder.items():
        assert asked[f"Who has the {thing}?"].answer == who


@given(STORIES)
def test_the_supporting_sentence_holds_the_answer_and_nothing_later_changes_it(story: world.Story) -> None:
    for question in world.questions(story):
        sentence = story[question.support].sentence
        assert question.answer in sentence.removesuffix(".").split()
        subject = question.text.removesuffix("?").split()[-1]
        later = [event.sentence for event in story[question.support + 1 :] if event.kind == "move"]
        assert not any(s.startswith(subject + " ") for s in later)


@given(STORIES)
def test_a_summary_says_where_everybody_is_and_what_they_hold(story: world.Story) -> None:
    places, holder = replay([event.sentence for event in story])
    said = [sentence.removesuffix(".") for sentence in world.summary(story).split(". ")]
    assert [sentence.split()[0] for sentence in said] == list(dict.fromkeys(event.who for event in story))
    for sentence in said:
        who, (where, *held) = sentence.split()[0], sentence.split(" is in the ")[1].split(" with ")
        assert where == places[who]
        things = {thing for thing, owner in holder.items() if owner == who}
        assert {thing.removeprefix("the ") for thing in (held[0].split(" and ") if held else [])} == things


@given(STORIES)
def test_what_is_not_overruled_is_what_answers_rest_on(story: world.Story) -> None:
    later = world.overruled([event.sentence for event in story])
    standing = {i for i, gone in enumerate(later) if not gone}
    resting = {question.support for question in world.questions(story)}
    left = {i for i in standing if story[i].kind == "leave"}  # nobody has it: there is no question
    assert standing - left == resting


def test_sentences_that_hold_are_marked_token_by_token() -> None:
    story = ("Mary moved to the bathroom.", "John went back to the hallway.", "Mary went to the office.")
    asked = [(story, world.Question("Where is Mary?", "office", 2))]
    tokenizer = bert_qa.tokenizer_of()
    ids = bert_qa.encode(tokenizer, asked)["input_ids"]
    marks = bert_qa.holds(asked, ids.shape[1])[0]
    said = {value: tokenizer.decode(ids[0][marks == value]) for value in (-1, 0, 1)}
    assert said[-1] == "[CLS] where is mary ? [SEP] [SEP]"
    assert said[0] == "mary moved to the bathroom ."
    assert said[1] == "john went back to the hallway . mary went to the office ."


@given(STORIES)
def test_every_word_is_in_the_vocabulary(story: world.Story) -> None:
    questions = " ".join(question.text for question in world.questions(story))
    text = f"{world.told(story)} {world.summary(story)} {questions}".lower()
    assert set(text.replace(".", " . ").replace("?", " ? ").split()) <= set(world.vocabulary())


BABI = """1 John travelled to the hallway.
2 Mary journeyed to the bathroom.
3 Where is John? \thallway\t1
4 John moved to the office.
5 Where is John? \toffice\t4
1 Mary went to the garden.
2 Where is Mary? \tgarden\t1
"""


def test_babi_is_read_with_the_story_so_far() -> None:
    asked = babi.parse(BABI)
    assert [len(story) for story, _ in asked] == [2, 3, 1]
    assert [(q.answer, q.support) for _, q in asked] == [("hallway", 0), ("office", 2), ("garden", 0)]
    assert all(question.answer in story[question.support] for story, question in asked)


def test_no_story_is_on_two_sides_and_none_is_babis() -> None:
    chance = np.random.default_rng(0)
    tested = bert_qa.stories_of([bert_qa.ask(chance, False, frozenset()) for _ in range(300)])
    train = bert_qa.stories_of([bert_qa.ask(chance, False, tested) for _ in range(600)])
    test = bert_qa.stories_of(bert_qa.own(1, 200, tested))
    assert not train & tested
    assert not train & test
    assert not test & tested


def test_no_summarized_story_is_on_two_sides() -> None:
    chance = np.random.default_rng(0)
    train = {world.told(bart_summary.tell(chance, held_out=False)) for _ in range(400)}
    test = {world.told(story) for story in bart_summary.unseen(1, 200)}
    assert not train & test
    assert not any(bart_summary.is_held_out(text) for text in train)


def test_the_answer_is_marked_in_the_supporting_sentence() -> None:
    tokenizer = bert_qa.tokenizer_of()
    chance = np.random.default_rng(0)
    asked = [bert_qa.ask(chance, False, frozenset()) for _ in range(50)]
    batch = bert_qa.encode(tokenizer, asked)
    assert not (batch["input_ids"] == tokenizer.unk_token_id).any()
    assert batch["input_ids"].shape[1] <= bert_qa.N_POSITIONS
    for row, (story, question) in enumerate(asked):
        place = int(batch["start_positions"][row])
        assert tokenizer.decode([batch["input_ids"][row, place]]) == question.answer.lower()
        before = tokenizer(question.text, " ".join(story[: question.support]))["input_ids"]
        within = len(tokenizer(story[question.support])["input_ids"])
        assert len(before) - 1 <= place < len(before) - 1 + within


def test_stories_and_summaries_fit() -> None:
    tokenizer = bart_summary.tokenizer_of()
    for story in bart_summary.unseen(5, 100):
        assert len(tokenizer(world.told(story))["input_ids"]) <= bart_summary.N_POSITIONS
        assert len(tokenizer(world.summary(story))["input_ids"]) < bart_summary.LONGEST


def test_rouge_l_by_hand() -> None:
    assert bart_summary.rouge_l("a b c d", "a b c d") == 1
    assert bart_summary.rouge_l("a c d", "a b c d") == 6 / 7
    assert bart_summary.rouge_l("d c b a", "a b c d") == 2 / 8
    assert bart_summary.rouge_l("", "a") == bart_summary.rouge_l("x", "a") == 0
