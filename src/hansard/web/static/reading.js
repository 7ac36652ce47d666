// The reading pane: earlier messages, pictures, folding, and what is written while somebody reads.
import { $, $$, fragment, make, part, style } from "./dom.js"
import { dialog, failed } from "./notices.js"
import { current, listQuery, released } from "./state.js"

// So many pixels from its end a reader is at the end. Who is there follows what comes, until they
// scroll up; what unfolds, and a picture that loads late, changes nothing in that.
const BEHIND = 90
let following = false, settled = 0, newer = 0, top = 0

const isAtEnd = body => body.scrollHeight - body.scrollTop - body.clientHeight < BEHIND
const toEnd = body => { body.scrollTop = body.scrollHeight }

function watch(body) {
  following = isAtEnd(body)
  newer = 0
  top = body.scrollTop
  body.addEventListener("scroll", () => {
    if (isAtEnd(body)) { following = true; newer = 0; pill(body) }
    else if (body.scrollTop < top - 2) following = false
    top = body.scrollTop
  }, { passive: true })
  const sizes = new ResizeObserver(() => { if (following && Date.now() < settled) toEnd(body) })
  if ($("#talk", body)) sizes.observe($("#talk", body))
}

function pill(body) {
  const text = `${newer} new message${newer === 1 ? "" : "s"} ↓`
  $("#newer")?.remove()
  if (!newer) return
  const button = make("button", { id: "newer", type: "button", className: "pill" })
  button.textContent = text
  button.onclick = () => { following = true; toEnd(body) }
  body.after(button)
}

export function beginReading(url = new URL(location)) {
  style()
  const body = $("#body")
  if (!body) return
  highlight(url.searchParams.get("q"))
  const goal = $("[data-target]", body)
  if (url.hash) target(url.hash)
  else if (goal) goal.scrollIntoView({ block: "start" })
  else if ($(".busy", body)) toEnd(body)
  watch(body)
}

// Go to a part of the page, unfolded and shown as the one that was meant.
export function target(hash) {
  const to = document.getElementById(decodeURIComponent(hash.slice(1)))
  for (const old of $$("[data-target]")) old.removeAttribute("data-target")
  if (!to) return
  unfold(to)
  to.setAttribute("data-target", "")
  to.scrollIntoView({ block: "start" })
  if ($("mark", to)) stand($("mark", to))
}

function unfold(node) {
  for (let box = node.closest("details"); box; box = box.parentElement.closest("details"))
    box.open = true
}

// Stand at one of the words that were searched, wherever it is folded away.
export function stand(mark) {
  $("mark.at")?.classList.remove("at")
  mark.classList.add("at")
  unfold(mark)
  mark.scrollIntoView({ block: "center" })
}

// The words that were searched, without qualifiers and those that must not be there.
function plain(query) {
  const words = query.replace(/\b\w+:("[^"]*"|\S+)/g, " ").match(/"[^"]+"|[^\s"]+/g) ?? []
  return words.map(word => word.replace(/["*]/g, "")).filter(word => word && !word.startsWith("-"))
}

function highlight(query) {
  const words = query && $("#talk") ? plain(query) : []
  if (!words.length) return
  const escaped = words.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  const pattern = new RegExp(escaped.join("|"), "gi")
  const walk = document.createTreeWalker($("#talk"), NodeFilter.SHOW_TEXT), nodes = []
  while (walk.nextNode() && nodes.length < 500) {
    const node = walk.currentNode
    const readable = node.parentElement.closest(".said, pre, summary code")
    if (readable && node.data.search(pattern) >= 0) nodes.push(node)
  }
  for (const node of nodes) {
    const pieces = document.createDocumentFragment()
    let at = 0
    for (const { 0: textContent, index } of node.data.matchAll(pattern)) {
      pieces.append(node.data.slice(at, index), make("mark", { textContent }))
      at = index + textContent.length
    }
    pieces.append(node.data.slice(at))
    node.replaceWith(pieces)
  }
}

document.addEventListener("click", async event => {
  const link = event.target.closest("[data-earlier], [data-later], [data-image], [data-fold]")
  if (!link) return
  event.preventDefault()
  if ("fold" in link.dataset) {
    const all = $$("#body .call, #body .calls"), open = all.some(call => !call.open)
    for (const call of all) call.open = open
  } else if ("image" in link.dataset) {
    const box = dialog("", "light")
    box.append($("img", link).cloneNode())
    box.onclick = () => box.close()
  } else {
    event.stopImmediatePropagation()
    try { more(link, await part(link.href, "pane")) } catch (problem) { failed(problem) }
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
  const body = $("#body"), talk = $("#talk")
  const seen = Number(head.dataset.last)
  const folds = new Map($$("details", talk).map(fold => [key(fold), fold.open]))
  if (!cut(talk, made)) return
  talk.append(...$("#talk", made).childNodes)
  for (const fold of $$("details", talk)) {
    const was = folds.get(key(fold))
    if (was !== undefined) fold.open = was || fold.matches(".failed")
  }
  for (const name of [".busy", ".empty"]) {
    $(name, body)?.remove()
    const now = $(name, made)
    if (now) body.append(now)
  }
  highlight(new URL(location).searchParams.get("q"))
  const added = $$("[id^=m]", talk).filter(one => one.id.slice(1) > seen)
  if (following) {
    settled = Date.now() + 2000
    toEnd(body)
  } else if (added.length) {
    newer += added.length
    pill(body)
  }
}

// Take away what is shown anew; false where the two have nothing in common.
function cut(talk, made) {
  const first = $("[id^=m]", made)
  const old = first && document.getElementById(first.id)
  if (!old) return !first || !talk.children.length
  let from = old
  while (from.parentElement !== talk) from = from.parentElement
  const day = from.previousElementSibling
  if (day?.matches(".day") && $(".day", made)) from = day
  while (from) {
    const next = from.nextSibling
    from.remove()
    from = next
  }
  return true
}

// What tells a fold from the others when its message is rendered anew.
function key(fold) {
  const box = fold.closest("[id]")
  return `${box.id}:${$$("details", box).indexOf(fold)}`
}

let asking = false, again = false
export async function follow() {
  if (asking) { again = true; return }
  asking = true
  try {
    const fresh = await part(`/ui/sessions/${current()}?${listQuery(location)}`, "pane")
    await released()
    refreshed(fresh)
  } catch {}
  asking = false
  if (again) { again = false; follow() }
}

beginReading()
