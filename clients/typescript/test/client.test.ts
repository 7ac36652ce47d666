import assert from "node:assert/strict";
import { test } from "node:test";

import { HansardError, Refused, Unreachable, type Message } from "../src/index.js";
import { EventReader } from "../src/events.js";
import { client, flaky, fresh } from "./server.js";

const hansard = client();

test("a session starts once, and its messages come back in order", async () => {
  const id = fresh("order");
  const session = await hansard.sessions.start(id, { channel: "web", user: "ada", tags: ["vip"] });
  assert.equal(session.id, id);
  assert.equal((await hansard.sessions.start(id)).uid, session.uid);
  const written = await hansard.messages.append(id, [
    { role: "user", text: "Where is my order?" },
    { role: "assistant", text: "It arrives tomorrow." },
  ]);
  assert.deepEqual(written.map((message) => message.seq), [1, 2]);
  const read = await hansard.messages.list(id).first(10);
  assert.deepEqual(read.map((message) => message.role), ["user", "assistant"]);
  assert.equal((await hansard.sessions.read(id)).message_count, 2);
});

test("an append starts its session, and expectedSeq refuses one that comes too late", async () => {
  const id = fresh("started");
  await hansard.messages.append(id, [{ role: "user", text: "a" }], { start: { app: "shop" } });
  assert.equal((await hansard.sessions.read(id)).app, "shop");
  await assert.rejects(
    hansard.messages.append(id, [{ role: "user", text: "b" }], { expectedSeq: 0 }),
    (problem: unknown) => problem instanceof Refused && problem.code === "seq_mismatch",
  );
});

test("lists page by themselves, and values of one filter are alternatives", async () => {
  const app = fresh("app");
  for (let number = 0; number < 5; number += 1) {
    await hansard.sessions.start(`${app}-${number}`, { app, channel: number % 2 ? "a,b" : "c" });
  }
  const list = hansard.sessions.list({ app: [app], limit: 2, sort: "created_at" });
  const ids: string[] = [];
  for await (const session of list) ids.push(session.id);
  assert.deepEqual(ids, [0, 1, 2, 3, 4].map((number) => `${app}-${number}`));
  assert.equal((await list.first(3)).length, 3);
  assert.equal(await hansard.sessions.count({ app: [app], channel: ["a,b"] }), 2);
  assert.equal(await hansard.sessions.count({ app: [app], channel: ["a,b", "c"] }), 5);
});

test("what filters can take is counted, and what needs attention is listed", async () => {
  const app = fresh("app");
  for (const agent of ["porter", "porter", null])
    await hansard.sessions.start(null, { app, agent, channel: "web" });
  const [agents, channels] = await hansard.sessions.facets({ by: ["agent", "channel"], app: [app] });
  assert.deepEqual(agents?.values, [{ value: "porter", count: 2 }]);
  assert.deepEqual([agents?.none, channels?.total], [1, 3]);
  assert.equal(await hansard.sessions.count({ app: [app], none: ["agent"] }), 1);
  const waiting = fresh("waiting");
  await hansard.sessions.start(waiting, { app });
  await hansard.runs.start(waiting, { state: "waiting" });
  const [first] = await hansard.attention();
  assert.equal(first?.reason, "waiting");
  assert.ok(first?.data.some((session) => session.id === waiting));
});

test("an append whose answer was lost is sent again and written once", async () => {
  const id = fresh("lost");
  await hansard.sessions.start(id);
  const lost = client({
    fetch: flaky(1, () => { throw new TypeError("fetch failed"); }, true),
    retries: 1,
  });
  await lost.messages.append(id, [{ role: "user", text: "once" }]);
  assert.equal((await hansard.sessions.read(id)).message_count, 1);
});

test("a read asks for what the client's own writes led to", async () => {
  const sent: (string | null)[] = [];
  const positioned = client({
    fetch: async (address, init) => {
      sent.push(new Headers(init?.headers).get("Hansard-Position"));
      const answer = await fetch(address, init);
      const headers = new Headers(answer.headers);
      if (init?.method === "POST") headers.set("Hansard-Position", String(9 - sent.length));
      return new Response(answer.body, { status: answer.status, headers });
    },
  });
  await positioned.sessions.start(fresh("a"));
  await positioned.sessions.start(fresh("b"));
  await positioned.sessions.list().page();
  assert.deepEqual(sent, [null, "8", "8"]);
});

test("what passes by itself is tried again, as often as retries say", async () => {
  const busy = () => new Response("{}", { status: 503, headers: { "Retry-After": "0" } });
  assert.equal((await client({ fetch: flaky(2, busy) }).workspace()).id.length > 0, true);
  await assert.rejects(client({ fetch: flaky(1, busy), retries: 0 }).workspace(), Refused);
  await assert.rejects(
    client({ url: "http://127.0.0.1:9", retries: 0 }).workspace(),
    (problem: unknown) => problem instanceof Unreachable && /server running/.test(problem.message),
  );
});

