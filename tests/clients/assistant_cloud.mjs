// assistant-ui's client as its runtimes use it. Prints a line per check, as lib/checks.py does.

import assert from "node:assert/strict";
import {
  AssistantCloud,
  CloudMessagePersistence,
  CloudRunReporter,
  createFormattedPersistence,
} from "assistant-cloud";
import { aiSDKV6FormatAdapter } from "assistant-cloud/ai-sdk";

const { HANSARD_URL, HANSARD_KEY } = process.env;
const baseUrl = `${HANSARD_URL}/assistant-ui`;
const identity = { apiKey: HANSARD_KEY, userId: "ada", workspaceId: "acme" };
const server = new AssistantCloud({ baseUrl, ...identity });
let tokens = 0;
const browser = new AssistantCloud({
  baseUrl,
  authToken: async () => {
    tokens += 1;
    return (await server.auth.tokens.create()).token;
  },
});

async function check(what, work) {
  try {
    await work();
    console.log(`ok\t${what}`);
  } catch (problem) {
    console.log(`FAIL\t${what}\t${String(problem?.stack ?? problem).replaceAll(/\s+/g, " ")}`);
  }
}

const content = (role, text) => ({ role, content: [{ type: "text", text }] });

await check("threads are created once, listed by pages, changed and read", async () => {
  const last_message_at = new Date();
  for (const external_id of ["cloud-1", "cloud-2", "cloud-1"]) {
    const created = await server.threads.create({ external_id, upsert: true, last_message_at });
    assert.equal(created.thread_id, external_id);
  }
  await assert.rejects(
    server.threads.create({ external_id: "cloud-1", last_message_at }),
    (problem) => problem.status === 409 && problem.code === "thread_exists",
  );
  await server.threads.update("cloud-1", { title: "Late", is_archived: true, metadata: { a: 1 } });
  const read = await server.threads.get("cloud-1");
  assert.deepEqual(
    [read.title, read.is_archived, read.external_id, read.workspace_id],
    ["Late", true, "cloud-1", "acme"],
  );
  assert.deepEqual(read.metadata, { a: 1 });
  const ids = async (query) => (await server.threads.list(query)).threads.map((each) => each.id);
  assert.deepEqual(await ids({ is_archived: false }), ["cloud-2"]);
  const all = await ids();
  assert.deepEqual(await ids({ limit: 1, after: all[0] }), all.slice(1, 2));
});

await check("a browser's token is taken, and asked for once", async () => {
  const { thread_id } = await browser.threads.create({ last_message_at: new Date() });
  assert.equal((await browser.threads.get(thread_id)).workspace_id, "acme");
  await browser.threads.delete(thread_id);
  await assert.rejects(browser.threads.get(thread_id), { status: 404, code: "thread_not_found" });
  assert.equal(tokens, 1);
});

await check("a runtime's messages are loaded as they were stored, over pages of 200", async () => {
  const writer = new CloudMessagePersistence(browser);
  for (let number = 0; number < 203; number += 1) {
    const parent = number === 0 ? null : `m-${number - 1}`;
    await writer.append("cloud-2", `m-${number}`, parent, "aui/v0", content("user", `${number}`));
  }
  const messages = (await new CloudMessagePersistence(browser).load("cloud-2")).reverse();
  assert.equal(messages.length, 203);
  messages.forEach((message, number) => {
    assert.deepEqual(message.content, content("user", `${number}`));
    assert.equal(message.external_id, `m-${number}`);
    assert.equal(message.parent_id, number === 0 ? null : messages[number - 1].id);
    assert.equal(message.height, number);
  });
  await writer.delete("cloud-2", ["m-1"]);
  const rest = (await new CloudMessagePersistence(browser).load("cloud-2")).reverse();
  assert.equal(rest[1].parent_id, rest[0].id);
});

await check("messages of the AI SDK are branches of a tree", async () => {
  const { thread_id } = await browser.threads.create({ last_message_at: new Date() });
  const formatted = () =>
    createFormattedPersistence(new CloudMessagePersistence(browser), aiSDKV6FormatAdapter);
  const say = (id, role, text) => ({ id, role, parts: [{ type: "text", text }] });
  const writer = formatted();
  await writer.append(thread_id, { parentId: null, message: say("q", "user", "where?") });
  await writer.append(thread_id, { parentId: "q", message: say("a1", "assistant", "here") });
  await writer.append(thread_id, { parentId: "q", message: say("a2", "assistant", "there") });
  await writer.update(thread_id, { parentId: "q", message: say("a2", "assistant", "Oslo") }, "a2");
  const { messages } = await formatted().load(thread_id);
  assert.deepEqual(
    messages.map((each) => each.message.parts[0].text),
    ["where?", "here", "Oslo"],
  );
  const [root, ...answers] = messages;
  assert.deepEqual(
    answers.map((each) => each.parentId),
    [root.message.id, root.message.id],
  );
});

await check("a message is written under a lease", async () => {
  const { thread_id } = await browser.threads.create({ last_message_at: new Date() });
  const writer = new CloudMessagePersistence(browser);
  const text = (words) => content("assistant", words);
  await writer.append(thread_id, "m", null, "aui/v0", text("h"), "running");
  assert.ok(writer.hasOpenRun("m"));
  const state = async () => {
    const [message] = (await browser.threads.messages.list(thread_id)).messages;
    return [message.run.status, writer.runStateOf(message.run)?.status, message.content];
  };
  assert.deepEqual(await state(), ["running", "in-progress", text("h")]);
  await writer.update(thread_id, "m", "aui/v0", text("hello"), "running");
  await writer.update(thread_id, "m", "aui/v0", text("hello there"), "done");
  assert.ok(!writer.hasOpenRun("m"));
  assert.deepEqual(await state(), ["ended", undefined, text("hello there")]);
  await assert.rejects(browser.threads.runs.heartbeat(thread_id, "run_none"), { status: 404 });
});

await check("runs, scores, feedback and events are reported", async () => {
  const { thread_id } = await browser.threads.create({ last_message_at: new Date() });
  const { message_id } = await browser.threads.messages.create(thread_id, {
    parent_id: null,
    format: "aui/v0",
    content: content("assistant", "hello"),
  });
  const report = { thread_id, status: "completed", input_tokens: 3, output_tokens: 2 };
  assert.match((await browser.runs.report(report)).run_id, /^run_/);
  await new CloudRunReporter(browser).report({ threadId: thread_id, status: "completed" });
  const score = { name: "tone", data_type: "categorical", string_value: "kind", thread_id };
  assert.equal((await browser.scores.create(score)).string_value, "kind");
  const feedback = await browser.threads.messages.feedback(thread_id, message_id, {
    type: "positive",
  });
  assert.equal(feedback.type, "positive");
  browser.events.track({ kind: "message_sent", thread_id });
  browser.events.dispose();
});

await check("what is not here is refused by a sentence", async () => {
  const refused = { status: 501, code: "not_here" };
  await assert.rejects(browser.threads.claim({ refresh_token: "x" }), refused);
  await assert.rejects(browser.files.generatePresignedUploadUrl({ filename: "a.png" }), refused);
  await assert.rejects(browser.projects.threads.list(), refused);
  await assert.rejects(
    browser.runs.stream({ thread_id: "x", assistant_id: "system/thread_title", messages: [] }),
    refused,
  );
  const visitor = new AssistantCloud({ baseUrl, anonymous: true });
  await assert.rejects(visitor.threads.list(), /Authorization failed/);
});
