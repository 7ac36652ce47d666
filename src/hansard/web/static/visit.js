// Go from one address to another, swapping only what differs: the list, the pane, or neither.
import { $, $$, part, style } from "./dom.js"
import { renew } from "./list.js"
import { failed } from "./notices.js"
import { beginReading, target } from "./reading.js"
import { current, listQuery, mark, released, session } from "./state.js"

const none = $("#pane > .empty") ?? $("#none")?.content.firstElementChild
let going, shown = new URL(location)

export async function visit(address, { push = true, replace = false, focus = false } = {}) {
  const to = new URL(address, location)
  if (!$("#list")) return location.assign(to)
  going?.abort()
  going = new AbortController()
  const { signal } = going, otherList = listQuery(to) !== listQuery(shown)
  try {
    const work = []
    if (otherList) work.push(swap(to, signal, push))
    const otherPane = to.pathname + to.search !== shown.pathname + shown.search
    if (session(to) && (otherPane || !$("#pane .head"))) work.push(openPane(to, signal, focus))
    await Promise.all(work)
    const wide = matchMedia("(min-width: 861px)").matches
    if (!session(to) && !(wide && push && otherList)) closePane()
    if (replace) history.replaceState(null, "", to)
    else if (push && to.href !== location.href) history.pushState(null, "", to)
    shown = to
    $("#scroll").classList.remove("stale")
    if (to.hash) target(to.hash)
  } catch (problem) {
    if (problem.name === "AbortError") return
    mark(current())
    $("#scroll").classList.add("stale")
    failed(problem)
  }
}

// Another list in the place of this one. Who is typing goes on typing, and an open menu stays open.
async function swap(to, signal, keep) {
  const made = await part(`/ui/?${listQuery(to)}`, "list", signal)
  await released()
  signal.throwIfAborted()
  const old = $("#list"), box = $("input[type=search]", old), fresh = $("#list", made)
  const typing = document.activeElement === box, { selectionStart, selectionEnd } = box
  const menu = $$("details.menu", old).findIndex(details => details.open)
  await renew(made)
  if (typing) {
    $("input[type=search]", fresh).replaceWith(box)
    box.focus()
    box.setSelectionRange(selectionStart, selectionEnd)
  }
  const again = keep && $$("details.menu", fresh)[menu]
  if (again) again.open = true
}

async function openPane(to, signal, focus) {
  mark(session(to))
  const [made] = await Promise.all([part(to.pathname + to.search, "pane", signal), style()])
  $("#pane").replaceChildren(made)
  document.body.classList.add("reading")
  mark(current())
  document.title = `${$("#pane h1")?.textContent} · Hansard`
  beginReading(to)
  if (focus) $("#pane").focus({ preventScroll: true })
}

function closePane() {
  document.body.classList.remove("reading")
  if (!$("#pane .head")) return
  $("#pane").replaceChildren(none)
  mark()
}

// Whether an address can be gone to without another page.
export const isHere = url => $("#list") && /\/ui\/(sessions\/[^/]+)?$/.test(url.pathname)

addEventListener("popstate", () => {
  if (isHere(location)) visit(location.href, { push: false })
  else location.reload()
})
