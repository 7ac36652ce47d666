// Go from one address to another, swapping only what differs: the list, the pane, or neither.
import { $, $$, current, failed, part, row, session, style, wide } from "./dom.js"

const PANE = ["tab", "at", "before", "after", "day", "page"]
const none = $("#pane > .empty") ?? $("#none")?.content.firstElementChild
let going

export function listQuery({ search }) {
  const query = new URLSearchParams(search)
  for (const name of PANE) query.delete(name)
  return query.toString()
}

let shown = new URL(location)

export async function visit(address, { push = true, replace = false, focus = false } = {}) {
  const to = new URL(address, location)
  if (!$("#list")) return location.assign(to)
  going?.abort()
  going = new AbortController()
  const { signal } = going
  try {
    const work = []
    if (listQuery(to) !== listQuery(shown)) work.push(list(to, signal, push))
    const pane = session(to) && (to.pathname + to.search !== shown.pathname + shown.search || !$("#pane .head"))
    if (pane) work.push(open(to, signal, focus))
    await Promise.all(work)
    if (!session(to) && !(wide() && push && listQuery(to) !== listQuery(shown))) close()
    if (replace) history.replaceState(null, "", to)
    else if (push && to.href !== location.href) history.pushState(null, "", to)
    shown = to
    $("#scroll").classList.remove("stale")
    if (to.hash) target(to.hash)
  } catch (problem) {
    if (problem.name !== "AbortError") { mark(current()); $("#scroll").classList.add("stale"); failed(problem) }
  }
}

async function list(to, signal, keep) {
  const made = await part(`/ui/?${listQuery(to)}`, "list", signal)
  const old = $("#list"), box = $("input[type=search]", old), fresh = $("#list", made)
  const typing = document.activeElement === box
  const menu = $$("details.menu", old).findIndex(one => one.open)
  await (await import("./list.js")).renew(made)
  const now = $("input[type=search]", fresh)
  if (typing) { now.value = box.value; now.focus(); now.setSelectionRange(box.selectionStart, box.selectionEnd) }
  if (keep && menu >= 0) { const again = $$("details.menu", fresh)[menu]; if (again) again.open = true }
}

async function open(to, signal, focus) {
  mark(session(to))
  const [made] = await Promise.all([part(to.pathname + to.search, "pane", signal), style()])
  $("#pane").replaceChildren(made)
  document.body.classList.add("reading")
  mark(current())
  document.title = `${$("#pane h1")?.textContent} · Hansard`
  ;(await import("./reading.js")).begin(to)
  if (focus) $("#pane").focus({ preventScroll: true })
}

function close() {
  document.body.classList.remove("reading")
  if (!$("#pane .head")) return
  $("#pane").replaceChildren(none)
  mark()
}

export function mark(id) {
  for (const one of $$(".row a[aria-current]")) one.removeAttribute("aria-current")
  row(id?.replace(/^ses_/, ""))?.setAttribute("aria-current", "true")
}

export function target(hash) {
  const to = document.getElementById(decodeURIComponent(hash.slice(1)))
  for (const one of $$("[data-target]")) one.removeAttribute("data-target")
  if (!to) return
  unfold(to)
  to.setAttribute("data-target", "")
  to.scrollIntoView({ block: "start" })
  if ($("mark", to)) stand($("mark", to))
}

const unfold = one => { for (let box = one.closest("details"); box; box = box.parentElement.closest("details")) box.open = true }

// Stand at one of the words that were searched, wherever it is folded away.
export function stand(mark) {
  $("mark.at")?.classList.remove("at")
  mark.classList.add("at")
  unfold(mark)
  mark.scrollIntoView({ block: "center" })
}

window.addEventListener("popstate", () => {
  if ($("#list") && /^\/ui\/(sessions\/[^/]+)?$/.test(location.pathname)) visit(location.href, { push: false })
  else location.reload()
})
