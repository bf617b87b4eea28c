"""bAbI's first task, "single supporting fact", which bert-qa is tested on and never trained on.

`babi_en.tar.xz` holds `tasksv11/en/qa1_single-supporting-fact_test.txt`: lines "number sentence", questions as
"number question, tab, answer, tab, number of the supporting sentence"; the numbers begin again with every story.
(c) Facebook, CC BY 3.0.
"""

import tarfile
from pathlib import Path

from models.zoo.recipes.corpora import find
from models.zoo.recipes.world import Question

FILE = "babi_en.tar.xz"
MEMBER = "tasksv11/en/qa1_single-supporting-fact_test.txt"
WHAT = "the bAbI tasks (v1.1, English) of Weston et al. 2015, with tasksv11/en/qa1_single-supporting-fact_test.txt"

Asked = tuple[tuple[str, ...], Question]  # the sentences so far, and a question about them


def read(data: Path) -> tuple[Asked, ...]:
    """The 1,000 questions of the test set; raises FileNotFoundError with where they come from."""
    with tarfile.open(find(data, FILE, WHAT)) as archive:
        member = archive.extractfile(MEMBER)
        if member is None:
            raise FileNotFoundError(f"{FILE} holds no {MEMBER}")
        return parse(member.read().decode("utf-8"))


def parse(text: str) -> tuple[Asked, ...]:
    """Questions with the story up to them; sentences are counted from 0, questions not among them."""
    asked: list[Asked] = []
    story: list[str] = []
    numbers: dict[int, int] = {}  # line number in the story -> which sentence it is
    for line in text.splitlines():
        number, said = line.split(" ", 1)
        if number == "1":
            story, numbers = [], {}
        if "\t" in said:
            question, answer, support = said.split("\t")
            asked.append((tuple(story), Question(question.strip(), answer, numbers[int(support)])))
        else:
            numbers[int(number)] = len(story)
            story.append(said.strip())
    return tuple(asked)
