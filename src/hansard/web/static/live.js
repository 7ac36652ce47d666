// One stream of events for all tabs of a browser: one of them holds it and tells the others.
import { $, current, get, part, row, sessions } from "./dom.js"

const channel = "BroadcastChannel" in window ? new BroadcastChannel("hansard") : null
let last = Number($("#list")?.dataset.generation ?? 0), leading = false, state = "", since = 0
const changed = new Set()
let created = 0, whole = false

function show(now, at) {
  if (now === state) return
  state = now; since = at ?? Date.now()
  const light = $("#live")
  if (!light) return
  light.className = light.title = now
  light.textContent = now === "off" ? `offline since ${new Date(since).toTimeString().slice(0, 5)}` : ""
}

function take(event) {
  if (event.id <= last && !event.resync) return
  last = Math.max(last, event.id)
  if (event.resync) whole = true
  else { changed.add(event.session_id.slice(4)); if (event.type === "session.created") created++ }
  timer ??= setTimeout(settle, 400)
}

let timer
async function settle() {
  timer = undefined
  const ids = [...changed], all = whole
  changed.clear(); whole = false
  try {
    if (!$("#list")) return document.dispatchEvent(new CustomEvent("changes"))
    if (current() && (all || ids.includes(current()))) (await import("./reading.js")).follow()
    if (!$("#rows")) return location.search ? null : location.reload()
    const list = await import("./list.js")
    const seen = ids.filter(row).slice(0, 20)
    await Promise.all(seen.map(async id => list.refresh(id, await part(`/ui/row/${id}`, "row").catch(() => null))))
    if ((created || all || (list.facts().query && seen.length < ids.length)) && !("search" in $("#list").dataset)) counting ??= setTimeout(() => pill().catch(() => {}), 600)
  } catch {}
}

// What came, and what has only now become one of those that are asked for, waits until it is wanted.
let counting
async function pill() {
  counting = undefined; created = 0
  const { facts, renew } = await import("./list.js"), { query, total } = facts()
  const now = (await (await get(`/ui/count${query}`)).json()).total
  const more = now - total
  const box = $("#fresh")
  if (!box || more <= 0) return
  box.textContent = `${sessions(more, "new ")} – show`
  box.hidden = false
  box.onclick = renew
}

export function light() { const now = state; state = ""; if (now) show(now, since) }

function tell(message) { channel?.postMessage(message); hear(message) }
function hear(message) {
  if (message.ask) { if (leading) channel.postMessage({ state, since }) }
  else if (message.state) show(message.state, message.since)
  else take(message)
}

function lead() {
  leading = true
  return new Promise(() => {
    let source, retry = 1000
    const connect = () => {
      source = new EventSource(`/ui/events?after=${last}`)
      source.onopen = () => { retry = 1000; tell({ state: "on" }) }
      source.onmessage = event => tell({ id: Number(event.lastEventId), ...JSON.parse(event.data) })
      source.addEventListener("resync", event => tell({ id: Number(event.lastEventId), resync: true }))
      source.onerror = () => {
        tell({ state: "off" })
        source.close()
        setTimeout(connect, retry)
        retry = Math.min(retry * 2, 15000)
      }
    }
    connect()
  })
}

async function poll() {
  try {
    const got = await (await get(`/ui/changes?since=${last}`)).json()
    show("on")
    for (const one of got.data) take(one)
    if (got.resync) take({ id: got.next, resync: true })
    last = Math.max(last, got.next)
  } catch { show("off") }
}

if ($("#list") || $("[data-live]")) {
  if (navigator.locks && channel) {
    channel.onmessage = event => hear(event.data)
    navigator.locks.request("hansard-live", lead)
    channel.postMessage({ ask: true })
  } else setInterval(poll, 4000)
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll() })
}
