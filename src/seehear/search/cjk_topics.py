"""What of a question in Korean, Japanese or Chinese tells its topic.

Tables, not grammar. They are applied to questions and titles: what is indexed knows nothing of them, so that they may
change.
Imported where such a question is asked: the patterns take long to compile.
"""

from __future__ import annotations

import re

from seehear.words import HAN, HANGUL, KANA, normal

_WORD = re.compile(r"[^\W_]+")
_PARTS = re.compile(f"[{HAN}]+|[\u3041-\u309f]+|[\u30a0-\u30ff]+|[{HANGUL}]+|[^{HAN}{KANA}{HANGUL}]+")
_HAS_HANGUL, _HAS_HAN, _HAS_KANA = (re.compile(f"[{signs}]") for signs in (HANGUL, HAN, "\u3041-\u30ff"))

_KOREAN = re.compile(
    r"""[은는을를이가의에로와과도란]|에서|으로|이란|무엇.*|뭐.*|뭘|무슨|어떤|어떻게|어느|언제.*|어디.*|왜|누가|누구.*|몇
    |얼마.*|때|것.*|거.?|건|수|그|저|이런|그런|좀|및|또는|그리고|번|곳|차례|횟수|처음.*|마지막.*|모든|대해서?|대한|관해서?
    |관한|라는|이라는|해|줘|주세요|주나요|있.*|없나요|나오.*|나옵.*|나온.*|알려.*|말하.*|말했.*|말합.*|다루.*|다룹.*
    |하나요|하는|합니까|할|되나요|됩니까|인가요|입니까|인지|우리.*|쓰나요
    |(?:설명|소개|언급|이야기|얘기|등장|요약)(?:[은는이가을를]|[하되합됩해했된한할됐].*)?
    |(?:강의|동?영상|비디오|수업|발표|강연|화면|슬라이드|강사|교수님?|선생님?|연사|부분|시간|순간|내용|분|초|질문)
        (?:[은는이가을를의]|에서는?|에|님.*)?
    """,
    re.VERBOSE,
)
"""Words that ask, or that speak of the recording itself."""
_ENDINGS = """하였나요 하려면 하는지 하나요 했나요 합니까 합니다 했습니다 되었나요 되는지 되나요 됐나요 됩니까
    됩니다 인가요 입니까 입니다 이에요 일까요 이라는 이라고 이란 에서는 에서의 에서 에게서 에게 에는
    에도 에만 으로는 으로 부터 까지 처럼 보다 마다 들은 들이 들을 들의 들 습니까 는가요 은가요 나요 는지
    는가 하는 하고 하면 하기 하여 한다 해서 해요 되는 되고 되면 된다 인지 인가 예요 라는 라고 란""".split()  # noqa: SIM905 - as text it wraps
"""Endings of several syllables, the longer of two alike first."""
_ALONE = {"은": True, "을": True, "이": True, "는": False, "를": False, "가": False, "에": None}
"""Particles that may follow a single syllable; True after a final consonant, False after a vowel, None after either."""
_LONGER = {"과": True, "와": False, "의": None, "도": None, "만": None, "로": None}
"""Particles that are taken off only where two syllables stay: "결과", "속도" and "정의" are words."""

_JAPANESE = re.compile(
    r"""どのよう[にな]|どうやって|どうして|どう|どんな|どの|どれ|どこ|いつ|いくつ|いくら|なぜ|なに|だれ|誰
    |何(?:分|秒|回|度|時|番目|のため)?|説明|紹介|解説|言及|要約|講義|授業|動画|ビデオ|映像|録画|講師|先生|教授|画面
    |スライド|最初|初めて|最後|登場|場面|時点|部分|時間|方法
    |話(?=[さしすせ])|述べ|触れ|教え|出て""",
    re.VERBOSE,
)
_HELPERS = re.compile(
    r"""(?:とは|では|には|について|という|といった|から|まで|より|ので|のは|のか|ため|こと|もの|とき|ところ|よう|ください|ですか|です|でしょう
    |ました|ません|ます|ない|なかった|された?|され|する|した|して|しな|いる|いた|いて|ある|あり|なる|なり|なっ|でき|れる|られ|この|その|あの
    |それ|これ|すれば|いい|ほど|だけ|[はがをにへとでのもやかねよるうくけきりいてたなしっんられせめむみびぶばすえべげ])+""",
    re.VERBOSE,
)
"""Hiragana that only hold a sentence together."""

_CHINESE = re.compile(
    r"""什[么麼](?:[时時]候)?|怎[么麼][样樣]?|[为為]什[么麼]|[为為]何|如何|何[时時]|哪[里裡儿兒些个個一]?|[谁誰]
    |多少次?|[几幾](?:次|个|個|分[钟鐘]|[点點])?|多久|[请請][问問]?|告[诉訴]我|一下|解[释釋](?!器)
    |[说說]明(?![书書])|介[绍紹]|[讲講](?:解|到|述|座|[师師])?|提[到及]|[谈談][到及]|[说說](?:到|[过過])?
    |[总總][结結]|概括|[视視][频頻]|影片|[课課]程?|老[师師]|教授|屏幕|幻[灯燈]片|[时時][候间間]|第一次|首次
    |最[后後](?:一次)?|出[现現]|是否|是不是|可以|能否|能不能|我[们們]|你[们們]|他[们們]
    |[这這][个個节節堂門门]|那[个個]|[关關][于於]|有[关關]|有[没沒]有|每一?次|所有|地方|[的是了在吗嗎呢吧和与與]""",
    re.VERBOSE,
)


def kernels(question: str) -> list[str]:
    """The pieces of a question that carry its topic, in order, particles taken off; empty where none is."""
    text = normal(question)
    if _HAS_KANA.search(text):
        text = _JAPANESE.sub(" ", text)
    elif _HAS_HAN.search(text) and not _HAS_HANGUL.search(text):
        text = _CHINESE.sub(" ", text)
    words = [bare(word) for word in _WORD.findall(text) if word not in _ENDINGS and not _KOREAN.fullmatch(word)]
    parts = (_HELPERS.sub("", part, count=1) if _HELPERS.match(part) else part
             for word in words for part in _PARTS.findall(word))  # fmt: skip
    return list(dict.fromkeys(part for part in parts if part))


def bare(word: str) -> str:
    """A Korean word without the particle or the ending that it goes with; any other word as it is."""
    if not HANGUL[0] <= word[-1] <= HANGUL[-1]:
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending):
            return word[: -len(ending)]
    rest, last = word[:-1], word[-1]
    if last in _ALONE and rest and _follows(rest, _ALONE[last]):
        return rest
    return rest if last in _LONGER and len(rest) > 1 and _follows(rest, _LONGER[last]) else word


def _follows(rest: str, closed: bool | None) -> bool:
    """Tell whether a particle can follow; after Latin letters, whose sound is not known, any can."""
    if closed is None or not HANGUL[0] <= rest[-1] <= HANGUL[-1]:
        return True
    return bool((ord(rest[-1]) - 0xAC00) % 28) == closed
