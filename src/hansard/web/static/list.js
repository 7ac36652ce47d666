// The list: pages of 50 rows in a box with a true scroll bar; filters and search as they are typed.
import { $, $$, current, failed, get, make, part, row, sessions } from "./dom.js"
import { light } from "./live.js"
import { listQuery, mark, visit } from "./visit.js"

const PAGE = 50, AROUND = 2
let box, rows, kept, wanted, total, asof, query, height, timer, open, pressed
export const picked = new Set()

export function begin() {
  box = $("#scroll"); rows = $("#rows")
  const list = $("#list")
  $("form.find").addEventListener("change", filtered)
  $("form.find").addEventListener("submit", event => { event.preventDefault(); filtered(event) })
  $("input[type=search]").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => filtered({ target: {} }), 120) })
  list.style.setProperty("--pill", `${box.offsetTop + 10}px`)
  list.addEventListener("click", async event => { if (event.target.name === "ids") { through(event.target, event.shiftKey); (await import("./bulk.js")).chose() } })
  picked.clear(); pressed = null
  if (!rows) return
  query = list.dataset.query; asof = list.dataset.asof; open?.abort(); open = new AbortController()
  height = parseFloat(getComputedStyle(rows).getPropertyValue("--row"))
  const first = Math.floor(list.dataset.offset / PAGE)
  kept = new Map([[first, choosable(rows)]]); wanted = new Set([first])
  const shown = Number(list.dataset.offset) + rows.children.length
  total = list.dataset.total ? Number(list.dataset.total) : shown + ("more" in list.dataset ? PAGE : 0)
  rows.classList.toggle("short", total <= shown)
  if ("search" in list.dataset) { rows.classList.add("short"); box.addEventListener("scroll", onward, { passive: true }); return }
  if (!list.dataset.total) count()
  from = to = first
  pad()
  if (first) box.scrollTop = first * PAGE * height
  box.addEventListener("scroll", scrolled, { passive: true })
  new ResizeObserver(scrolled).observe(box)
  mark(current())
}

// Another list in the place of this one: as it was asked for, else the same as it is now.
export async function renew(made) {
  $("#list").replaceWith($("#list", made?.nodeType ? made : await part(`/ui/${query}`, "list")))
  light()
  begin()
}

// A box to tick stands in each row, once there is somebody to tick it.
function choosable(box) {
  const list = $$(".row", box)
  for (const one of list) {
    const time = $("time", one)
    time.title = `${time.dateTime}, here ${new Date(time.dateTime).toLocaleString()}`
    if ($("input", one) || !("bulk" in $("#list").dataset)) continue
    const tick = make("input", { type: "checkbox", name: "ids", value: $("a", one).getAttribute("href").match(/sessions\/([^?#]+)/)[1] })
    tick.ariaLabel = `Select ${$("b", one).textContent}`
    tick.checked = picked.has(tick.value)
    one.prepend(tick)
  }
  return list
}

// What is ticked stays so while its row is scrolled away.
export function pick(tick, on) {
  tick.checked = on
  picked[on ? "add" : "delete"](tick.value)
}

// With Shift, all from the last one that was ticked to this one.
function through(tick, shift) {
  const all = $$("input", rows), to = all.indexOf(tick), from = shift && all.includes(pressed) ? all.indexOf(pressed) : to
  for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) pick(one, tick.checked)
  pressed = tick
}

const pageAt = () => Math.floor(box.scrollTop / height / PAGE)

// The page of rows that is in view, or what a search has shown so far.
export const inView = () => (kept.get(pageAt()) ?? $$(".row", rows)).slice(0, 200)

async function count() {
  try {
    total = (await (await get(`/ui/count${query}`, "", open.signal)).json()).total
    $("#count").textContent = sessions(total)
    rows.classList.toggle("short", total <= rows.children.length)
    scrolled(true)
  } catch (problem) { failed(problem) }
}

let from = 0, to = 0
function scrolled(force) {
  if (!rows?.isConnected) return
  const last = Math.max(0, Math.ceil(total / PAGE) - 1)
  const at = Math.min(last, pageAt())
  const begin = Math.max(0, at - AROUND), end = Math.min(last, at + AROUND)
  if (begin === from && end === to && force !== true) return
  lay(begin, end)
}

// Show pages begin…end: what is kept at once, a gap of the same height for what is not here yet.
function lay(begin, end) {
  from = begin; to = end
  const nodes = []
  for (let page = begin; page <= end; page++) {
    const have = kept.get(page)
    if (have) nodes.push(...have)
    else {
      const gap = make("li")
      gap.style.height = `${Math.min(PAGE, total - page * PAGE) * height}px`
      nodes.push(gap)
      load(page)
    }
  }
  const held = document.activeElement?.closest?.(".row")
  rows.replaceChildren(...nodes)
  if (held?.isConnected) $("a", held).focus({ preventScroll: true })
  pad()
}

// Room for the pages that are not here.
function pad() {
  rows.style.paddingTop = `${from * PAGE * height}px`
  rows.style.paddingBottom = `${Math.max(0, total - (to + 1) * PAGE) * height}px`
}

async function load(page) {
  if (wanted.has(page)) return
  wanted.add(page)
  const mine = kept
  await new Promise(done => setTimeout(done, 30))
  if (page < from || page > to) return wanted.delete(page)
  try {
    const join = query ? "&" : "?"
    const made = await part(`/ui/rows${query}${join}page=${page}&asof=${asof}`, "rows", open.signal)
    if (mine !== kept) return
    kept.set(page, choosable(made))
    if (kept.size > 40) for (const one of [...kept.keys()]) if (one < from - 9 || one > to + 9) { kept.delete(one); wanted.delete(one) }
    if (page >= from && page <= to) { lay(from, to); mark(current()) }
  } catch (problem) { wanted.delete(page); failed(problem) }
}

// What a search finds goes on by its cursor.
async function onward() {
  const next = $("[data-cursor]", rows)
  if (!next || box.scrollTop + box.clientHeight < box.scrollHeight - 1500) return
  const { cursor } = next.dataset
  next.remove()
  try {
    const made = await part(`/ui/rows${query}&cursor=${encodeURIComponent(cursor)}`, "rows", open.signal)
    choosable(made)
    rows.append(made)
  } catch (problem) { failed(problem) }
}

export function refresh(id, made) {
  const old = row(id)?.parentElement
  if (!old || !made) return
  old.replaceChildren(...choosable(made)[0].children)
  if (id === current()) mark(id)
}

export const facts = () => ({ query, total, asof })

function filtered(event) {
  const form = new FormData($("form.find")), next = new URLSearchParams()
  for (const [name, value] of form) if (value && !(name === "sort" && value === "-updated_at")) next.append(name, value)
  const path = current() ? location.pathname : "/ui/"
  const url = new URL(`${path}?${next}`, location)
  if (listQuery(url) !== listQuery(location) || event.type === "submit") visit(url, { replace: event.target.name === undefined })
}

export function step(by) {
  const all = $$(".row a"), focus = all.indexOf(document.activeElement)
  const at = focus < 0 ? all.findIndex(one => one.hasAttribute("aria-current")) : focus
  const next = all[Math.max(0, Math.min(all.length - 1, at + by))]
  next?.focus({ preventScroll: true })
  next?.scrollIntoView({ block: "nearest" })
  return next
}

if ($("#list")) begin()
