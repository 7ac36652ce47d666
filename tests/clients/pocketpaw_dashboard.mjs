// PocketPaw's dashboard without a browser: its state, websocket and session scripts run as they were published.
// Prints a line per check, as lib/checks.py does.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import vm from "node:vm";

const { HANSARD_URL, HANSARD_KEY, DASHBOARD } = process.env;
const kept = new Map();
let cookie = "";
let failed = false;

globalThis.window = globalThis;
globalThis.location = new URL(HANSARD_URL);
globalThis.localStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
  removeItem: (name) => kept.delete(name),
};
globalThis.PocketPaw = { Loader: { register() {} } };
globalThis.console.log = () => {};

// What a browser adds to a page's requests: where the page came from, and its cookies.
const bareFetch = globalThis.fetch;
globalThis.fetch = async (path, options = {}) => {
  const headers = { ...options.headers, ...(cookie ? { cookie } : {}) };
  const answer = await bareFetch(new URL(path, HANSARD_URL), { ...options, headers });
  const set = answer.headers.get("set-cookie");
  if (set) cookie = set.split(";")[0];
  return answer;
};

for (const script of ["state.js", "websocket.js", "features/sessions.js"]) {
  vm.runInThisContext(readFileSync(join(DASHBOARD, script), "utf-8"), { filename: script });
}

const page = {
  messages: [],
  isStreaming: false,
  streamed: 0,
  toasts: [],
  $nextTick: (then) => then(),
  $refs: {},
  showToast(text) { this.toasts.push(text); },
  ...PocketPaw.Sessions.getState(),
  ...PocketPaw.Sessions.getMethods(),
};

function say(verdict, what, why) {
  process.stdout.write([verdict, `dashboard: ${what}`, ...(why ? [why] : [])].join("\t") + "\n");
}

async function check(what, work) {
  try {
    await work();
    say("ok", what);
  } catch (problem) {
    failed = true;
    say("FAIL", what, String(problem.message ?? problem).replaceAll(/\s+/g, " "));
  }
}

function expect(seen, wanted) {
  if (!isDeepStrictEqual(seen, wanted)) throw new Error(`expected ${JSON.stringify(wanted)}, saw ${JSON.stringify(seen)}`);
}

/** The next message of a type. */
function next(type) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${type} came`)), 10_000);
    const heard = (data) => { clearTimeout(late); socket.off(type, heard); resolve(data); };
    socket.on(type, heard);
  });
}

async function chat(text) {
  const [begun, ended] = [next("stream_start"), next("stream_end")];
  socket.chat(text);
  await begun;
  await ended;
}

await check("without a sign-in the list is refused", async () => {
  expect((await fetch("/api/sessions?limit=100")).status, 401);
});

await check("signs in with the key and keeps the cookie", async () => {
  const answer = await fetch("/api/auth/login", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token: HANSARD_KEY }),
  });
  expect([answer.status, await answer.json()], [200, { ok: true }]);
});

await check("loads its list", async () => {
  await page.loadSessions();
  expect(page.sessions.length, page.sessionsTotal);
  expect(page.sessions.every((one) => one.id && one.title && one.last_activity && one.channel), true);
});

await check("groups it by day", async () => {
  expect(page.getGroupedSessions().flatMap((group) => group.sessions).length, page.sessions.length);
  expect(page.getGroupedSessions().every((group) => ["Today", "Yesterday", "This Week", "Older"].includes(group.label)), true);
});

await check("filters it by title and preview", async () => {
  page.sessionSearch = "köln";
  expect(page.getGroupedSessions().flatMap((group) => group.sessions).map((one) => one.id), ["telegram_42"]);
  page.sessionSearch = "";
});

await check("connects its websocket with the token and hears who it is", async () => {
  localStorage.setItem("pocketpaw_token", HANSARD_KEY);
  const hello = next("connection_info");
  socket.connect();
  expect((await hello).id.startsWith("websocket_"), true);
});

socket.on("session_history", (data) => page.handleSessionHistory(data));
socket.on("new_session", (data) => page.handleNewSession(data));

await check("opens a session and shows its messages", async () => {
  const history = next("session_history");
  page.selectSession("telegram_42");
  await history;
  expect(page.currentSessionId, "telegram_42");
  expect(page.messages.map((one) => [one.role, one.content]), [
    ["user", "Wie wird das Wetter in Köln?"], ["assistant", "Regen, 12 °C."], ["user", "Danke 🙏"],
  ]);
});

await check("begins a new chat, says something and finds it in the list", async () => {
  const made = next("new_session");
  page.createNewChat();
  await made;
  await chat("Remember the milk");
  await page.loadSessions();
  expect([page.sessions[0].id, page.sessions[0].title, page.sessions[0].message_count], [page.currentSessionId, "Remember the milk", 1]);
});

await check("titles the chat by itself as the server does", async () => {
  page.messages = [{ role: "user", content: "Remember the milk" }];
  page.autoTitleCurrentSession();
  expect(page.sessions[0].title, "Remember the milk");
});

await check("renames it for good", async () => {
  page.editingSessionTitle = "  Shopping ";
  await page.saveRenameSession(page.currentSessionId);
  await chat("And eggs");
  await page.loadSessions();
  expect(page.sessions[0].title, "Shopping");
});

await check("downloads it", async () => {
  globalThis.document = { createElement: () => ({ click() {} }), body: { appendChild() {}, removeChild() {} } };
  await page.exportSessionById(page.currentSessionId, "json");
  await page.exportSessionById(page.currentSessionId, "md");
  expect(page.toasts, ["Exported as JSON", "Exported as MD"]);
});

await check("deletes it and moves on to a new chat", async () => {
  const gone = page.currentSessionId;
  const made = next("new_session");
  await page.deleteSession(gone);
  await made;
  await page.loadSessions();
  expect(page.sessions.some((one) => one.id === gone), false);
});

await check("resumes a session when it connects again", async () => {
  socket.ws.onclose = null;
  socket.ws.close();
  Object.assign(socket, { isConnected: false, isConnecting: false });
  const [hello, history] = [next("connection_info"), next("session_history")];
  socket.connect("telegram_42");
  expect((await hello).id, "telegram_42");
  expect((await history).messages.length, 3);
});

process.exit(failed ? 1 : 0);
