"""Settings have one order: default, file, environment, argument; a wrong one is named with where it stands."""

from pathlib import Path

import pytest

from seehear.config import load
from seehear.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text('hear = "whisper:base"\nsample = "uniform:10"\nthreads = 3\n')
    return path


def test_each_source_overrules_the_one_before(file: Path) -> None:
    environment = {"SEEHEAR_CONFIG": str(file), "SEEHEAR_SAMPLE": "scenes:0.3", "SEEHEAR_HOME": "/from/environment"}
    settings = load(environment=environment, home=Path("/from/argument"))
    assert settings.home == Path("/from/argument")
    assert settings.sampler == ("scenes", 0.3)
    assert settings.hear == "whisper:base"
    assert settings.threads == 3
    assert settings.answer == "auto"


def test_an_argument_that_is_none_counts_as_not_given(file: Path) -> None:
    assert load(environment={"SEEHEAR_CONFIG": str(file)}, hear=None).hear == "whisper:base"


@pytest.mark.parametrize("sample", ["slide", "uniform", "uniform:0", "uniform:x", "scenes:2", "scenes", "slides:3"])
def test_a_sampler_that_cannot_be_is_refused_with_what_can(sample: str) -> None:
    with pytest.raises(ConfigError, match="uniform:10"):
        load(environment={}, sample=sample)


def test_an_unknown_setting_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("colour = 1\n")
    with pytest.raises(ConfigError, match=r"config\.toml.*colour"):
        load(environment={"SEEHEAR_CONFIG": str(path)})


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("= = =")
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load(environment={"SEEHEAR_CONFIG": str(path)})


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"SEEHEAR_CONFIG.*nope\.toml"):
        load(environment={"SEEHEAR_CONFIG": str(tmp_path / "nope.toml")})


@pytest.mark.parametrize(("code", "meant"), [("english", "en"), ("German", "de"), ("en-US", "en"), ("xx", "auto")])
def test_a_language_is_named_by_its_code(code: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=f"language is '{code}'.*set it to {meant}"):
        load(environment={}, language=code)


@pytest.mark.parametrize("code", ["auto", "en", "zh", "yue", "nb"])
def test_languages_that_people_speak_are_taken(code: str) -> None:
    assert load(environment={}, language=code).language == code


@pytest.mark.parametrize(("name", "value", "told"), [
    ("threads", "abc", "whole number"), ("budget_usd", "much", "write a number"), ("home", "", "name a folder"),
])  # fmt: skip
def test_a_value_that_cannot_be_is_answered_with_what_can(name: str, value: str, told: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is '{value}'.*{told}"):
        load(environment={}, **{name: value})
