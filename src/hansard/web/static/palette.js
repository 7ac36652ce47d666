// ⌘K: everything that can be done from here, by name.
import { $, $$, make, part } from "./dom.js"
import { help } from "./help.js"
import { ask, dialog, failed } from "./notices.js"
import { post } from "./posting.js"
import { visit } from "./visit.js"

export const GO =
  { s: "", a: "attention", i: "insights", e: "transfers", k: "keys", x: "settings" }
const ITEMS = ".head button.item, .head .acts > form > button, .tabs2 a"
const BOX = `<input aria-label="Command" placeholder="Type a command or search" role="combobox"` +
  ` aria-expanded="true" aria-controls="commands" autocomplete="off">` +
  `<ul id="commands" role="listbox"></ul>`

function commands() {
  const press = kind => node => {
    const label = node.textContent.trim(), path = node.pathname?.split("/ui/")[1]
    const [go] = Object.entries(GO).find(([, screen]) => kind === "go" && screen === path) ?? []
    const key = go ? `g ${go}` : node.dataset.key
    return [label, key ? `${kind} · ${key}` : kind, () => node.click()]
  }
  const view = tab => [tab.firstChild.textContent.trim(), "view", () => visit(tab.href)]
  const list = $("#list") ? [
    ["Save as view…", "list", saveView],
    ["API request", "list", () => $("#list [data-curl]").click()],
  ] : []
  return [
    ...$$(ITEMS).map(press("session")),
    ...$$(".rail a:not(.brand)").map(press("go")),
    ...$$(".find .tabs a").map(view),
    ...list,
    ["Switch theme", "page", () => $("[data-theme-switch]").click()],
    ["Keyboard shortcuts", "page", help],
  ]
}

export function showPalette() {
  if ($("dialog.palette")) return
  const box = dialog(BOX, "palette")
  const input = $("input", box), items = $("ul", box), all = commands()
  let at = 0, shown = [], hits = [], timer, asked
  const draw = () => {
    const typed = input.value.trim(), words = typed.toLowerCase().split(/\s+/)
    shown = all.filter(([label, kind]) =>
      words.every(word => `${label} ${kind}`.toLowerCase().includes(word)))
    const search = () => visit(`/ui/?q=${encodeURIComponent(typed)}`)
    if (typed) shown.push([`Search for “${typed}”`, "search", search], ...hits)
    at = Math.min(at, shown.length - 1)
    items.replaceChildren(...shown.map(([label, kind, act], index) => {
      const item = make("li", { role: "option", id: `command${index}` })
      item.setAttribute("aria-selected", index === at)
      item.append(label, make("small", { textContent: kind }))
      item.onclick = () => { box.close(); act() }
      return item
    }))
    input.setAttribute("aria-activedescendant", `command${at}`)
    items.children[at]?.scrollIntoView({ block: "nearest" })
  }
  // The sessions that match, a moment after the last key.
  const look = async () => {
    asked = new AbortController()
    const { signal } = asked, typed = encodeURIComponent(input.value.trim())
    try {
      const rows = typed ? $$(".row a", await part(`/ui/rows?q=${typed}`, "rows", signal)) : []
      hits = rows.slice(0, 6).map(link =>
        [$("b", link).textContent.trim(), "session", () => visit(link.href)])
      draw()
    } catch {}
  }
  input.oninput = () => {
    at = 0
    hits = []
    asked?.abort()
    clearTimeout(timer)
    timer = setTimeout(look, 150)
    draw()
  }
  input.onkeydown = event => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!by && event.key !== "Enter") return
    event.preventDefault()
    if (!by) return items.children[at]?.click()
    at = (at + by + shown.length) % shown.length
    draw()
  }
  draw()
  return input
}

export async function saveView() {
  const name = await ask("Save as view", "Name", "Save")
  if (!name) return
  try {
    await post("/ui/views", { name, query: $("#list").dataset.query })
    location.reload()
  } catch (problem) { failed(problem) }
}

export function curl(text) {
  const box = dialog(`<h2>API request</h2><pre></pre><form method="dialog">` +
    `<button type="button" data-copy>Copy</button><button class="primary">Close</button></form>`)
  $("pre", box).textContent = text
  $("[data-copy]", box).dataset.copy = text
}
