"""What a run will cost is known before it starts, from dated prices; an unknown price is never taken for zero."""

import json
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from seehear.backends.protocols import Card
from seehear.backends.servers import prices
from seehear.spend import Usage

GPT_4O = Card(name="openai:gpt-4o", capabilities=("describe", "answer"), runs="hosted", images_per_request=8)
WHISPER_1 = Card(name="openai:whisper-1", capabilities=("hear",), runs="hosted", word_times=True)
LOCAL = Card(name="ollama:moondream", capabilities=("describe",), runs="server", images_per_request=1)


def test_every_hosted_model_that_is_chosen_by_itself_has_a_price() -> None:
    chosen = json.loads(files("seehear").joinpath("data/models.json").read_text(encoding="utf-8"))["choices"]["openai"]
    unknown = {model for names in chosen.values() for model in names if prices.price_of(model) is None}
    assert unknown == set()


def test_prices_carry_their_day_and_their_source() -> None:
    data = json.loads(files("seehear").joinpath("data/prices.json").read_text(encoding="utf-8"))
    assert date.fromisoformat(prices.as_of()) >= date(2026, 11, 1)
    assert data["sources"]
    for model, row in data["models"].items():
        assert row.get("input_usd", 0) > 0 or row.get("minute_usd", 0) > 0, f"{model} costs nothing?"


def test_a_snapshot_costs_what_its_model_does_and_a_stranger_has_no_price() -> None:
    assert prices.price_of("gpt-4o-2024-08-06") == prices.Price("gpt-4o-2024-08-06", prices.as_of(), 2.5, 10.0)
    assert prices.price_of("openai:gpt-4o") == prices.price_of("gpt-4o")
    assert prices.price_of("gpt-4o-imagined") is None
    assert prices.price_of("http://localhost:8000/v1#gpt-4o") is None, "a name on another server says nothing of money"
    assert prices.cost_usd(Usage("nobody-knows", 1000)) is None


def test_tokens_and_minutes_are_charged() -> None:
    assert prices.cost_usd(Usage("gpt-4o", 1_000_000, 100_000)) == pytest.approx(2.5 + 1.0)
    assert prices.cost_usd(Usage("whisper-1", audio_s=600)) == pytest.approx(0.06)


@pytest.mark.parametrize(
    ("size_px", "model", "tokens"),
    [
        ((1024, 1024), "gpt-4o", 765),
        ((2048, 4096), "gpt-4o", 1105),
        ((1024, 1024), "gpt-5", 70 + 4 * 140),
        ((512, 512), "gpt-4o-mini", 2833 + 5667),
        ((1024, 1024), "gpt-5-mini", 1659),  # 1024 patches
        ((1800, 2400), "gpt-5.4-mini", 2353),  # 1452 patches of a budget of 1536
        ((1536, 864), "gpt-5.4", 1556),  # 48 × 27 patches, within 2500
    ],
)
def test_pictures_take_the_tokens_of_the_published_examples(size_px: tuple[int, int], model: str, tokens: int) -> None:
    assert prices.estimate_tokens_for_image(*size_px, model) == tokens


@pytest.mark.parametrize("size_px", [(1, 1), (4000, 10), (10, 4000), (9000, 9000), (33, 33), (3840, 2160)])
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-mini", "gpt-5.4", "gpt-5.6-luna", "never-heard-of"])
def test_no_picture_is_free_and_a_budget_of_patches_holds(size_px: tuple[int, int], model: str) -> None:
    tokens = prices.estimate_tokens_for_image(*size_px, model)
    assert tokens > 0
    if model == "gpt-5-mini":
        assert tokens <= 1536 * 1.62 + 1


def test_a_text_is_never_estimated_below_what_tokenizers_make_of_it() -> None:
    tokenizers = pytest.importorskip("tokenizers")
    from seehear import weights

    if weights.status("minilm") != "present":
        pytest.skip("the tokenizer lies with the weights: seehear models pull minilm")
    tokenizer = tokenizers.Tokenizer.from_file(str(weights.locate("minilm") / "tokenizer.json"))
    text = "Recursion calls itself with a smaller input; the base case ends it, as in fact(3) == 6. " * 5
    tokenizer.no_truncation()
    assert prices.estimate_tokens(text) >= len(tokenizer.encode(text, add_special_tokens=False).ids)


def test_a_quote_tells_calls_pictures_tokens_and_price() -> None:
    quoted = prices.quote(GPT_4O, "describe", frames=20, width_px=1536, height_px=864)
    assert (quoted.calls, quoted.images) == (3, 20)
    assert quoted.input_tokens > 20 * prices.estimate_tokens_for_image(1536, 864, "gpt-4o")
    assert quoted.usd == pytest.approx(quoted.input_tokens * 2.5e-6 + quoted.output_tokens * 10e-6)
    assert "20 pictures" in quoted.leaves and quoted.seconds > 0
    assert quoted.as_json()["prices_as_of"] == prices.as_of()


def test_hearing_is_quoted_by_the_minute() -> None:
    quoted = prices.quote(WHISPER_1, "hear", audio_s=1800)
    assert quoted.usd == pytest.approx(0.18) and quoted.minutes == 30 and "30.0 min of audio" in quoted.leaves


def test_one_s_own_server_costs_nothing_and_nothing_leaves() -> None:
    quoted = prices.quote(LOCAL, "describe", frames=5, width_px=1280, height_px=720)
    assert (quoted.usd, quoted.leaves, quoted.calls) == (0.0, "", 5)


def test_an_unknown_price_is_said_to_be_unknown() -> None:
    stranger = Card(name="openai:brand-new", capabilities=("describe",), runs="hosted", images_per_request=4)
    assert prices.quote(stranger, "describe", frames=5, width_px=1280, height_px=720).usd is None
    assert prices.quote(stranger, "describe").usd == 0.0, "no call costs nothing"


def test_the_documented_prices_are_those_of_the_file() -> None:
    page = (Path(__file__).parents[2] / "docs" / "spending.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| `")
    ]
    assert len(rows) >= 6
    for names, *cells in rows:
        for name in names.replace("`", "").split(", "):
            price = prices.price_of(name)
            assert price is not None
            if len(cells) == 1:
                assert cells == [f"${price.minute_usd:g}"]
                continue
            tokens = prices.estimate_tokens_for_image(1536, 864, name)
            usd = price.usd(input_tokens=tokens)
            assert cells == [f"${price.input_usd:.2f}", f"${price.output_usd:.2f}", f"{tokens:,} tokens, ${usd:.4f}"]


def test_having_a_model_order_the_moments_is_quoted_for_one_question() -> None:
    quoted = prices.quote(GPT_4O, "rerank", tokens=40)
    assert quoted.calls == 1 and quoted.input_tokens > 1000
    assert quoted.usd == pytest.approx(quoted.input_tokens * 2.5e-6 + quoted.output_tokens * 10e-6)
    assert quoted.leaves and quoted.seconds > 0
