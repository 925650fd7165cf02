"""What OpenAI's clients speak: `/v1/chat/completions`, `/v1/models` and `/v1/audio/transcriptions` over a library."""

from seehear.surfaces.server.compatible.routes import router

__all__ = ["router"]
