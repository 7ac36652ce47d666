"""One small file of every format, written by hand, with what must come out of it."""

from __future__ import annotations

from tests.interchange.samples import chat_products, coding_agents, frameworks, model_apis, traces
from tests.interchange.samples.sample import Sample, Spoken, summed

SAMPLES: dict[str, Sample] = (
    chat_products.SAMPLES
    | coding_agents.SAMPLES
    | model_apis.SAMPLES
    | frameworks.SAMPLES
    | traces.SAMPLES
)
"""By the name of the format; an id that is made of the content is empty here."""

__all__ = ["SAMPLES", "Sample", "Spoken", "summed"]