test("a refusal says what was wrong, with its request", async () => {
  await assert.rejects(hansard.sessions.read(fresh("absent")), (problem: unknown) => {
    assert.ok(problem instanceof Refused);
    assert.equal(problem.status, 404);
    assert.equal(problem.code, "session_not_found");
    assert.match(problem.requestId ?? "", /^req_/);
    assert.match(problem.message, /request req_/);
    return true;
  });
  assert.throws(() => hansard.sessions.read(".."), HansardError);
  assert.throws(() => client({ apiKey: " " }).workspace(), HansardError);
});

test("ids hold anything, and a number that JSON lacks is not sent", async () => {
  const id = `${fresh("a ü b?")}#%`;
  await hansard.sessions.start(id, { title: "T" });
  assert.equal((await hansard.sessions.read(id)).title, "T");
  await assert.rejects(hansard.sessions.update(id, { metadata: { n: NaN } }), /NaN/);
});

test("changes, forks, rewinds, notes, scores and runs", async () => {
  const id = fresh("work");
  const session = await hansard.sessions.start(id);
  const changed = await hansard.sessions.update(id, { title: "new" }, { ifVersion: session.version });
  await assert.rejects(
    hansard.sessions.update(id, { title: "late" }, { ifVersion: session.version }),
    (problem: unknown) => problem instanceof Refused && problem.status === 412,
  );
  assert.equal(changed.title, "new");
  const run = await hansard.runs.start(id, { agent: "bot" });
  await hansard.runs.heartbeat(id, run.id);
  await hansard.messages.append(id, [{ role: "user", text: "1" }, { role: "assistant", text: "2" }]);
  assert.equal((await hansard.runs.finish(id, run.id)).state, "completed");
  const fork = await hansard.sessions.fork(id, { message: 1, id: fresh("fork") });
  assert.equal(fork.message_count, 1);
  const rewound = await hansard.messages.rewind(id, { count: 1 });
  assert.equal(rewound.removed.length, 1);
  await hansard.notes.add(id, { text: "look here", message: 1 });
  await hansard.scores.give(id, { name: "helpful", value: 1 });
  assert.equal((await hansard.notes.list(id).first(5))[0]?.text, "look here");
  assert.equal((await hansard.scores.list(id).first(5))[0]?.value, 1);
  const going = await hansard.sessions.delete(id, { dry_run: true });
  assert.equal(going.messages, 1);
  await hansard.sessions.delete(id);
  await assert.rejects(hansard.sessions.read(id), Refused);
});

test("documents have a revision", async () => {
  const owner = { scope: "user" as const, user: fresh("ada"), key: "cart" };
  const first = await hansard.documents.put(owner, { value: { step: "cart" } });
  await hansard.documents.put(owner, { value: { paid: true }, merge: true, if_revision: 1 });
  assert.equal(first.revision, 1);
  assert.deepEqual((await hansard.documents.read(owner)).value, { step: "cart", paid: true });
  assert.equal((await hansard.documents.list({ scope: "user", user: owner.user }).first(5)).length, 1);
  await hansard.documents.delete(owner);
});

test("search finds what was said", async () => {
  const word = fresh("zebra").replaceAll("-", "");
  const id = fresh("search");
  await hansard.messages.append(id, [{ role: "user", text: `a ${word} here` }], { start: {} });
  for (let tries = 0; tries < 100; tries += 1) {
    const [found] = await hansard.search(word).first(1);
    if (found !== undefined) return assert.equal(found.session.id, id);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail("not found within ten seconds");
});

test("a tail gives each message as it comes, and ends when it is told to", async () => {
  const id = fresh("tail");
  await hansard.messages.append(id, [{ role: "user", text: "before" }], { start: {} });
  const stop = new AbortController();
  const seen: Message[] = [];
  const tail = hansard.sessions.tail(id, { after: 0, signal: stop.signal });
  const reading = (async () => {
    for await (const message of tail) {
      seen.push(message);
      if (seen.length === 1) await hansard.messages.append(id, [{ role: "user", text: "later" }]);
      if (seen.length === 2) stop.abort();
    }
  })();
  await assert.rejects(reading, { name: "AbortError" });
  assert.deepEqual(seen.map((message) => message.seq), [1, 2]);
});

test("a stream's lines make events", () => {
  const reader = new EventReader();
  const lines = ["event: session.created", "id: 7", 'data: {"session_id": "ses_1"}', ""];
  const [event] = lines.map((line) => reader.feed(line)).filter((each) => each !== null);
  assert.deepEqual(event, { id: 7, type: "session.created", session_id: "ses_1" });
  assert.deepEqual([": heartbeat", ""].map((line) => reader.feed(line)), [null, null]);
});
