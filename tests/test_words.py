"""Words of scripts without spaces: cut into pairs of signs; text in Latin letters stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seehear.words import as_indexed, count, indexed_words, joint, parted, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("递归函数", ["递归", "归函", "函数"]),
        ("Python의 함수는", ["python", "의", "함수", "수는"]),
        ("len()は関数", ["len", "は関", "関数"]),
        ("ﾙｰﾌﾟ", ["ルー", "ープ"]),
        ("光", ["光"]),
        ("a loop, len(x_1)", ["a", "loop", "len", "x", "1"]),
    ],
)
def test_a_run_of_signs_is_cut_into_overlapping_pairs(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_single_sign_is_found_inside_a_run() -> None:
    assert indexed_words("阳光好") == ["阳光", "光好", "阳", "光", "好"]
    assert as_indexed("阳光好").split() == indexed_words("阳光好")


@given(st.text(alphabet=st.characters(max_codepoint=0x10FF)))
def test_text_without_such_signs_is_left_as_it_is(text: str) -> None:
    assert as_indexed(text) == parted(text) == text
    assert count(text) == len(text.split())


def test_letters_are_parted_from_the_particle_behind_them() -> None:
    assert parted("len은 useState를 쓴다") == "len 은 useState 를 쓴다"


def test_lengths_count_two_signs_for_a_word() -> None:
    assert count("路由器根据地址决定路径。") == 6
    assert count("재귀 함수는 자신을 부른다") == 4


def test_lines_of_captions_are_joined_as_their_script_is_written() -> None:
    assert joint("今天我们", "讲函数") == ""
    assert joint("오늘은", "함수를") == joint("today we", "talk") == " "
