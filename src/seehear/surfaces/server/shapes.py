"""The documented shapes of requests and answers; the OpenAPI document is made from these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MediaId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MediaName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    Field(description="A recording: its id, the first six characters of it or more, or its title."),
]
JobId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


class Given(BaseModel):
    """What is sent: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class Row(BaseModel):
    """One recording; `seen` and `heard` count its events of each kind."""

    id: str
    title: str
    kind: Literal["video", "audio", "image", "captions"]
    duration_s: float
    size_bytes: int
    width_px: int
    height_px: int
    events: int
    gaps: int
    seen: int
    heard: int
    language: str
    source_url: str | None
    has_file: bool
    thumbnail: str | None


class LibraryShape(BaseModel):
    """Every recording, and what the library takes on disk."""

    media: list[Row]
    bytes: int


class ChapterShape(BaseModel):
    """A titled stretch of a recording."""

    start_s: float
    end_s: float
    title: str


class MediaShape(Row):
    """One recording with its chapters and what is odd about its file."""

    chapters: list[ChapterShape]
    warnings: list[str]


class EventShape(BaseModel):
    """A row of the timeline; `id` is its number and holds until the recording is indexed anew."""

    model_config = ConfigDict(extra="allow")
    id: int
    corrected: bool
    start_s: float
    end_s: float
    kind: Literal["visual", "transcript"]
    text: str
    via: str


class GapShape(BaseModel):
    """What could not be seen or heard."""

    start_s: float
    end_s: float
    stage: str
    reason: str


class TimelineShape(BaseModel):
    """What was seen and heard, by time."""

    version: int
    media: dict[str, Any]
    events: list[EventShape]
    gaps: list[GapShape]


class CorrectionGiven(Given):
    """The text that should stand there, and the one that stood there when it was looked at, where that is known."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    was: str | None = None


class MomentShape(BaseModel):
    """A found stretch of one recording; `frame` is the address of the picture that was on screen."""

    media: str
    title: str
    start_s: float
    end_s: float
    clock: str
    kind: Literal["visual", "transcript"]
    text: str
    score: float
    said: str
    shown: str
    frame: str | None


class MomentsShape(BaseModel):
    """What was found, the best first; not `fits`: nothing seems to be about it, and these only come nearest."""

    moments: list[MomentShape]
    fits: bool


class CitationShape(BaseModel):
    """A verified pointer: the quote is on the timeline at that time."""

    model_config = ConfigDict(extra="allow")
    media: str
    start_s: float
    end_s: float
    clock: str
    quote: str


class AnswerShape(BaseModel):
    """An answer with what it rests on; `supported` is false when the material does not hold one."""

    model_config = ConfigDict(extra="allow")
    question: str
    text: str
    supported: bool
    routed: Literal["said", "shown", "both"]
    moments: list[MomentShape]
    citations: list[CitationShape]
    backends: dict[str, str]


class WithinGiven(Given):
    """A stretch of each recording."""

    start_s: Seconds
    end_s: Seconds


class CitationGiven(BaseModel):
    """What an earlier answer cited, as it was given."""

    media: MediaId
    start_s: Seconds
    end_s: Seconds
    quote: Annotated[str, StringConstraints(max_length=20_000)] = ""


class TurnGiven(Given):
    """A question that was asked before, with its answer; `citations` lets a follow-up say "before that"."""

    question: Annotated[str, StringConstraints(max_length=2_000)]
    answer: Annotated[str, StringConstraints(max_length=20_000)] = ""
    citations: Annotated[list[CitationGiven], Field(max_length=50)] = []
    read_as: Annotated[str, StringConstraints(max_length=4_000)] = ""


class QuestionGiven(Given):
    """A question; `media` null means the whole library."""

    question: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    media: Annotated[list[MediaName], Field(min_length=1, max_length=1_000)] | None = None
    within: WithinGiven | None = None
    history: Annotated[list[TurnGiven], Field(max_length=20)] = []


class StageShape(BaseModel):
    """How far one stage has come: bytes, seconds of the recording, pictures or sentences."""

    name: str
    done: float
    total: float


class FailureShape(BaseModel):
    """Why a job failed and what to do."""

    message: str
    hint: str


class JobShape(BaseModel):
    """One recording on its way into the library; times are seconds since 1970."""

    id: str
    title: str
    source: Literal["upload", "url", "path"]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    stages: list[StageShape]
    left_s: float | None
    media: str | None
    error: FailureShape | None
    created_at: float
    started_at: float | None
    finished_at: float | None


class JobsShape(BaseModel):
    """Every job that is not forgotten, in the order they were asked for."""

    jobs: list[JobShape]


class UrlGiven(Given):
    """The address of a recording, or of a page that plays one."""

    url: Annotated[str, StringConstraints(min_length=8, max_length=4_000, pattern=r"^[hH][tT][tT][pP][sS]?://")]


class UploadGiven(Given):
    """A file that is about to be sent; its name becomes the title and nothing else."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    size_bytes: Annotated[int, Field(ge=1, le=2**53)]


class UploadShape(BaseModel):
    """An upload under way: send its bytes from `offset` on to `url`."""

    id: str
    offset: int
    url: str


class UploadDone(BaseModel):
    """The file is here; this job indexes it."""

    job: JobShape


class BackendShape(BaseModel):
    """The model that was chosen for one capability and where it runs."""

    capability: str
    name: str
    runs: str


class BackendsShape(BaseModel):
    """The models in use, and what leaves this machine for them."""

    backends: list[BackendShape]
    leaving: list[str]


class SettingsShape(BaseModel):
    """What a client should know of this server."""

    version: str
    token_required: bool
    upload_bytes: int
    duration_s: float
    question_chars: int
    running: int
    queued: int
    urls: bool
    suffixes: list[str]
    formats: list[str]


class Health(BaseModel):
    """The server is there."""

    status: str
