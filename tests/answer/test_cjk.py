"""Lectures in Korean, Japanese and Chinese, asked in their own language; words alone, no model."""

import shutil
from pathlib import Path

import pytest

from seehear.answer import ask
from seehear.answer.outline import chapters
from seehear.backends.protocols import Embedder
from seehear.search import search
from seehear.search.passages import cut_up
from seehear.search.route import read_question
from seehear.search.spelling import mend
from seehear.search.terms import terms_of
from seehear.spans import Span
from seehear.store import Store
from seehear.timeline import Timeline
from seehear.values import Answer
from tests.conftest import Run
from tests.talks import speech

KOREAN = [
    (0.0, "오늘은 프로그래밍의 기초를 배웁니다."),
    (6.0, "변수는 값을 담아 두는 이름표입니다."),
    (14.0, "별은 하늘에서 빛납니다."),
    (22.0, "이제 함수를 살펴보겠습니다."),
    (30.0, "함수는 이름을 붙인 작업의 묶음입니다."),
    (38.0, "재귀함수가 자기 자신을 부르면 재귀라고 합니다."),
    (46.0, "별이 식으면 무엇이 남을까요?"),
]
JAPANESE = [
    (0.0, "今日は星の一生についてお話しします。"),
    (8.0, "星は自分で光を出すガスの球です。"),
    (16.0, "ブラックホールからは光も逃げられません。"),
    (24.0, "次に核融合を説明します。"),
    (32.0, "核融合では水素がヘリウムに変わります。"),
]
CHINESE = [
    (0.0, "大家好，今天我们讲计算机网络。"),
    (8.0, "协议就是双方约定好的通信规则。"),
    (16.0, "路由器根据地址决定把包送到哪里。"),
    (24.0, "路由器里有一张路由表。"),
    (32.0, "防火墙拦住不想要的包。"),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "home")
    for name, lines in (("ko", KOREAN), ("ja", JAPANESE), ("zh", CHINESE)):
        timeline = speech(name, lines)
        store.put_timeline(timeline, cut_up(timeline))
    return store


def asked(store: Store, name: str, question: str) -> Answer:
    return ask(question, store=store, media=[name.ljust(64, "0")])


@pytest.mark.parametrize(
    ("name", "question", "start_s", "end_s"),
    [
        ("ko", "변수란 무엇인가요?", 6.0, 14.0),
        ("ko", "함수는 언제 설명하나요?", 22.0, 38.0),
        ("ja", "核融合とは何ですか？", 24.0, 40.0),
        ("ja", "ブラックホールはいつ出てきますか", 16.0, 24.0),
        ("zh", "什么是协议？", 8.0, 16.0),
        ("zh", "什么时候讲到防火墙？", 32.0, 40.0),
    ],
)
def test_the_place_that_answers_is_cited(store: Store, name: str, question: str, start_s: float, end_s: float) -> None:
    answer = asked(store, name, question)
    assert answer.supported
    assert answer.citations[0].span.overlap_s(Span(start_s, end_s)) > 0
    assert {c.media for c in answer.citations} == {name.ljust(64, "0")}


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("ko", "데이터베이스에 어떻게 연결하나요?"), ("ja", "望遠鏡の作り方を教えてください"),
        ("zh", "怎么给数据库建立索引？"),
    ],
)  # fmt: skip
def test_what_nobody_speaks_of_is_refused(store: Store, name: str, question: str) -> None:
    assert not asked(store, name, question).supported


@pytest.mark.parametrize("question", ["함수는 언제 나오나요?", "関数はいつ説明されますか", "函数什么时候讲到"])
def test_a_question_for_the_time_is_answered_by_time_and_quote_alone(store: Store, question: str) -> None:
    assert read_question(question).want == "when"
    assert asked(store, "ko", "함수는 언제 나오나요?").text.startswith("At [")


@pytest.mark.parametrize(
    ("name", "question", "told"),
    [
        ("ko", "함수는 몇 번 언급되나요?", "“함수” is said 3 times: [0:22], [0:30], [0:38]."),
        ("ko", "별은 몇 번 나오나요?", "“별” is said twice: [0:14], [0:46]."),
        ("ja", "核融合は何回出てきますか", "“核融合” is said twice: [0:24], [0:32]."),
        ("zh", "路由器提到几次？", "“路由器” is said twice: [0:16], [0:24]."),
        ("zh", "数据库提到几次？", "“数据库” is neither said nor shown."),
    ],
)
def test_mentions_are_counted_whatever_particle_follows(store: Store, name: str, question: str, told: str) -> None:
    assert asked(store, name, question).text.startswith(told)


def test_all_places_are_listed(store: Store) -> None:
    for name, question, times in (
        ("zh", "所有提到路由器的地方", ["[0:16]", "[0:24]"]), ("ko", "함수가 언급된 모든 곳은?", ["[0:22]", "[0:30]"])
    ):  # fmt: skip
        text = asked(store, name, question).text
        assert all(time in text for time in times), text


def test_sentences_are_quoted_as_their_script_is_written(store: Store) -> None:
    assert "。 " not in asked(store, "zh", "路由器怎么工作").text


