"""Describing pictures with a seeing model of OpenAI or of any compatible server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from seehear.backends import describing
from seehear.backends.openai import attachments
from seehear.backends.openai.attachments import PICTURE_PX
from seehear.backends.openai.chat import Chat, Spoken
from seehear.backends.protocols import Card, Kind
from seehear.backends.servers import catalogue, trials
from seehear.backends.servers.client import Client
from seehear.backends.servers.probes import Probes
from seehear.errors import BackendError, BackendRefusedError, ConfigError
from seehear.values import Description, Gap, Sight

ALL_REFUSED = 3
"""So many pictures refused and none described mean that the model cannot see, not that the pictures are at fault."""

Told = Callable[[Sight, Description | Gap], None]
_Turn = dict[str, Any]


class OpenAIDescriber:
    """A describer behind `/chat/completions`; `name` is what the user calls it.

    `longest_px` bounds the longer side of the pictures sent, `images_per_request` how many go at once (None: as the
    data file and the server say).
    """

    def __init__(
        self, client: Client, model: str, *, name: str, probes: Probes | None = None, longest_px: int = PICTURE_PX,
        images_per_request: int | None = None,
    ) -> None:  # fmt: skip
        self._probes = probes or Probes()
        self._chat = Chat(client, model, probes=self._probes)
        self._sees: bool | None = None
        self._name, self._longest_px, self._most = name, longest_px, images_per_request

    @property
    def card(self) -> Card:
        """What this backend is and can do; `images_per_request` falls to 1 when the server turns out to take one."""
        server = self._chat.client.server
        known = int(catalogue.facts(self._chat.model).get("context_tokens", 0)) if server.kind == "openai" else 0
        return Card(
            name=self._name, capabilities=("describe",), runs="server" if server.is_here else "hosted",
            images_per_request=self._step, context_tokens=known, packages=("openai",),
        )  # fmt: skip

    def describe(
        self, sights: Sequence[Sight], *, question: str = "", on_described: Told | None = None
    ) -> list[Description | Gap]:
        """Describe pictures in order of time, several requests at once; the result has their number and order.

        A picture that was refused or failed is a Gap of stage `describe`; one that a shared request left out is asked
        for alone before. `on_described` is told of each as it is finished, so that it can be kept when others fail.
        The first request goes alone, until one was answered: a model that turns out to take no pictures gets no other.
        Raises BudgetError, BackendUnavailableError when the server is gone, BackendRefusedError or ConfigError when it
        takes no picture, key or model.
        """
        if not sights:
            return []
        clips = _clips(sights, self._step)
        refused: list[BackendRefusedError] = []
        seen: list[bool] = []

        def work(clip: Sequence[Sight]) -> list[Description | Gap]:
            told = self._clip(clip, question, refused)
            self._sees = self._sees or any(isinstance(one, Description) for one in told) or None
            seen.extend(isinstance(one, Description) for one in told)
            if not any(seen) and len(refused) >= min(ALL_REFUSED, len(sights)) and len(seen) == len(refused):
                raise refused[0]
            return told

        def done(clip: Sequence[Sight], told: Sequence[Description | Gap]) -> None:
            for sight, one in zip(clip, told, strict=True):
                if on_described is not None:
                    on_described(sight, one)

        alone = 0 if self._sees else 1
        told = self._chat.client.map(work, clips[:alone], done=done)
        told += self._chat.client.map(work, clips[alone:], done=done)
        return [one for clip in told for one in clip]

    def check_sight(self) -> None:
        """Find out whether the model takes pictures: as the data file or an earlier trial tell, else by a tiny one.

        Raises ConfigError when it takes none, and what means that the server cannot be used now.
        """
        server = self._chat.client.server
        known = catalogue.can(self._chat.model, "describe") if server.kind == "openai" else None
        found = self._probes.get(server.base_url, self._chat.model).get("describe") if known is None else known
        if found is None:
            self._try()
        elif found is False:
            raise self._blind()

    def _try(self) -> None:
        """Send the smallest picture there is. Raises ConfigError when it is refused, which is remembered."""
        found = trials.succeeds(self._chat.client, self._chat.model, "describe", self._probes)
        self._probes.learn(self._chat.client.server.base_url, self._chat.model, describe=found)
        if not found:
            raise self._blind()

    def _blind(self) -> ConfigError:
        return ConfigError(
            f"{self._chat.model} on {self._chat.client.server.label} takes no pictures",
            hint="name a model that sees, or leave --see out",
        )

    def takes(self, kind: Kind) -> bool:
        """Whether the model takes things of this kind: known of OpenAI's, else tried once and remembered."""
        return self._chat.takes(kind)

    def close(self) -> None:
        """Let the connections go; safe to call twice."""
        self._chat.client.close()

    @property
    def _step(self) -> int:
        most = self._chat.habits.images
        return max(1, most if self._most is None else min(most, self._most))

    def _clip(
        self, clip: Sequence[Sight], question: str, refused: list[BackendRefusedError]
    ) -> list[Description | Gap]:
        """Describe one request's worth of pictures; alone, each of those that it did not describe."""
        if len(clip) > self._step:
            return [one for sight in clip for one in self._clip([sight], question, refused)]
        try:
            spoken = self._ask(clip, question)
        except BackendError as error:
            if self._chat.client.is_stopped:
                raise
            if isinstance(error, BackendRefusedError) and not self._sees and not refused:
                self._try()
            if len(clip) > 1 and isinstance(error, BackendRefusedError):
                return [one for sight in clip for one in self._clip([sight], question, refused)]
            if clip[0].film is not None:  # too long, too large: its picture may do
                return self._clip([replace(clip[0], film=None)], question, refused)
            if isinstance(error, BackendRefusedError):
                refused.append(error)
            return [Gap(sight.span, describing.STAGE, error.message) for sight in clip]
        if spoken.refusal:
            told: list[Description | Gap] = [
                Gap(sight.span, describing.STAGE, f"the model refused: {spoken.refusal[:200]}") for sight in clip
            ]
        else:
            told = describing.parse(spoken.text, clip)
        if len(clip) == 1:
            return told
        return [
            self._clip([sight], question, refused)[0] if isinstance(one, Gap) else one
            for sight, one in zip(clip, told, strict=True)
        ]

    def _ask(self, clip: Sequence[Sight], question: str) -> Spoken:
        request = describing.request(clip, question=question)
        made = attachments.Parts()
        for part in request.parts:
            if isinstance(part, Sight) and part.film is not None:
                made += attachments.words("It is film: tell what happens in it.") + attachments.film(part.film)
                continue
            made += (
                attachments.words(part)
                if isinstance(part, str)
                else attachments.picture(
                    part.rgb,
                    model=self._chat.model,
                    longest_px=describing.enough_px(part, longest_px=self._longest_px, question=question),
                )
            )
        tokens = catalogue.text_tokens(request.system) + made.tokens + 100
        content = list(made.parts)
        messages: list[_Turn] = [{"role": "system", "content": request.system}, {"role": "user", "content": content}]
        return self._chat.complete(
            messages, max_tokens=request.max_tokens, schema=request.schema, images=len(clip), input_tokens=tokens
        )


def _clips(sights: Sequence[Sight], step: int) -> list[Sequence[Sight]]:
    """What goes in one request each: up to `step` pictures in a row, or one film."""
    clips: list[list[Sight]] = []
    for sight in sights:
        if clips and sight.film is None and clips[-1][0].film is None and len(clips[-1]) < step:
            clips[-1].append(sight)
        else:
            clips.append([sight])
    return list(clips)
