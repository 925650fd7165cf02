"""Exceptions of the `openai` SDK to ours: one table by class name, so that the SDK need not be loaded to hold it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from seehear.errors import (
    BackendError,
    BackendRefusedError,
    BackendUnavailableError,
    BugError,
    ConfigError,
    SeehearError,
)

EXCEPTIONS: dict[str, type[SeehearError]] = {
    "OpenAIError": BackendError,
    "APIError": BackendError,
    "APIStatusError": BackendError,
    "APIConnectionError": BackendUnavailableError,
    "APITimeoutError": BackendUnavailableError,
    "APIResponseValidationError": BackendError,
    "BadRequestError": BackendRefusedError,
    "AuthenticationError": BackendRefusedError,
    "OAuthError": BackendRefusedError,
    "PermissionDeniedError": BackendRefusedError,
    "NotFoundError": ConfigError,
    "ConflictError": BackendUnavailableError,
    "UnprocessableEntityError": BackendRefusedError,
    "RateLimitError": BackendUnavailableError,
    "InternalServerError": BackendUnavailableError,
    "LengthFinishReasonError": BackendError,
    "ContentFilterFinishReasonError": BackendRefusedError,
    "SubjectTokenProviderError": BackendRefusedError,
    # Of parts of the SDK that are not used here: seeing one is our mistake.
    "InvalidWebhookSignatureError": BugError,
    "WebSocketConnectionClosedError": BugError,
    "WebSocketQueueFullError": BugError,
}
"""The class of error for each class of the SDK; the status of a reply decides more closely (see `mapped`)."""

LONGER_CONTEXT = "start it with more: llama-server -c 8192, vllm serve --max-model-len 8192"
"""What to do where a model on a server of the user's own is given too short a context."""

NO_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exceeded"})
"""Codes of a 429 or 402 that no waiting helps."""

_TOO_LONG = re.compile(
    r"\bcontext (?:length|size|window)\b|\b(?:exceed\w*|less than|maximum)\b.{0,40}\btokens\b"
    r"|\btokens\b.{0,40}\btoo (?:large|long|many)\b",
    re.IGNORECASE,
)
"""How servers say that a text has too many tokens: OpenAI and vLLM with 400, others with 413, llama.cpp with 500."""

_KEY_LIKE = re.compile(r"\b(?:sk|sess|key|gsk|hf|pk)[-_][\w*.\-]{6,}|(?<=[Bb]earer )[^\s\"',}]+")


class Reply(Exception):
    """What is kept of a foreign exception as the cause of ours: never its request, whose headers hold the key."""

    def __init__(self, name: str, status: int, param: str, said: str) -> None:
        super().__init__(f"{name} {status or ''}: {said}")
        self.status, self.param, self.said = status, param, said

    @classmethod
    def of(cls, error: BaseException, secrets: Sequence[str] = ()) -> Reply:
        """Take from an SDK exception what may be shown and acted upon."""
        param = getattr(error, "param", None)
        return cls(type(error).__name__, status_of(error), str(param or ""), detail(error, secrets))


