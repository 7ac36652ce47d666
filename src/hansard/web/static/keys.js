// The keyboard. Single keys can be switched off; Ctrl+F is always the browser's.
import { $, $$, copy, dialog, get, toast } from "./dom.js"
import { listQuery, stand, visit } from "./visit.js"

const GO = { s: "/ui/", i: "/ui/insights", e: "/ui/transfers", k: "/ui/keys", x: "/ui/settings" }
let going = 0

export const enabled = () => localStorage.getItem("keys") !== "off"
export function toggle() {
  localStorage.setItem("keys", enabled() ? "off" : "on")
  toast(enabled() ? "Single keys are on" : "Single keys are off", "", null, 2000)
}

async function move(by, open) {
  const next = (await import("./list.js")).step(by)
  if (open && next) visit(next.href)
}

export async function help() {
  const box = dialog(await (await get("/ui/help")).text())
  $(".off", box).onclick = () => { toggle(); box.close() }
}

const KEYS = {
  j: () => move(1), k: () => move(-1), "]": () => move(1, true), "[": () => move(-1, true),
  "/": () => { const it = $("input[type=search]"); it?.focus(); it?.select(); if (!it) location.href = "/ui/" },
  n: () => hit(1), N: () => hit(-1), c: () => copy(location.href), "?": help,
  g: () => { going = Date.now() },
  x: () => { const row = document.activeElement.closest(".row") ?? $(".row:has([aria-current])"); if (row) $("input", row).click() },
  Escape: () => { const menu = $("details.menu[open]"); if (menu) menu.open = false; else if ($(".reading #list")) visit(`/ui/?${listQuery(location)}`) },
}

function hit(by) {
  const marks = $$("#body mark"), at = marks.findIndex(one => one.matches(".at"))
  if (!marks.length) return
  const next = at < 0 ? (by > 0 ? 0 : marks.length - 1) : (at + by + marks.length) % marks.length
  stand(marks[next])
  told?.remove()
  told = toast(`${next + 1} of ${marks.length}`, "", null, 1500)
}
let told

export function pressed(event) {
  if ((event.metaKey || event.ctrlKey) && event.key === "k") {
    event.preventDefault()
    return import("./palette.js").then(one => one.show())
  }
  if (event.metaKey || event.ctrlKey || event.altKey || $("dialog[open]")) return
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select")
  if (typing) {
    if (event.key === "Escape") typing.blur()
    if (event.key === "Enter" && typing.type === "search") { event.preventDefault(); $(".row a")?.focus() }
    return
  }
  if (!enabled() && event.key.length === 1) return
  if (going && Date.now() - going < 1500 && GO[event.key]) { going = 0; event.preventDefault(); location.href = GO[event.key]; return }
  const act = KEYS[event.key] ?? (/^[a-z]$/.test(event.key) && (() => $(`.head [data-key=${event.key}]`)?.click()))
  if (act) { event.preventDefault(); act() }
}

document.addEventListener("keydown", pressed)
