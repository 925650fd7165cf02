"""What a recording was indexed from, as a hash: while it stays the same, indexing again changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from seehear.ingest.cache import STAGE_VERSIONS
from seehear.ingest.run import Plan
from seehear.media.source import content_of


def fingerprints(plan: Plan, backends: Sequence[str | None]) -> list[str]:
    """The hash of a plan, its captions, the names of the backends and the versions of all stages.

    Behind it stand those with the earlier versions of `place`, from the last to the first: a recording that has one of
    these needs only to be cut up anew. Raises InputError when captions beside the recording cannot be read.
    """
    captions = [hashlib.sha256(content_of(side)).hexdigest() for _, side in plan.sidecars]
    parts = [plan.sampler, plan.use_captions, plan.language, captions, list(backends)]
    versions = [{**STAGE_VERSIONS, "place": number} for number in range(STAGE_VERSIONS["place"], 0, -1)]
    return [hashlib.sha256(repr([*parts, sorted(each.items())]).encode()).hexdigest() for each in versions]
