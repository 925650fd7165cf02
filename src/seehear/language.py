"""Languages: their codes, and which one a text is in, by its script or else its commonest words. Small on purpose."""

from __future__ import annotations

import re
from collections.abc import Iterable

NAMES = {
    "ar": "Arabic", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "pl": "Polish",
    "pt": "Portuguese", "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "zh": "Chinese",
}  # fmt: skip
"""What a language is called in English, by its ISO 639-1 code."""
_TWO_LETTERS = """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv
    ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne
    ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st
    su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"""
CODES = frozenset(_TWO_LETTERS.split())
"""Every two-letter code of ISO 639-1."""
SPOKEN = CODES | {"haw", "jw", "yue"}
"""What can be named as the language that is spoken: ISO 639-1, and what Whisper calls Hawaiian, Javanese, Cantonese."""
_LONG = {
    "eng": "en", "ger": "de", "deu": "de", "fre": "fr", "fra": "fr", "spa": "es", "ita": "it", "por": "pt",
    "dut": "nl", "nld": "nl", "rus": "ru", "pol": "pl", "cze": "cs", "ces": "cs", "swe": "sv", "nor": "no",
    "dan": "da", "fin": "fi", "gre": "el", "ell": "el", "tur": "tr", "ara": "ar", "heb": "he", "hin": "hi",
    "jpn": "ja", "kor": "ko", "chi": "zh", "zho": "zh", "vie": "vi", "tha": "th", "ukr": "uk", "hun": "hu",
    "rum": "ro", "ron": "ro", "bul": "bg", "hrv": "hr", "srp": "sr", "slv": "sl", "slo": "sk", "slk": "sk",
    "cat": "ca", "ind": "id", "per": "fa", "fas": "fa",
}  # fmt: skip
_CODE_OF = {name.lower(): code for code, name in NAMES.items()}
_SCRIPTS = (
    ("ja", "[\u3040-\u30ff]"), ("ko", "[\uac00-\ud7af\u1100-\u11ff]"),
    ("zh", "[\u4e00-\u9fff]"), ("ru", "[\u0400-\u04ff]"), ("ar", "[\u0600-\u06ff]"),
    ("el", "[\u0370-\u03ff]"), ("he", "[\u0590-\u05ff]"),
    ("hi", "[\u0900-\u097f]"), ("th", "[\u0e00-\u0e7f]"),
)  # fmt: skip
_SHARE = {"ja": 0.12}
"""The share of letters that tells a script; Japanese has few kana where it has many Han signs."""
_COMMON = {
    "en": """the a an and is are was were of to in it that this what when where which who why how does do did with for
        on you she he they be can say said about not have has by from as at""",
    "de": """der die das den dem des ein eine einen einer und ist sind war wird werden wurde was wann wo wer wie warum
        welche welcher welches nicht mit von zu zum zur im auf für über es sie er ich man kann sagt gibt bei nach aus
        auch""",
    "fr": """le la les un une des du de et est sont était que quoi quand où qui comment pourquoi quel quelle quels
        quelles ce cette dans sur pour avec pas par il elle on vous nous est-ce au aux dit""",
    "es": """el la los las un una unos de del y es son era qué que cuándo dónde quién cómo como por para con
        no en se su al cuál lo sobre dice está""",
    "it": """il lo la gli le un una di del della dei e è sono era che cosa quando dove chi come perché quale per con non
        in si su al nel nella dice""",
    "nl": """de het een en is zijn was wordt worden wat wanneer waar wie hoe waarom welke niet met van te op voor over
        in dat dit er aan bij zegt""",
    "pt": """o a os as um uma de do da dos das e é são era que quando onde quem como porque por para com não em se no na
        sobre qual diz está""",
    "pl": """i w na z do nie jest są był co kiedy gdzie kto jak dlaczego który która to się o po dla od czy""",
    "sv": """och är var en ett det den som vad när hur varför vilken vilka inte med av till på för om i kan säger""",
    "tr": """ve bir bu ne zaman nerede kim nasıl neden hangi için ile değil mi da de olarak var""",
}  # fmt: skip
_WORDS = {code: frozenset(words.split()) for code, words in _COMMON.items()}
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")


def language_code(tag: str) -> str:
    """The ISO 639-1 code of a language tag (`en-US`, `eng`, `English` → `en`), empty when it is none."""
    base = re.split(r"[-_]", tag.lower(), maxsplit=1)[0]
    return base if base in CODES else _LONG.get(base, "") or _CODE_OF.get(base, "")


def language_by_script(text: str) -> str | None:
    """The ISO 639-1 code of a language with a script of its own, None for Latin letters.

    Japanese written in Han signs alone is taken for Chinese.
    """
    if text.isascii():
        return None
    letters = sum(c.isalpha() for c in text)
    for code, script in _SCRIPTS:
        # A Greek letter in a formula does not make a sentence Greek.
        if letters and len(re.findall(script, text)) > _SHARE.get(code, 0.3) * letters:
            return code
    return None


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of a text's language, None where too little tells it from others."""
    by_script = language_by_script(text)
    if by_script is not None:
        return by_script
    words = _WORD.findall(text.lower())
    hits = {code: sum(word in common for word in words) for code, common in _WORDS.items()}
    order = sorted(hits, key=lambda code: -hits[code])
    best, second = hits[order[0]], hits[order[1]]
    return order[0] if best >= 2 and best > second else None


def language_of_all(texts: Iterable[str]) -> str | None:
    """The language of several texts taken together."""
    return language_of(" ".join(texts))
