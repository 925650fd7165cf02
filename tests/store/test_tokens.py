"""What kept token vectors are relied on for: nearly the same comparisons from an eighth of the bytes."""

from pathlib import Path

import numpy as np
import pytest

from seehear.spans import Span
from seehear.store import Store
from seehear.store.tokens import PER_GROUP, best, grouped, pack, ungrouped
from seehear.timeline import Timeline
from seehear.units import Cut, Unit
from seehear.values import Event, Media

WIDTH = 384
GOLDEN = "dc35dc35343354653495cbac"


def unit_rows(count: int, seed: int, *, outlier: float = 0.0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, WIDTH)).astype(np.float32)
    rows[:, 7] += outlier
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("outlier", [0.0, 12.0])
def test_comparisons_hardly_change_and_lean_to_no_side(outlier: float) -> None:
    asked, tokens = unit_rows(40, 1, outlier=outlier), unit_rows(300, 2, outlier=outlier)
    kept = best(asked, [pack(row[None]) for row in tokens])
    wrong = kept - asked @ tokens.T
    assert np.abs(wrong).max() < 0.03
    assert float(np.sqrt((wrong**2).mean())) < 0.01
    assert abs(float(wrong.mean())) < 0.003


def test_the_best_token_of_each_text_is_what_counts() -> None:
    tokens = unit_rows(12, 3)
    texts = [tokens[:5], tokens[:0], tokens[5:6], tokens[6:]]
    kept = best(tokens, [pack(rows) for rows in texts])
    assert kept.shape == (12, 4)
    assert kept[:, 1].tolist() == [0.0] * 12
    assert (kept[:, [0, 2, 3]].argmax(axis=1) == [0] * 5 + [1] + [2] * 6).all()
    np.testing.assert_allclose(kept.max(axis=1), 1.0, atol=0.02)


def test_a_token_takes_an_eighth_of_what_floats_take() -> None:
    assert len(pack(unit_rows(10, 4))) == 10 * (WIDTH // 2 + 2)
    assert best(unit_rows(3, 4), []).shape == (3, 0)


def test_the_way_tokens_are_packed_never_changes() -> None:
    """Libraries of today must be readable tomorrow: the same bytes for the same vectors."""
    rows = np.eye(8, dtype=np.float32)[:2]
    assert pack(rows).hex() == GOLDEN


def test_groups_give_back_each_text_by_its_place() -> None:
    texts = [bytes([i % 251]) * (i % 7) for i in range(2 * PER_GROUP + 3)]
    groups = list(grouped(texts))
    assert len(groups) == 3
    assert ungrouped(groups) == dict(enumerate(texts))
    assert ungrouped(groups[2:]) == {i: texts[i] for i in range(2 * PER_GROUP, len(texts))}


def put(store: Store, tokens: list[bytes] | None) -> int:
    units = tuple(Unit("transcript", Span(i, i + 1), f"sentence {i}") for i in range(40))
    media = Media("a" * 64, Path("a.mp4"), "a", "video", 40.0, 1)
    timeline = Timeline.build(media, [Event(Span(0, 1), "transcript", "x", "test")])
    store.put_timeline(timeline, Cut(units, (), ()), embedder="e", unit_vectors=unit_rows(40, 5), unit_tokens=tokens)
    return store.media()[0].number


def test_the_library_keeps_tokens_replaces_them_and_lets_them_go(tmp_path: Path) -> None:
    texts = [pack(unit_rows(i % 4, i)) for i in range(40)]
    with Store(tmp_path) as store:
        number = put(store, texts)
        assert store.unit_tokens(number) == dict(enumerate(texts))
        some = store.unit_tokens(number, [3, 39])
        assert (some[3], some[39]) == (texts[3], texts[39])
        assert len(some) < len(texts)
        assert store.unit_tokens(number + 1) == {}
        number = put(store, None)
        assert store.unit_tokens(number, [3]) == {}
        put(store, texts)
        store.remove("a" * 64)
        assert store.one("SELECT count(*) FROM tokens") == (0,)


def test_a_library_from_before_tokens_were_kept_is_read_where_it_cannot_be_written(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        number = put(store, None)
        store._db.execute("DROP TABLE tokens")
        store._db.execute("DROP TABLE windows")
        store._db.execute("PRAGMA user_version=2")
    with Store(tmp_path, read_only=True) as store:
        assert store.unit_tokens(number) == {}
        assert store.window_vectors(number) == {}
        assert store.unit_vectors(number) is not None
    with Store(tmp_path) as store:
        number = put(store, [pack(unit_rows(1, i)) for i in range(40)])
        assert len(store.unit_tokens(number)) == 40
