"""Models that translate between many languages: which they know, and how they are told from which into which."""

from __future__ import annotations

import re
from typing import Any

from models.zoo.errors import InputError

CODE = re.compile(r"[a-z]{2,3}_[A-Z][A-Za-z]{1,3}")  # mBART's en_XX, NLLB's eng_Latn
MARKED = re.compile(r"__([a-z]{2,3})__")  # M2M100's
Pair = tuple[str, str]  # codes: from, into


def known(tokenizer: Any) -> dict[str, int]:
    """The languages that have a token of their own, code -> its number; empty for models that know one pair."""
    if tokenizer is None:
        return {}
    found = {}
    for token in tokenizer.all_special_tokens:
        marked = MARKED.fullmatch(token)
        if marked or CODE.fullmatch(token):
            found[marked[1] if marked else token] = tokenizer.convert_tokens_to_ids(token)
    return dict(sorted((code, number) for code, number in found.items() if number != tokenizer.unk_token_id))


def into(tokenizer: Any, text: str, pair: Pair | None) -> str:
    """Tell a tokenizer, whose lock is held, what it reads; returns the text as it must be given. Raises InputError."""
    if pair is None:
        return text
    codes = known(tokenizer)
    for code in pair:
        if code not in codes:
            raise InputError(_unknown(code, codes))
    if hasattr(tokenizer, "src_lang"):
        tokenizer.src_lang, tokenizer.tgt_lang = pair
        return text
    return tokenizer.convert_ids_to_tokens(codes[pair[0]]) + text


def out_of(tokenizer: Any, pair: Pair | None) -> dict[str, int]:
    """What `generate` is told so that the answer begins in the right language."""
    if pair is None:
        return {}
    number = known(tokenizer)[pair[1]]
    if type(tokenizer).__name__ == "MBartTokenizer":  # the first mBART begins with the language itself
        return {"decoder_start_token_id": number}
    return {"forced_bos_token_id": number}


def _unknown(code: str, codes: dict[str, int]) -> str:
    if not codes:
        return f"This model translates one pair of languages and is not told which: take out “{code[:40]}”."
    listed = ", ".join(list(codes)[:12]) + (", ..." if len(codes) > 12 else "")
    return f"This model knows no language “{code[:40]}”; it knows {len(codes)}: {listed}. Choose one of them."


NAMES = dict(
    pair.split(" ", 1)
    for pair in (
        "af Afrikaans,am Amharic,ar Arabic,az Azerbaijani,be Belarusian,bg Bulgarian,bn Bengali,ca Catalan,cs Czech,"
        "cy Welsh,da Danish,de German,el Greek,en English,es Spanish,et Estonian,fa Persian,fi Finnish,fr French,"
        "ga Irish,gu Gujarati,he Hebrew,hi Hindi,hr Croatian,hu Hungarian,hy Armenian,id Indonesian,is Icelandic,"
        "it Italian,ja Japanese,ka Georgian,kk Kazakh,km Khmer,kn Kannada,ko Korean,lt Lithuanian,lv Latvian,"
        "mk Macedonian,ml Malayalam,mn Mongolian,mr Marathi,my Burmese,ne Nepali,nl Dutch,no Norwegian,pa Punjabi,"
        "pl Polish,ps Pashto,pt Portuguese,ro Romanian,ru Russian,si Sinhala,sk Slovak,sl Slovene,so Somali,"
        "sq Albanian,sr Serbian,sv Swedish,sw Swahili,ta Tamil,te Telugu,th Thai,tl Tagalog,tr Turkish,uk Ukrainian,"
        "ur Urdu,uz Uzbek,vi Vietnamese,xh Xhosa,yo Yoruba,zh Chinese,zu Zulu,arb Arabic,deu German,eng English,"
        "fra French,heb Hebrew,hin Hindi,ita Italian,jpn Japanese,kor Korean,nld Dutch,pol Polish,por Portuguese,"
        "ron Romanian,rus Russian,spa Spanish,swh Swahili,swe Swedish,tur Turkish,ukr Ukrainian,vie Vietnamese,"
        "zho Chinese"
    ).split(",")
)


def name(code: str) -> str:
    """A language for a reader: "French (fr_XX)"; its code where no name is known."""
    known_as = NAMES.get(code.partition("_")[0])
    return f"{known_as} ({code})" if known_as else code