def redacted(text: str, secrets: Sequence[str] = ()) -> str:
    """The text without our keys, and without anything shaped like one: servers like to repeat a wrong key."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "[key]")
    return _KEY_LIKE.sub("[key]", text)


def status_of(error: BaseException) -> int:
    """The HTTP status behind an SDK exception, 0 where there was no reply."""
    return int(getattr(error, "status_code", 0) or 0)


def has_no_credit(error: BaseException) -> bool:
    """Tell whether the server says that the account has no money left."""
    body = getattr(error, "body", None)
    words = {str(getattr(error, name, None)) for name in ("code", "type")}
    if isinstance(body, dict):
        words |= {str(body.get(name)) for name in ("code", "type")}
    return status_of(error) == 402 or bool(words & NO_CREDIT)


def is_too_long(status: int, said: str) -> bool:
    """Tell whether a reply says that the request has more tokens than the model or the server takes."""
    return status in (400, 413, 422, 500) and bool(_TOO_LONG.search(said))


def says_too_long(error: SeehearError) -> bool:
    """The same of an error that a reply was made into."""
    reply = error.__cause__
    return isinstance(reply, Reply) and is_too_long(reply.status, reply.said)


def is_retryable(error: BaseException) -> bool:
    """Tell whether the same call may succeed later."""
    names = {cls.__name__ for cls in type(error).__mro__}
    status = status_of(error)
    if is_too_long(status, detail(error)):
        return False
    if status:
        return status in (408, 409, 425, 429) or (status >= 500 and status not in (501, 505))
    return "APIConnectionError" in names


def is_final(error: BaseException) -> bool:
    """Tell whether every further call would fail the same way: key, permission, credit, model."""
    return status_of(error) in (401, 402, 403, 404) or (status_of(error) == 429 and has_no_credit(error))


def detail(error: BaseException, secrets: Sequence[str] = ()) -> str:
    """What the server said, on one line, without keys."""
    body: Any = getattr(error, "body", None)
    while isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    said = body.get("message") or body.get("detail") or body.get("error") if isinstance(body, dict) else None
    text = " ".join(redacted(str(said or getattr(error, "message", "") or error), secrets).split())
    return text[:300] or type(error).__name__


def mapped(error: BaseException, *, where: str, model: str = "", secrets: Sequence[str] = ()) -> SeehearError:
    """Our error for an exception of the SDK, or for a reply that is not what the protocol says (ValueError).

    `where` is the server as users know it; no key is in any part of the result.
    """
    said = detail(error, secrets)
    status = status_of(error)
    if status == 401:
        return BackendRefusedError(f"{where} does not accept the key: {said}", hint=_key_hint(where))
    if status == 402 or (status == 429 and has_no_credit(error)):
        return BackendRefusedError(
            f"{where} says that there is no credit left: {said}",
            hint="add credit to the account, or choose another model (--see, --hear, --answer, --embed)",
        )
    if status == 403:
        return BackendRefusedError(
            f"{where} does not allow this key to use {model or 'this'}: {said}",
            hint="choose another model or key; seehear doctor lists what there is",
        )
    if status == 404:
        return ConfigError(
            f"{where} has no {f'model {model!r}' if model else 'such endpoint'} for this: {said}",
            hint="seehear doctor lists the models it has",
        )
    if status == 429:
        return BackendUnavailableError(f"{where} still gets too many requests: {said}", hint="try again later")
    names = [cls.__name__ for cls in type(error).__mro__]
    if "APITimeoutError" in names:
        return BackendUnavailableError(f"{where} did not answer in time", hint="try again, or choose another server")
    if "APIConnectionError" in names:
        cause = " ".join(redacted(str(error.__cause__ or ""), secrets).split())[:200]
        return BackendUnavailableError(
            f"{where} cannot be reached{f': {cause}' if cause else ''}", hint="is it running, and is the address right?"
        )
    if isinstance(error, ValueError) and "OpenAIError" not in names:
        return BackendError(f"{where} sent a reply that cannot be read: {said}", hint="is it an OpenAI-style server?")
    cls = next((EXCEPTIONS[name] for name in names if name in EXCEPTIONS), BackendError)
    if status >= 500:
        cls = BackendUnavailableError if is_retryable(error) else BackendRefusedError
    verb = "refused the request" if issubclass(cls, BackendRefusedError) else "failed"
    hint = LONGER_CONTEXT if is_too_long(status, said) and where != "OpenAI" else ""
    return cls(f"{where} {verb}{f' ({status})' if status else ''}: {said}", hint=hint)


def _key_hint(where: str) -> str:
    if where == "OpenAI":
        return "set OPENAI_API_KEY to a valid key"
    return "set SEEHEAR_SERVER_KEY (OPENAI_API_KEY for the server at OPENAI_BASE_URL) to its key"
