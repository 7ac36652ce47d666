// The reading pane: earlier messages, pictures, folding, and what is written while somebody reads.
import { $, $$, current, dialog, failed, fragment, make, part, style } from "./dom.js"
import { listQuery, target } from "./visit.js"

export function begin(url = new URL(location)) {
  style()
  const body = $("#body")
  if (!body) return
  marks(url.searchParams.get("q"))
  if (url.hash) target(url.hash)
  else if ($("[data-target]", body)) $("[data-target]", body).scrollIntoView({ block: "start" })
  else if ($(".busy", body)) body.scrollTop = body.scrollHeight
}

// The words that were searched stay marked in what is read.
function marks(words) {
  if (!words || !$("#talk")) return
  const plain = words.replace(/\b\w+:("[^"]*"|\S+)/g, " ").match(/"[^"]+"|[^\s"]+/g)?.map(one => one.replace(/["*]/g, "")).filter(one => one && !one.startsWith("-")) ?? []
  if (!plain.length) return
  const find = new RegExp(plain.map(one => one.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "gi")
  const walk = document.createTreeWalker($("#talk"), NodeFilter.SHOW_TEXT), found = []
  while (walk.nextNode() && found.length < 500) if (walk.currentNode.parentElement.closest(".said, pre, summary code") && walk.currentNode.data.search(find) >= 0) found.push(walk.currentNode)
  for (const node of found) {
    const made = document.createDocumentFragment()
    let at = 0
    for (const one of node.data.matchAll(find)) {
      made.append(node.data.slice(at, one.index), make("mark", { textContent: one[0] }))
      at = one.index + one[0].length
    }
    made.append(node.data.slice(at))
    node.replaceWith(made)
  }
}

document.addEventListener("click", async event => {
  const it = event.target.closest("[data-earlier], [data-later], [data-image], [data-fold]")
  if (!it) return
  event.preventDefault()
  if ("fold" in it.dataset) {
    const all = $$("#body .call, #body .calls"), open = all.some(one => !one.open)
    for (const one of all) one.open = open
  } else if ("image" in it.dataset) {
    const box = dialog("", "light")
    box.append($("img", it).cloneNode())
    box.onclick = () => box.close()
  } else {
    event.stopImmediatePropagation()
    try { more(it, await part(it.href, "pane")) } catch (problem) { failed(problem) }
  }
}, true)

function more(link, made) {
  const body = $("#body"), talk = $("#talk"), height = body.scrollHeight
  const earlier = "earlier" in link.dataset
  const day = earlier && $(".day", talk)
  talk[earlier ? "prepend" : "append"](...$("#talk", made).childNodes)
  const days = $$(".day", talk)
  if (day && days[days.indexOf(day) - 1]?.textContent === day.textContent) day.remove()
  const next = $(earlier ? "[data-earlier]" : "[data-later]", made)
  if (next) link.replaceWith(next)
  else link.closest(".onward").remove()
  if (earlier) body.scrollTop += body.scrollHeight - height
}

// Put a newer state of the pane into place without moving what is being read.
export function refreshed(text) {
  const made = typeof text === "string" ? fragment(text) : text
  const head = $("#pane .head"), fresh = $(".head", made)
  if (!head || !fresh || head.dataset.session !== fresh.dataset.session) return
  const tabs = $(".tabs2", head)
  $(".tabs2", fresh).replaceWith(tabs)
  head.replaceWith(fresh)
  if (!$("a", tabs).ariaCurrent || !$("#talk") || !$("#talk", made)) return
  const body = $("#body"), end = body.scrollHeight - body.scrollTop - body.clientHeight < 90
  const talk = $("#talk"), opened = new Map($$("details", talk).map((one, index) => [key(one), one.open]))
  const first = $("[id^=m]", made)
  const old = first && document.getElementById(first.id)
  if (first && !old && talk.children.length) return
  if (old) {
    let from = old
    while (from.parentElement !== talk) from = from.parentElement
    if (from.previousElementSibling?.matches(".day") && $(".day", made)) from = from.previousElementSibling
    while (from) { const next = from.nextSibling; from.remove(); from = next }
  }
  talk.append(...$("#talk", made).childNodes)
  for (const one of $$("details", talk)) { const was = opened.get(key(one)); if (was !== undefined) one.open = was || one.matches(".failed") }
  for (const name of [".busy", ".empty"]) { $(name, body)?.remove(); const now = $(name, made); if (now) body.append(now) }
  marks(new URL(location).searchParams.get("q"))
  if (end) body.scrollTop = body.scrollHeight
}

// What tells a fold from the others when its message is rendered anew.
const key = one => { const box = one.closest("[id]"); return `${box.id}:${$$("details", box).indexOf(one)}` }

let asking = false, again = false
export async function follow() {
  if (asking) { again = true; return }
  asking = true
  try { refreshed(await part(`/ui/sessions/${current()}?${listQuery(location)}`, "pane")) } catch {}
  asking = false
  if (again) { again = false; follow() }
}

begin()