def test_a_question_in_han_signs_alone_may_be_japanese(store: Store) -> None:
    answer = asked(store, "ja", "核融合")
    assert answer.supported
    assert "Chinese" not in answer.text
    assert answer.why.terms == ("核融合",)


def test_the_first_mention_is_found(store: Store) -> None:
    answer = asked(store, "ko", "재귀가 처음 언급되는 곳은?")
    assert "[0:38]" in answer.text


def test_the_right_recording_comes_first(store: Store) -> None:
    for question, name in (("재귀 함수", "ko"), ("ブラックホール", "ja"), ("防火墙", "zh"), ("光", "ja")):
        assert search(store, None, question)[0].media == name.ljust(64, "0")


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("함수는 언제 설명하나요?", "함수"),
        ("결과가 나오는 속도는 얼마인가요?", "결과 속도"),
        ("Python에서 리스트를 어떻게 정렬하나요?", "python 리스트 정렬"),
        ("len()은 무엇인가요?", "len"),
        ("星はどうやって動くのですか", "星 動"),
        ("「再帰関数」とは何ですか", "再帰関数"),
        ("递归函数是什么？", "递归函数"),
        ("解释器是怎么工作的", "解释器 工作"),
    ],
)
def test_what_asks_is_told_from_what_is_asked_for(question: str, topic: str) -> None:
    assert terms_of(question).topic == topic


def test_a_question_that_only_asks_keeps_its_words() -> None:
    assert terms_of("무엇을 설명하나요?").words


def test_a_summary_is_asked_for_in_any_of_them() -> None:
    for question in ("이 강의를 요약해 줘", "この講義を要約してください", "请总结这节课程"):
        assert read_question(question).summary


def test_no_word_of_signs_is_taken_for_a_slip(store: Store) -> None:
    for question in ("재귀합수란?", "核融会とは", "路由气是什么"):
        assert mend(question, terms_of(question), store, store.media()).text == question


def test_captions_without_spaces_become_sentences() -> None:
    timeline = speech("zh", [(0.0, "协议是规则。没有协议就听不懂。路由器"), (6.0, "决定路径。")])
    assert [unit.text for unit in cut_up(timeline).units] == ["协议是规则。", "没有协议就听不懂。", "路由器决定路径。"]


def test_captions_without_spaces_or_marks_are_cut_where_they_get_long() -> None:
    lines = [(4.0 * i, "今天我们讲一讲计算机网络里面的协议和地址") for i in range(12)]
    lengths = [len(unit.text) for unit in cut_up(speech("zh", lines)).units]
    assert max(lengths) <= 100
    assert min(lengths) >= 20


def test_titles_are_words_of_what_is_said() -> None:
    for code, lines in (("ko", KOREAN), ("zh", CHINESE)):
        titles = [chapter.title for chapter in chapters(speech(code, lines))]
        assert titles
        assert all(len(title) <= 24 for title in titles)


def test_an_embedder_of_english_does_not_judge_them(tmp_path: Path, minilm: Embedder) -> None:
    from seehear.search.passages import vectors

    with Store(tmp_path / "home") as store:
        timeline = speech("ko", KOREAN)
        made = cut_up(timeline)
        store.put_timeline(timeline, made, embedder=minilm.card.name, unit_vectors=vectors(made, minilm))
        answer = ask("데이터베이스에 어떻게 연결하나요?", store=store, embedder=minilm)
        assert not answer.supported
        assert set(answer.why.features) == {"coverage", "own", "absent"}


def test_a_library_from_before_finds_them_by_words(tmp_path: Path) -> None:
    timeline: Timeline = speech("zh", CHINESE)
    with Store(tmp_path) as store:
        store.put_timeline(timeline, cut_up(timeline))
        whole = cut_up(timeline).passages[0]
        with store.write() as db:
            db.execute("UPDATE words SET said=?, title=? WHERE rowid=1", (whole.said, whole.title))
            db.execute("DROP TABLE windows")
            db.execute("PRAGMA user_version=3")
        assert not store.match('{said} : "协议"', limit=5, weights=(1, 1, 1))
    with Store(tmp_path) as store:
        assert store.match('{said} : "协议"', limit=5, weights=(1, 1, 1))


def test_a_video_with_korean_captions_beside_it_is_indexed_and_asked(
    tmp_path: Path, brief: Path, run: Run, small_weights: None
) -> None:
    cues = (
        f"{i}\n00:00:{int(at):02d},000 --> 00:00:{int(at) + 5:02d},000\n{text}\n"
        for i, (at, text) in enumerate(KOREAN, start=1)
    )
    video = tmp_path / "강의.mp4"
    shutil.copyfile(brief, video)
    video.with_suffix(".ko.srt").write_text("\n".join(cues), encoding="utf-8")
    assert run("index", video).code == 0
    found = run("ask", video, "변수란 무엇인가요?", "--answer", "extractive", "--json").json
    assert found["supported"]
    assert "이름표" in found["text"]
    assert "[0:06]" in found["text"]
    assert not run("ask", video, "데이터베이스에 어떻게 연결하나요?", "--answer", "extractive", "--json").json[
        "supported"
    ]
