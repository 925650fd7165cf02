"""Any OpenAI client can talk about a library: the official one does here, to a server in a process of its own."""

import base64
import json
import os
import shutil
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import numpy as np
import openai
import pytest
from mcp import Client

import seehear
from tests.conftest import HEARS_QUICKLY, NOBODY, run_seehear
from tests.servers.described import faults, needs_description

SUBTITLES = b"1\n00:00:01,000 --> 00:00:04,000\nHello.\n"
JFK = Path(__file__).parents[3] / "shared" / "data" / "speech" / "jfk" / "jfk.flac"
QUESTION = "what is a function?"
pytestmark = pytest.mark.timeout(110)


@pytest.fixture(scope="module")
def address(indexed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a served copy of the indexed library answers."""
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(indexed_home, home)
    env = {
        **os.environ,
        "SEEHEAR_HOME": str(home),
        "SEEHEAR_CONFIG": os.devnull,
        "OLLAMA_HOST": NOBODY,
        **HEARS_QUICKLY,
    }
    command = [sys.executable, "-m", "seehear", "serve", "--port", "0", "--json", "--answer", "extractive"]
    server = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    said = ""
    while not said.endswith("}\n"):
        line = server.stdout.readline()
        assert line, "the server ended"
        said += line
    yield json.loads(said)["url"]
    server.terminate()
    server.wait(20)
    server.stdout.close()


@pytest.fixture
def client(address: str) -> Iterator[Any]:
    with openai.OpenAI(base_url=f"{address}v1", api_key="none", max_retries=0) as made:
        yield made


def ask(client: Any, *content: Any, **more: Any) -> Any:
    messages = [{"role": "user", "content": list(content) if len(content) > 1 else content[0]}]
    return client.chat.completions.create(model="seehear", messages=messages, **more)


def described(raw: Any, name: str) -> None:
    """Hold an answer against OpenAI's own description."""
    needs_description()
    assert faults(name, raw) == []


def test_one_question_has_one_answer_through_every_door(address: str, client: Any, indexed_home: Path) -> None:
    printed = run_seehear("ask", QUESTION, "--answer", "extractive", "--json", home=indexed_home).json
    with seehear.Library(indexed_home, answer="extractive") as library:
        in_python = library.ask(QUESTION).as_json()
    over_http = httpx.post(f"{address}api/v1/ask", json={"question": QUESTION}, timeout=60).json()
    chatted = ask(client, QUESTION)
    chunks = list(ask(client, QUESTION, stream=True))

    async def assistant() -> Any:
        async with Client(f"{address}mcp") as connected:
            return (await connected.call_tool("ask", {"question": QUESTION})).structured_content

    over_mcp = anyio.run(assistant)
    answers = [
        printed,
        in_python,
        over_http,
        chatted.model_extra["seehear"],
        chunks[-1].model_extra["seehear"],
        over_mcp,
    ]
    assert {answer["text"] for answer in answers} == {printed["text"]}
    for part, fields in (("moments", ("media", "start_s", "end_s", "text")), ("citations", ("start_s", "quote"))):
        found = [[tuple(one[field] for field in fields) for one in answer[part]] for answer in answers]
        assert found[0] and all(one == found[0] for one in found)
    assert chatted.choices[0].message.content == printed["text"]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).strip() == printed["text"].strip()
    assert f"[{printed['citations'][0]['clock']}]" in printed["text"]


def test_what_is_answered_is_what_the_description_promises(client: Any) -> None:
    described(json.loads(client.models.with_raw_response.list().text), "ListModelsResponse")
    whole = client.chat.completions.with_raw_response.create(
        model="seehear", messages=[{"role": "user", "content": QUESTION}]
    )
    described(json.loads(whole.text), "CreateChatCompletionResponse")
    *chunks, last = ask(client, QUESTION, stream=True, stream_options={"include_usage": True})
    for chunk in chunks:
        described(chunk.model_dump(exclude_unset=True), "CreateChatCompletionStreamResponse")
    assert last.choices == [] and last.usage is not None


def test_a_recording_is_named_by_its_id_or_title(client: Any, address: str) -> None:
    media = httpx.get(f"{address}api/v1/library").json()["media"][0]
    for content in (
        {"type": "video_url", "video_url": {"url": f"seehear://{media['id']}"}},
        {"type": "file", "file": {"file_id": media["id"][:12]}},
    ):
        found = ask(client, {"type": "text", "text": QUESTION}, content)
        assert {m["media"] for m in found.model_extra["seehear"]["moments"]} == {media["id"]}
    named = ask(client, QUESTION, extra_body={"media": [media["title"]]})
    assert named.model_extra["seehear"]["supported"]


