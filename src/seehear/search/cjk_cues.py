"""By which words a question in Korean, Japanese or Chinese says what it wants.

Tables, not grammar. They are applied to questions only: what is indexed knows nothing of them, so that they may change.
"""

from __future__ import annotations

WHEN = (
    r"언제|몇\s?[분초]|어느\s?부분|いつ|何[分秒]|どこで|どの(?:時点|部分|場面)"
    r"|(?:什[么麼]|何)[时時]候?|哪[里裡儿]|[几幾]分|多久"
)
FIRST = r"처음(?:으로)?|맨\s?먼저|最初に|初めて|はじめて|第一次|首次|最早"
LAST = r"마지막(?:으로)?|最後に|最[后後](?:一次)?"
COUNT = r"몇\s?번|몇\s?차례|얼마나\s?자주|何[回度]|多少次|[几幾]次"
ALL = r"모든\s?(?:언급|곳|부분)|언급된\s?곳|すべての(?:言及|箇所|場面)|所有(?:提[到及]|出[现現])|每一?次"
SUMMARY = r"요약|要約|まとめて|[总總][结結]|概括|摘要"
