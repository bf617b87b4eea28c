"""Weights from the library's classes into ours and back: GPT-2, LLaMA, BERT, ViT, BART and others (`FAMILIES`).

model = hf.from_pretrained("models/zoo/bundled/gpt-stories")
hf.save(model, folder, tokenizer)          # opens in every page: models.zoo.load(folder)
"""

from models.scratch.hf.convert import FAMILIES, from_library, from_pretrained, knobs_of, save, to_library
from models.scratch.hf.family import Family, NotExpressible

__all__ = [
    "FAMILIES",
    "Family",
    "NotExpressible",
    "from_library",
    "from_pretrained",
    "knobs_of",
    "save",
    "to_library",
]
