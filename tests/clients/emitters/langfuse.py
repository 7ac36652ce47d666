"""OpenAI's SDK in Langfuse's wrapper, to the path and with the keys of Langfuse."""

from __future__ import annotations

import os

import emitting
import scripted_model

emitting.configure()
os.environ["LANGFUSE_BASE_URL"] = emitting.URL
os.environ["LANGFUSE_PUBLIC_KEY"] = "pk-any"
os.environ["LANGFUSE_SECRET_KEY"] = emitting.KEY

import langfuse
from langfuse.openai import OpenAI

client = langfuse.get_client()
with (
    scripted_model.running() as url,
    client.start_as_current_observation(name="chat", as_type="span"),
    langfuse.propagate_attributes(session_id=emitting.SESSION, user_id=emitting.USER),
):
    emitting.converse(OpenAI(base_url=url))
client.shutdown()
emitting.expect_conversation()
