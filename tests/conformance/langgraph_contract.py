"""The contract of LangGraph's checkpointers, counted as pytest counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from langgraph.checkpoint.conformance import checkpointer_test, validate

from hansard.adapters.langgraph import HansardSaver
from hansard.client import AsyncHansard


@checkpointer_test(name="HansardSaver")
async def saver() -> AsyncIterator[HansardSaver]:
    async with AsyncHansard() as client:
        yield HansardSaver(async_client=client)


def main() -> None:
    results = asyncio.run(validate(saver)).results.values()
    for result in results:
        for failure in result.failures or ():
            print(failure)
    passed = sum(result.tests_passed for result in results)
    print(f"{passed} passed, {sum(result.tests_failed for result in results)} failed")


if __name__ == "__main__":
    main()
