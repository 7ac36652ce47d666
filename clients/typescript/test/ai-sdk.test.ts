import assert from "node:assert/strict";
import { test } from "node:test";

import type { UIMessage } from "ai";

import { ChatStore } from "../src/ai-sdk.js";
import { client, fresh } from "./server.js";

const hansard = client();
const store = new ChatStore(hansard);

function said(id: string, role: UIMessage["role"], text: string): UIMessage {
  return { id, role, parts: [{ type: "text", text }] };
}

test("a chat comes back as it was saved, and people can read it", async () => {
  const chat = await store.create({ channel: "web", user: "ada" });
  const messages = [
    said("u1", "user", "Weather in Oslo?"),
    {
      id: "a1",
      role: "assistant",
      metadata: { model: "gpt-5" },
      parts: [
        { type: "step-start" },
        { type: "reasoning", text: "I should look." },
        {
          type: "tool-weather",
          toolCallId: "c1",
          state: "output-available",
          input: { city: "Oslo" },
          output: { degrees: 4 },
        },
        { type: "text", text: "Four degrees." },
      ],
    } as UIMessage,
  ];
  await store.save(chat, messages);
  assert.deepEqual(await store.load(chat), messages);
  const [, answer] = await hansard.messages.list(chat).first(2);
  const types = answer?.parts.map((part) => part.type);
  assert.deepEqual(types, ["reasoning", "tool_call", "tool_call_response", "text"]);
  assert.equal((await hansard.sessions.read(chat)).title, "Weather in Oslo?");
});

test("saving again writes only what is new", async () => {
  const chat = fresh("chat");
  const messages = [said("u1", "user", "hello"), said("a1", "assistant", "hi")];
  await store.save(chat, messages, { app: "shop" });
  const before = await hansard.sessions.read(chat);
  await store.save(chat, messages);
  assert.equal((await hansard.sessions.read(chat)).version, before.version);
  await store.save(chat, [...messages, said("u2", "user", "bye")]);
  assert.equal((await hansard.sessions.read(chat)).last_seq, 3);
  assert.equal(before.app, "shop");
});

test("an answer that was made anew takes the place of the old one; a change is an edit", async () => {
  const chat = fresh("chat");
  const first = said("u1", "user", "hello");
  await store.save(chat, [first, said("a1", "assistant", "hi"), said("u2", "user", "more")]);
  await store.save(chat, [first, said("a2", "assistant", "good day")]);
  assert.deepEqual((await store.load(chat)).map((message) => message.id), ["u1", "a2"]);
  await store.save(chat, [first, said("a2", "assistant", "good evening")]);
  const loaded = await store.load(chat);
  assert.deepEqual(loaded[1]?.parts, [{ type: "text", text: "good evening" }]);
  assert.equal((await hansard.sessions.read(chat)).message_count, 2);
});

test("a long chat is compared at its end alone", async () => {
  const chat = fresh("long");
  const messages = Array.from({ length: 230 }, (_, number) =>
    said(`m${number}`, number % 2 ? "assistant" : "user", `words ${number}`),
  );
  await store.save(chat, messages);
  assert.deepEqual(await store.load(chat), messages);
  let requests = 0;
  const counted = new ChatStore(client({ fetch: (...call) => ((requests += 1), fetch(...call)) }));
  await counted.save(chat, [...messages, said("last", "user", "and this")]);
  assert.equal(requests, 2);
  assert.equal((await store.load(chat)).length, 231);
});

test("a chat that is not there is empty, and one that came by another way is readable", async () => {
  assert.deepEqual(await store.load(fresh("absent")), []);
  const id = fresh("native");
  await hansard.messages.append(id, [{ role: "user", text: "hello" }], { start: {} });
  assert.deepEqual((await store.load(id))[0]?.parts, [{ type: "text", text: "hello" }]);
});