def test_sound_that_comes_along_is_heard_and_asked(client: Any) -> None:
    if not JFK.is_file():
        pytest.skip("the speech is not here")
    data = base64.b64encode(JFK.read_bytes()).decode()
    found = ask(
        client,
        {"type": "text", "text": "what should you ask?"},
        {"type": "video_url", "video_url": {"url": f"data:audio/flac;base64,{data}"}},
    )
    assert "your country" in found.choices[0].message.content


def test_a_follow_up_is_read_with_what_was_said_before(client: Any) -> None:
    messages = [
        {"role": "system", "content": "Answer in French."},
        {"role": "user", "content": "what is a loop?"},
        {"role": "assistant", "content": "A loop repeats the same lines again and again."},
        {"role": "user", "content": "when is it explained?"},
    ]
    found = client.chat.completions.create(model="seehear", messages=messages).model_extra["seehear"]
    assert "loop" in found["moments"][0]["text"].lower() or "loop" in found["moments"][0]["said"].lower()


@pytest.mark.parametrize("style", ["json", "text", "srt", "vtt", "verbose_json"])
def test_speech_becomes_text_in_every_format(client: Any, style: str) -> None:
    if not JFK.is_file():
        pytest.skip("the speech is not here")
    more = {"timestamp_granularities": ["segment", "word"]} if style == "verbose_json" else {}
    with JFK.open("rb") as file:
        raw = client.audio.transcriptions.with_raw_response.create(
            model="seehear", file=file, response_format=style, **more
        ).text
    assert "fellow Americans" in " ".join(raw.split())
    if style == "srt":
        assert " --> " in raw and raw.startswith("1\n00:00:00,")
    if style == "vtt":
        assert raw.startswith("WEBVTT")
    if style == "json":
        described(json.loads(raw), "CreateTranscriptionResponseJson")
    if style == "verbose_json":
        found = json.loads(raw)
        described(found, "CreateTranscriptionResponseVerboseJson")
        assert found["words"][0]["start"] < 1 and found["words"][-1]["end"] > 9


def test_what_cannot_be_heard_is_called_as_it_was_sent(address: str) -> None:
    for name, raw in (("minutes.mp3", b"these are no minutes"), ("slides.srt", SUBTITLES)):
        refused = httpx.post(
            f"{address}v1/audio/transcriptions", files={"file": (name, raw)}, data={"model": "seehear"}, timeout=30
        )
        assert 400 <= refused.status_code < 500, refused.text
        assert name in refused.text and ".part" not in refused.text


def test_a_transcribed_file_is_not_kept(client: Any, address: str, tmp_path: Path) -> None:
    before = httpx.get(f"{address}api/v1/library").json()["media"]
    with wave.open(str(tmp_path / "silence.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.zeros(16000, np.int16).tobytes())
    heard = client.audio.transcriptions.create(model="seehear", file=tmp_path / "silence.wav")
    assert heard.text == ""
    assert httpx.get(f"{address}api/v1/library").json()["media"] == before


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("   ", "no question"),
        ([{"type": "text", "text": "why?"}, {"type": "video_url", "video_url": {"url": "file:///etc/hosts"}}], "taken"),
        ([{"type": "text", "text": "why?"}, {"type": "video_url", "video_url": {"url": "/etc/passwd"}}], "taken"),
        ([{"type": "text", "text": "why?"}, {"type": "file", "file": {"file_id": "/etc/passwd"}}], "no recording"),
        ([{"type": "text", "text": "why?"}, {"type": "file", "file": {"file_data": "??"}}], "not base64"),
        ([{"type": "text", "text": "why?"}, {"type": "telepathy"}], "telepathy"),
        ([{"type": "text", "text": "what is it?"},
          {"type": "input_audio", "input_audio": {"data": "bm90IGF1ZGlv", "format": "wav"}}], "could not be indexed"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_told_what_is_wrong(client: Any, content: Any, told: str) -> None:
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as caught:
        ask(client, *(content if isinstance(content, list) else [content]))
    assert told in caught.value.body["message"]


def test_another_model_and_a_missing_field_are_refused(client: Any, address: str) -> None:
    with pytest.raises(openai.NotFoundError, match="the model is called seehear"):
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "why?"}])
    refused = httpx.post(f"{address}v1/chat/completions", json={"model": "seehear"})
    assert refused.status_code == 400 and refused.json()["error"]["param"] == "messages"
    with pytest.raises(openai.BadRequestError, match="not a format"):
        client.audio.transcriptions.create(model="seehear", file=b"RIFF", response_format="poem")
