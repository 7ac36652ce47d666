// One stream of events for all tabs of a browser: one tab holds it and passes events on.
import { $, json, part, sessions } from "./dom.js"
import { current, list, row } from "./state.js"

const NAME = "/ui/live"
const channel = "BroadcastChannel" in window ? new BroadcastChannel(NAME) : null
let last = Number($("#list")?.dataset.generation ?? 0), leading = false, state = "", since = 0
const changed = new Set()
let created = 0, resync = false

function show(now, at) {
  if (now === state) return
  state = now
  since = at ?? Date.now()
  const light = $("#live")
  if (!light) return
  light.className = now
  light.title = now === "on" ? "Live" : "Offline"
  const clock = new Date(since).toTimeString().slice(0, 5)
  light.textContent = now === "off" ? `offline since ${clock}` : ""
}

function take(event) {
  if (event.id <= last && !event.resync) return
  last = Math.max(last, event.id)
  if (event.resync) resync = true
  else {
    changed.add(event.session_id.slice(4))
    if (event.type === "session.created") created++
  }
  timer ??= setTimeout(settle, 400)
}

let timer
async function settle() {
  timer = undefined
  const ids = [...changed], all = resync
  changed.clear()
  resync = false
  try {
    if (!$("#list")) return document.dispatchEvent(new CustomEvent("changes"))
    if (current() && (all || ids.includes(current()))) (await import("./reading.js")).follow()
    if (!$("#rows")) return location.search ? null : location.reload()
    const { refresh } = await import("./list.js")
    const seen = ids.filter(row).slice(0, 20)
    await Promise.all(seen.map(id => part(`/ui/row/${id}${list.query}`, "row")
      .then(fresh => refresh(id, fresh), () => {})))
    const more = created || all || (list.query && seen.length < ids.length)
    if (more && !("search" in $("#list").dataset))
      counting ??= setTimeout(() => pill().catch(() => {}), 600)
  } catch {}
}

// What is new, or has come to match the filter, waits until it is wanted.
let counting
async function pill() {
  counting = undefined
  created = 0
  const { renew } = await import("./list.js")
  const { total } = await json(`/ui/count${list.query}`)
  const box = $("#fresh"), more = total - list.total
  if (!box || more <= 0) return
  box.textContent = `${sessions(more, "new ")} – show`
  box.hidden = false
  box.onclick = renew
}

function send(message) { channel?.postMessage(message); receive(message) }
function receive(message) {
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
      source.onopen = () => { retry = 1000; send({ state: "on" }) }
      const id = event => Number(event.lastEventId)
      source.onmessage = event => send({ id: id(event), ...JSON.parse(event.data) })
      source.addEventListener("resync", event => send({ id: id(event), resync: true }))
      source.onerror = () => {
        send({ state: "off" })
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
    const changes = await json(`/ui/changes?since=${last}`)
    show("on")
    for (const event of changes.data) take(event)
    if (changes.resync) take({ id: changes.next, resync: true })
    last = Math.max(last, changes.next)
  } catch { show("off") }
}

if ($("#list") || $("[data-live]")) {
  if (navigator.locks && channel) {
    channel.onmessage = event => receive(event.data)
    navigator.locks.request(NAME, lead)
    channel.postMessage({ ask: true })
  } else setInterval(poll, 4000)
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll() })
}
