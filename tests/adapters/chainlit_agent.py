"""A chat of Chainlit with a scripted model, as a program that can be killed and run again.

    python -m tests.adapters.chainlit_agent USER THREAD [die]

The model calls the tool ``look_up`` and answers. With ``die`` the tool kills the process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import chainlit as cl
from chainlit.context import init_http_context
from chainlit.data import get_data_layer

from hansard.adapters.chainlit import HansardDataLayer

QUESTION = "Where is order 17?"


@cl.data_layer
def data_layer() -> HansardDataLayer:
    return HansardDataLayer()


@cl.step(type="tool", name="look_up")
async def look_up(order: str, thread: str) -> str:
    while "die" in sys.argv:
        stored = await get_data_layer().get_thread(thread)
        if len(stored["steps"]) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
    return f"{order} is on its way"


async def main(user: str, thread: str) -> None:
    layer = get_data_layer()
    person = await layer.create_user(cl.User(identifier=user))
    init_http_context(thread_id=thread, user=person)
    stored = await layer.get_thread(thread)
    if stored is None:
        await layer.update_thread(thread, name=QUESTION, user_id=person.id)
        await cl.Message(content=QUESTION, author=user, type="user_message").send()
    else:
        print(*(f"{step['type']}: {step['output']}" for step in stored["steps"]), sep="\n")
    await cl.Message(content=f"It says: {await look_up('17', thread)}.").send()
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
