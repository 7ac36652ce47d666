// The keyboard. Single keys can be switched off; Ctrl+F is always the browser's.
import { $, $$, TYPING } from "./dom.js"
import { enabled, help } from "./help.js"
import { step } from "./list.js"
import { copy, toast } from "./notices.js"
import { GO, showPalette } from "./palette.js"
import { stand } from "./reading.js"
import { listQuery } from "./state.js"
import { visit } from "./visit.js"

let goingAt = 0, counter

const openNext = by => { const next = step(by); if (next) visit(next.href) }

const KEYS = {
  j: () => step(1), k: () => step(-1), "]": () => openNext(1), "[": () => openNext(-1),
  n: () => hit(1) ?? openNext(1), N: () => hit(-1) ?? openNext(-1),
  c: () => copy(location.href), "?": help,
  g: () => { goingAt = Date.now() },
  "/": () => {
    const box = $("input[type=search]")
    if (!box) location.href = "/ui/"
    box?.focus()
    box?.select()
  },
  x: () => {
    const row = document.activeElement.closest(".row") ?? $(".row:has([aria-current])")
    if (row) $("input", row).click()
  },
  Escape: () => {
    const menu = $("details.menu[open]")
    if (menu) menu.open = false
    else if ($(".reading #list")) visit(`/ui/?${listQuery(location)}`)
  },
}

// Walk the words that were searched.
function hit(by) {
  const marks = $$("#body mark"), at = marks.findIndex(mark => mark.matches(".at"))
  if (!marks.length) return
  const next = at < 0 && by < 0 ? marks.length - 1 : (at + by + marks.length) % marks.length
  stand(marks[next])
  counter?.remove()
  return counter = toast(`${next + 1} of ${marks.length}`, "", null, 1500)
}

function typed(event, box) {
  if (event.key === "Escape") box.blur()
  if (event.key !== "Enter" || box.type !== "search") return
  event.preventDefault()
  $(".row a")?.focus()
}

function keyAct(key) {
  if (Date.now() - goingAt < 1500 && key in GO) {
    goingAt = 0
    return () => { location.href = `/ui/${GO[key]}` }
  }
  const button = /^[a-z+-]$/.test(key) && (async () => {
    const row = document.activeElement.closest(".row a:not([aria-current])")
    if (row && "e+-".includes(key)) await visit(row.href)
    $(`.head [data-key="${key}"]`)?.click()
  })
  return KEYS[key] ?? button
}

export function pressed(event) {
  const { key } = event, control = event.metaKey || event.ctrlKey
  if (control && key === "k") {
    event.preventDefault()
    return showPalette()
  }
  if (control || event.altKey || $("dialog[open]")) return
  const box = event.target.closest(TYPING)
  if (box) return typed(event, box)
  const act = (enabled() || key.length > 1) && keyAct(key)
  if (!act) return
  event.preventDefault()
  act()
}

document.addEventListener("keydown", pressed)
