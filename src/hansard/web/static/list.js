// The list: pages of 50 rows in a box with a true scroll bar.
import { $, $$, json, make, part, sessions } from "./dom.js"
import { failed } from "./notices.js"
import { current, list, mark, picked, released, row } from "./state.js"

const PAGE = 50, AROUND = 2
let box, rows, kept, wanted, height, aborter, ticked
// The pages that are laid out.
let from = 0, to = 0

export function beginList() {
  box = $("#scroll")
  rows = $("#rows")
  const section = $("#list"), { dataset } = section
  section.style.setProperty("--pill", `${box.offsetTop + 10}px`)
  section.addEventListener("click", ({ target, shiftKey }) => {
    if (target.name === "ids") through(target, shiftKey)
  })
  picked.clear()
  ticked = null
  if (!rows) return
  list.query = dataset.query
  list.asof = dataset.asof
  aborter?.abort()
  aborter = new AbortController()
  height = parseFloat(getComputedStyle(rows).getPropertyValue("--row"))
  const first = Math.floor(dataset.offset / PAGE)
  kept = new Map([[first, choosable(rows)]])
  wanted = new Set([first])
  const shown = Number(dataset.offset) + rows.children.length
  list.total = dataset.total ? Number(dataset.total) : shown + ("more" in dataset ? PAGE : 0)
  rows.classList.toggle("short", list.total <= shown)
  // Further pages say where their rows are; the first one stands in its place until others come.
  if (!first) kept.get(0).forEach((item, at) => {
    item.ariaPosInSet = at + 1
    item.ariaSetSize = dataset.total || -1
  })
  if ("search" in dataset) {
    rows.classList.add("short")
    box.addEventListener("scroll", onward, { passive: true })
    return
  }
  if (!dataset.total) count()
  from = to = first
  pad()
  if (first) box.scrollTop = first * PAGE * height
  box.addEventListener("scroll", scrolled, { passive: true })
  new ResizeObserver(scrolled).observe(box)
  mark(current())
}

// Another list in the place of this one: `made`, else the same as it is now.
export async function renew(made) {
  const fresh = $("#list", made?.nodeType ? made : await part(`/ui/${list.query}`, "list"))
  $("#live", fresh).replaceWith($("#live"))
  $("#list").replaceWith(fresh)
  beginList()
}

