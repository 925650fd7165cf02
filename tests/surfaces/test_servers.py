"""The whole command line against servers: chosen by itself, announced, paid once, and never behind the user's back."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seehear import errors
from seehear.backends import pieces
from seehear.backends.openai import attachments
from seehear.backends.servers.probes import Probes
from seehear.library import Library
from seehear.media.picture import save_picture
from seehear.values import Frames
from tests.conftest import NOBODY, Run
from tests.servers.compatible import Compatible, Failure, Switches, pictures, serving, tones, wait_until
from tests.servers.ollama import Model, OllamaServer, cloud, qwen

DESCRIBED = '{"pictures": [{"number": 1, "text": "A slide with a title.", "fresh": ""}]}'
KEY = "sk-secret-0123456789"


def calls(server: Compatible) -> int:
    """Requests that a provider would charge for."""
    return sum(asked.method == "POST" for asked in server.asked)


def test_a_server_that_is_there_sees_hears_embeds_and_answers_and_a_second_run_is_free(run: Run, brief: Path) -> None:
    with serving() as server:
        env = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY}
        rows = run("index", brief, "--captions", "never", "--json", env=env)
        assert rows.code == 0, rows.err
        assert rows.json[0]["gaps"] == 0
        events = run("timeline", brief, "--json", env=env).json["events"]
        seen = [event for event in events if event["kind"] == "visual"]
        heard = [event for event in events if event["kind"] == "transcript"]
        assert all("test-model" in event["via"] for event in [*seen, *heard])
        assert all(0 <= event["start_s"] <= event["end_s"] for event in events)
        answer = run("ask", brief, "what is a function?", "--json", env=env).json
        assert server.url in answer["backends"]["answer"]
        before = calls(server)
        assert before > 2
        assert run("index", brief, "--captions", "never", "--json", env=env).json[0]["status"] == "unchanged"
        assert calls(server) == before


@pytest.mark.slow
def test_ctrl_c_keeps_every_finished_call_and_the_next_run_makes_only_the_others(tmp_path: Path, lesson: Path) -> None:
    """Two pictures at once, 1.5 s each: stopped in the middle, nothing that came back is asked for twice."""
    home = tmp_path / "home"
    described: list[str] = []

    def reply(body: dict[str, Any]) -> str:
        described.append(json.dumps(body["messages"][-1]["content"], sort_keys=True))
        return DESCRIBED

    with serving(Switches(reply=reply, most_images=1)) as server:
        env = {
            **os.environ, "SEEHEAR_HOME": str(home), "SEEHEAR_CONFIG": os.devnull, "OLLAMA_HOST": NOBODY,
        }  # fmt: skip
        command = [
            sys.executable, "-m", "seehear", "index", str(lesson), "--captions", "never", "--embed", "minilm",
            "--see", f"{server.url}#test-model", "--hear", f"{server.url}#test-model", "--sample", "uniform:2",
        ]  # fmt: skip
        # The server is known already: what is counted are pictures, not trials.
        probes = Probes(home / "probes.json")
        probes.learn(server.url, "test-model", describe=True, habits={"images": 1})
        server.switches.delay_s = 1.5
        process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        assert wait_until(lambda: len(described) >= 2, within_s=90)
        kept = described[:2]
        time.sleep(0.5)  # until they have arrived; the next two are under way
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
        assert time.monotonic() - begun < 10
        assert process.returncode == errors.CancelledError.exit_code, told
        assert "Traceback" not in told
        finished = list(described)
        server.switches.delay_s = 0.0
        again = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100, check=False)
        assert again.returncode == 0, again.stderr
        assert not set(kept) & set(described[len(finished) :])
        before = calls(server)
        third = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100, check=False)
        assert third.returncode == 0
        assert calls(server) == before


@pytest.mark.parametrize("how", ["never answers", "breaks off"])
def test_a_server_that_hangs_or_breaks_off_holds_no_run_up(
    library_home: Path, lesson: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seehear.backends.servers import client

    monkeypatch.setattr(client, "OWN_READ_S", 0.5)
    with serving(Switches(drop_after=2) if how == "breaks off" else Switches()) as server:
        name = f"{server.url}#test-model"
        with Library(library_home, answer=name, see=name, captions="never") as library:
            assert library.models.describer() and library.models.answerer()
            server.switches.hang_s = 30 if how == "never answers" else 0.0
            begun = time.monotonic()
            with pytest.raises(errors.BackendUnavailableError):
                library.ask("what is a function?", media=[lesson])
            if how == "never answers":
                # Three calls in a row without an answer end the work; fewer are gaps.
                with contextlib.suppress(errors.BackendUnavailableError):
                    (row,) = library.index([lesson])
                    assert row.error is None
                    assert row.gaps > 0
            assert time.monotonic() - begun < 30


def test_the_model_that_answers_judges_also_where_it_is_named_by_its_address(
    run: Run, library_home: Path, lesson: Path
) -> None:
    with serving() as server:
        done = run(
            "ask", lesson, "what is a function?", "--answer", f"{server.url}#test-model", "--rerank", "answer",
            home=library_home, env={},
        )  # fmt: skip
        assert done.code == 0, done.err
        assert "/rerank" not in server.paths()
        assert server.paths().count("/chat/completions") > 1


def test_a_named_server_answers_and_the_rest_stays_embedded(run: Run, library_home: Path, lesson: Path) -> None:
    with serving() as server:
        done = run(
            "ask", lesson, "what is a function?", "--answer", f"{server.url}#test-model", "--json",
            home=library_home, env={},
        )  # fmt: skip
        assert done.code == 0, done.err
        assert done.json["backends"] == {"embed": "minilm", "answer": f"{server.url}#test-model"}
        assert calls(server) >= 1


def test_ollama_is_found_by_itself_and_describes_a_picture(run: Run, indexed_home: Path) -> None:
    picture = next(iter(sorted((indexed_home / "frames").rglob("*.jpg"))))
    with OllamaServer(qwen(reply=lambda messages: DESCRIBED), Model("llama3.2:latest")) as server:
        done = run("describe", picture, "--json", env={"OLLAMA_HOST": server.url})
        assert done.code == 0, done.err
        assert done.json[0]["text"] == "A slide with a title."
        assert server.complaints == []


def parts(server: Compatible) -> list[str]:
    """The kinds of what was put beside text in the last question."""
    chats = [asked for asked in server.asked if asked.path == "/chat/completions" and asked.status == 200]
    content = chats[-1].body["messages"][-1]["content"]
    return [part["type"] for part in content if part["type"] != "text"] if isinstance(content, list) else []


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of sound: three sentences' worth of tones with pauses between."""
    path = tmp_path_factory.mktemp("sound") / "voice.wav"
    path.write_bytes(pieces.encoded(tones((1, 9), (11, 19), (21, 29), length_s=30), "wav"))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of film that turn from red to blue."""
    shown = np.stack([sight.rgb for sight in pictures(["red"] * 30 + ["blue"] * 30)])
    path = tmp_path_factory.mktemp("film") / "clip.mp4"
    path.write_bytes(attachments.mp4(Frames(shown, np.arange(60) / 10)))
    return path


def test_several_pictures_with_a_question_go_together_and_get_one_answer(run: Run, tmp_path: Path) -> None:
    for name, sight in zip(("red.jpg", "blue.jpg"), pictures(["red", "blue"]), strict=True):
        save_picture(sight.rgb, tmp_path / name)
    with serving(Switches(reply=lambda body: "The first [1] is red, the second [2] blue, at 0:07.")) as server:
        done = run(
            "describe", tmp_path / "red.jpg", tmp_path / "blue.jpg", "what differs?",
            "--see", f"{server.url}#test-model", env={},
        )  # fmt: skip
        assert done.code == 0, done.err
        assert done.out.strip() == "The first (red.jpg) is red, the second (blue.jpg) blue."
        assert parts(server) == ["image_url", "image_url"]


def test_sound_goes_to_a_model_that_hears(run: Run, voice: Path) -> None:
    with serving() as server:
        env = {"OPENAI_BASE_URL": server.url}
        done = run("describe", voice, "How does it sound?", "--json", env=env)
        assert done.code == 0, done.err
        assert done.json["text"] == "30 seconds of sound"
        assert done.json["inputs"][0]["sent_as"] == "sound"
        assert server.answered("/audio/transcriptions") == []


def test_without_a_model_that_hears_sound_is_transcribed_first_and_it_is_told(run: Run, voice: Path) -> None:
    with serving(Switches(takes_sound=False, reply=lambda body: "It sounds [1].")) as server:
        done = run("describe", voice, "How does it sound?", env={"OPENAI_BASE_URL": server.url})
        assert done.code == 0, done.err
        assert "transcribed first" in done.err
        assert done.out.strip() == "It sounds [0:00]."
        assert server.answered("/audio/transcriptions")


@pytest.mark.parametrize("takes_film", [True, False])
def test_film_goes_as_film_or_else_as_pictures_with_their_times(run: Run, clip: Path, takes_film: bool) -> None:
    switches = Switches(takes_film=takes_film, reply=lambda body: "Red at first [1], then blue [8].")
    with serving(switches) as server:
        done = run("describe", clip, "What happens?", env={"OPENAI_BASE_URL": server.url})
        assert done.code == 0, done.err
        if takes_film:
            assert parts(server) == ["video_url"]
            assert done.out.startswith("Red at first (clip.mp4), then blue")
        else:
            assert parts(server) == ["image_url"] * 8
            assert "8 pictures in order" in done.err
            assert done.out.strip() == "Red at first [0:00], then blue [0:05]."


def test_asking_sound_plays_it_to_a_model_that_hears_and_code_tells_the_times(run: Run, voice: Path) -> None:
    written = "It hums low at 0:59 [1]. Then it hums on [2]. And this rests on nothing. It ends [9]."
    with serving(Switches(reply=lambda body: written)) as server:
        env = {"OPENAI_BASE_URL": server.url}
        answer = run("ask", voice, "How does it sound?", "--json", env=env).json
        assert answer["text"] == "It hums low. [0:00] Then it hums on. [0:15]"
        assert [citation["start_s"] for citation in answer["citations"]] == [0.0, pytest.approx(15, abs=1)]
        assert server.url in answer["backends"]["answer"]
        assert parts(server) == ["input_audio", "input_audio"]


def test_asking_sound_rests_on_its_words_where_no_model_hears_or_it_hears_no_answer(run: Run, voice: Path) -> None:
    switches = Switches(reply=lambda body: "NOT FOUND")
    with serving(switches) as server:
        env = {"OPENAI_BASE_URL": server.url}
        first = run("ask", voice, "Do all of them sound?", "--json", env=env).json
        switches.takes_sound = False
        second = run("ask", voice, "Do all of them sound?", "--json", env=env, home=None or Path(str(voice) + ".home"))
        assert second.code == 0, second.err
        assert [m["said"] for m in first["moments"]] == [m["said"] for m in second.json["moments"]] != []
        assert "no model here hears" in second.err


def test_finding_that_no_server_is_there_loads_nothing_to_talk_to_one(tmp_path: Path) -> None:
    code = (
        "import sys; from seehear.library import Library\n"
        f"names = Library({str(tmp_path)!r}).models\n"
        "for capability in ('read', 'describe', 'hear', 'embed', 'answer'): names.name(capability)\n"
        "print(sorted({'httpx', 'openai', 'PIL', 'av', 'seehear.backends.servers.discovery'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_without_a_model_that_sees_describing_says_how_to_get_one(run: Run, indexed_home: Path) -> None:
    picture = next(iter(sorted((indexed_home / "frames").rglob("*.jpg"))))
    done = run("describe", picture, env={})
    assert done.code == errors.ConfigError.exit_code
    assert "--see" in done.err


@pytest.mark.parametrize("captions", ["never", "first"])
def test_a_model_that_takes_no_pictures_is_refused_before_any_work_begins(
    tmp_path: Path, brief: Path, captions: str
) -> None:
    begun: list[Any] = []
    with serving(Switches(sees=False)) as server:
        blind = f"{server.url}#test-model"
        with Library(tmp_path / "home", see=blind, captions=captions) as library:
            for work in (
                lambda: list(library.index([brief], on_progress=begun.append)),
                lambda: library.quote(brief, on_progress=begun.append),
                lambda: library.ask("what is a function?", media=[brief], on_progress=begun.append),
            ):
                with pytest.raises(errors.ConfigError, match="takes no pictures") as refused:
                    work()
                assert "name a model that sees" in refused.value.hint
            assert library.media() == []
        assert begun == []
        with Library(tmp_path / "home", see=blind) as library:
            assert next(library.index([captions_only(tmp_path)])).status == "indexed", "what has no pictures needs none"


def captions_only(folder: Path) -> Path:
    path = folder / "notes.vtt"
    path.write_text("WEBVTT\n\n00:01.000 --> 00:04.000\nA function is a named piece of work.\n")
    return path


def test_a_wrong_key_is_one_clear_line_that_does_not_hold_it(run: Run, brief: Path) -> None:
    refused = Failure(401, "invalid_api_key", f"Incorrect API key provided: {KEY}")
    with serving(Switches(always=refused)) as server:
        done = run(
            "index", brief, "--captions", "never", "--see", f"{server.url}#test-model",
            env={"SEEHEAR_SERVER_KEY": KEY},
        )  # fmt: skip
    assert done.code == errors.BackendRefusedError.exit_code, done.err
    assert KEY not in done.err + done.out


def test_the_quote_makes_no_call_and_tells_what_leaves(run: Run, lesson: Path) -> None:
    # Nothing listens where the key would be sent: a call would fail.
    done = run(
        "index", lesson, "--quote", "--see", "openai:gpt-4o", "--hear", "openai:whisper-1", "--embed", "minilm",
        "--answer", "openai:gpt-4o", "--json", env={"OPENAI_API_KEY": KEY},
    )  # fmt: skip
    assert done.code == 0, done.err
    rows = {row["capability"]: row for row in done.json[0]["quotes"]}
    assert rows["describe"]["images"] >= 4
    assert rows["describe"]["usd"] > 0
    assert rows["hear"]["usd"] == pytest.approx(rows["hear"]["audio_minutes"] * 0.006, rel=0.02)
    assert rows["describe"]["leaves"]
    assert rows["embed"]["leaves"] == ""


@pytest.mark.parametrize(("captions", "heard"), [("first", False), ("never", True)])
def test_the_quote_asks_nothing_for_hearing_where_captions_are_used(
    run: Run, lesson: Path, tmp_path: Path, captions: str, heard: bool
) -> None:
    there = shutil.copy(lesson, tmp_path / "talk.mp4")
    (tmp_path / "talk.srt").write_text("1\n00:00:01,000 --> 00:00:04,000\nCaptions were written for this talk.\n")
    done = run(
        "index", there, "--quote", "--hear", "openai:whisper-1", "--see", "none", "--embed", "minilm",
        "--answer", "extractive", "--captions", captions, "--json",
        env={"OPENAI_API_KEY": KEY},
    )  # fmt: skip
    assert done.code == 0, done.err
    row = next(row for row in done.json[0]["quotes"] if row["capability"] == "hear")
    assert (row["usd"] > 0, row["audio_minutes"] > 0, bool(row["leaves"])) == (heard, heard, heard)


def test_a_budget_of_nothing_stops_before_the_first_call(run: Run, brief: Path) -> None:
    done = run(
        "index", brief, "--captions", "never", "--see", "openai:gpt-4o", "--embed", "minilm", "--hear", "fake",
        "--budget", "0", env={"OPENAI_API_KEY": KEY},
    )  # fmt: skip
    assert done.code == errors.BudgetError.exit_code, done.err
    assert "leaves this machine: pictures" in done.err


def test_what_is_sent_to_index_a_recording_is_told_by_every_command_that_indexes_it(
    run: Run, brief: Path, tmp_path: Path
) -> None:
    (questions := tmp_path / "questions.jsonl").write_text(
        json.dumps({"question": "what is a function?", "media": str(brief), "spans": [[0, 1]]})
    )
    env = {
        "OPENAI_API_KEY": KEY, "SEEHEAR_BUDGET": "0", "SEEHEAR_SEE": "openai:gpt-4o", "SEEHEAR_CAPTIONS": "never",
        "SEEHEAR_HEAR": "openai:whisper-1", "SEEHEAR_EMBED": "minilm", "SEEHEAR_ANSWER": "extractive",
    }  # fmt: skip
    for asked in (
        ("ask", brief, "what is a function?"), ("search", "function", "--in", brief), ("timeline", brief),
        ("eval", questions),
    ):  # fmt: skip
        done = run(*asked, env=env)
        assert done.code == errors.BudgetError.exit_code, (asked, done.err)
        assert "leaves this machine: pictures" in done.err and "leaves this machine: the sound" in done.err, asked


def test_nothing_is_told_to_be_sent_of_a_recording_that_is_indexed(
    run: Run, library_home: Path, lesson: Path
) -> None:  # fmt: skip
    env = {"OPENAI_API_KEY": KEY}
    done = run("ask", lesson, "what is a function?", "--answer", "extractive", home=library_home, env=env)
    assert done.code == 0, done.err
    assert "leaves this machine" not in done.err


def test_local_refuses_a_model_elsewhere_by_name(run: Run, lesson: Path) -> None:
    done = run("ask", lesson, "what?", "--local", "--answer", "openai:gpt-4o", env={"OPENAI_API_KEY": KEY})
    assert done.code == errors.ConfigError.exit_code
    assert "--local" in done.err


@pytest.mark.slow
def test_a_model_that_ollama_passes_on_is_announced_and_refused_with_local(run: Run, library_home: Path) -> None:
    with OllamaServer(cloud(reply=lambda messages: "A function is a named piece of work [1].")) as server:
        asked = ("ask", "what is a function?", "--answer", "ollama:gpt-oss")
        env = {"OLLAMA_HOST": server.url}
        done = run(*asked, home=library_home, env=env)
        assert done.code == 0, done.err
        assert "leaves this machine: questions" in done.err
        refused = run(*asked, "--local", home=library_home, env=env)
        assert refused.code == errors.ConfigError.exit_code
        sent = len(server.sent("/api/chat"))
        capped = run(*asked, "--budget", "1", home=library_home, env=env)
        assert capped.code == errors.BudgetError.exit_code, capped.err
        assert len(server.sent("/api/chat")) == sent
        by_itself = run("ask", "what is a function?", "--json", home=library_home, env=env)
        assert "ollama" not in by_itself.json["backends"]["answer"]


def test_a_budget_does_not_stop_one_s_own_server(run: Run, library_home: Path) -> None:
    with serving() as server:
        done = run(
            "ask", "what is a function?", "--answer", f"{server.url}#test-model", "--budget", "0", home=library_home,
            env={},
        )  # fmt: skip
        assert done.code == 0, done.err


def test_local_opens_no_socket_but_loopback(
    lesson: Path, library_home: Path, monkeypatch: pytest.MonkeyPatch, small_weights: None,
    reached_elsewhere: list[object],
) -> None:  # fmt: skip

    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OLLAMA_HOST", "192.0.2.1:11434")
    with Library(library_home, local=True, captions="never", answer="extractive") as library:
        (row,) = library.index([lesson])
        assert row.error is None
        assert library.ask("what is a function?", media=[lesson]).supported
    assert reached_elsewhere == []