// A box to tick stands in each row, once there is somebody to tick it.
function choosable(root) {
  const items = $$(".row", root)
  for (const item of items) {
    const time = $("time", item), href = $("a", item).getAttribute("href")
    time.title = `${new Date(time.dateTime).toLocaleString("sv")} (${time.dateTime})`
    if ($("input", item) || !("bulk" in $("#list").dataset)) continue
    const value = href.match(/sessions\/([^?#]+)/)[1]
    const tick = make("input", { type: "checkbox", name: "ids", value })
    tick.ariaLabel = `Select ${$("b", item).textContent}`
    tick.checked = picked.has(value)
    item.prepend(tick)
  }
  return items
}

// What is ticked stays so while its row is scrolled away.
export function pick(tick, on) {
  tick.checked = on
  picked[on ? "add" : "delete"](tick.value)
}

// With Shift, all from the last one that was ticked to this one.
function through(tick, shift) {
  const all = $$("input", rows), end = all.indexOf(tick)
  const start = shift && all.includes(ticked) ? all.indexOf(ticked) : end
  for (const other of all.slice(Math.min(start, end), Math.max(start, end) + 1))
    pick(other, tick.checked)
  ticked = tick
}

const pageAt = () => Math.floor(box.scrollTop / height / PAGE)

// The page of rows that is in view, or what a search has shown so far.
export const inView = () => (kept.get(pageAt()) ?? $$(".row", rows)).slice(0, 200)

async function count() {
  try {
    list.total = (await json(`/ui/count${list.query}`, aborter.signal)).total
    $("#count").textContent = sessions(list.total)
    rows.classList.toggle("short", list.total <= rows.children.length)
    scrolled(true)
  } catch (problem) { failed(problem) }
}

function scrolled(force) {
  if (!rows?.isConnected) return
  const last = Math.max(0, Math.ceil(list.total / PAGE) - 1)
  const page = Math.min(last, pageAt())
  const begin = Math.max(0, page - AROUND), end = Math.min(last, page + AROUND)
  if (begin !== from || end !== to || force === true) lay(begin, end)
}

// Lay out pages begin…end: what is kept at once, a gap of the same height for what is not here.
// A row that stays is not moved: it may be pressed or have the focus.
function lay(begin, end) {
  from = begin
  to = end
  const nodes = []
  for (let page = begin; page <= end; page++) {
    const have = kept.get(page)
    if (have) nodes.push(...have)
    else {
      const gap = make("li")
      gap.style.height = `${Math.min(PAGE, list.total - page * PAGE) * height}px`
      nodes.push(gap)
      load(page)
    }
  }
  const stay = new Set(nodes)
  for (const node of [...rows.children]) if (!stay.has(node)) node.remove()
  let next = rows.firstChild
  for (const node of nodes)
    if (node === next) next = next.nextSibling
    else rows.insertBefore(node, next)
  pad()
}

// Room for the pages that are not here.
function pad() {
  rows.style.paddingTop = `${from * PAGE * height}px`
  rows.style.paddingBottom = `${Math.max(0, list.total - (to + 1) * PAGE) * height}px`
}

async function load(page) {
  if (wanted.has(page)) return
  wanted.add(page)
  const mine = kept
  await new Promise(done => setTimeout(done, 30))
  if (page < from || page > to) return wanted.delete(page)
  try {
    const join = list.query ? "&" : "?"
    const url = `/ui/rows${list.query}${join}page=${page}&asof=${list.asof}`
    const fresh = await part(url, "rows", aborter.signal)
    if (mine !== kept) return
    kept.set(page, choosable(fresh))
    if (kept.size > 40) forget()
    if (page >= from && page <= to) {
      lay(from, to)
      mark(current())
    }
  } catch (problem) {
    wanted.delete(page)
    failed(problem)
  }
}

// Keep only the pages that are near.
function forget() {
  for (const page of [...kept.keys()]) if (page < from - 9 || page > to + 9) {
    kept.delete(page)
    wanted.delete(page)
  }
}

// What a search finds goes on by its cursor.
async function onward() {
  const next = $("[data-cursor]", rows)
  if (!next || box.scrollTop + box.clientHeight < box.scrollHeight - 1500) return
  const cursor = encodeURIComponent(next.dataset.cursor)
  next.remove()
  try {
    const fresh = await part(`/ui/rows${list.query}&cursor=${cursor}`, "rows", aborter.signal)
    choosable(fresh)
    rows.append(fresh)
  } catch (problem) { failed(problem) }
}

// Show a row's newer state. The link itself stays, since it leads back to this list.
export async function refresh(id, fresh) {
  choosable(fresh)
  await released()
  const link = $("a", fresh)
  if (link) row(id)?.replaceChildren(...link.childNodes)
  else leave(row(id)?.closest(".row"))
}

// A row that matches no more fades and leaves.
function leave(item) {
  if (!item || item.classList.contains("stale")) return
  item.classList.add("stale")
  setTimeout(() => {
    item.remove()
    for (const [page, items] of kept) kept.set(page, items.filter(one => one !== item))
    list.total--
    $("#count").textContent = sessions(list.total)
    pad()
  }, 600)
}

export function step(by) {
  const all = $$(".row a"), focus = all.indexOf(document.activeElement)
  const at = focus < 0 ? all.findIndex(link => link.hasAttribute("aria-current")) : focus
  const next = all[Math.max(0, Math.min(all.length - 1, at + by))]
  next?.focus({ preventScroll: true })
  next?.scrollIntoView({ block: "nearest" })
  return next
}

if ($("#list")) beginList()
