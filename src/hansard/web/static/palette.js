// ⌘K: everything that can be done from here, by name.
import { $, $$, dialog, failed, make, post } from "./dom.js"
import { visit } from "./visit.js"
import { ask } from "./bulk.js"
import { help } from "./keys.js"

function commands() {
  const found = $$(".rail a:not(.brand)").map(one => [one.textContent, "go", () => one.click()])
  for (const tab of $$(".find .tabs a")) found.push([tab.firstChild.textContent.trim(), "view", () => visit(tab.href)])
  for (const one of $$(".head button.item, .head .acts > form > button, .tabs2 a")) found.push([one.textContent.trim(), "session", () => one.click()])
  if ($("#list")) found.push(["Save this view…", "list", saveView], ["View as curl", "list", () => $("#list [data-curl]").click()])
  return [...found, ["Switch the theme", "page", () => $("[data-theme-switch]").click()], ["Keys of the keyboard", "page", help]]
}

export function show() {
  if ($("dialog.palette")) return
  const box = dialog(`<input aria-label="Command" placeholder="What do you want to do?" role="combobox" aria-expanded="true" aria-controls="commands" autocomplete="off"><ul id="commands" role="listbox"></ul>`, "palette")
  const input = $("input", box), list = $("ul", box), all = commands()
  let at = 0, shown = []
  const draw = () => {
    const typed = input.value.trim(), words = typed.toLowerCase().split(/\s+/)
    shown = all.filter(([label, kind]) => words.every(one => `${label} ${kind}`.toLowerCase().includes(one)))
    if (typed) shown.push([`Search for “${typed}”`, "search", () => visit(`/ui/?q=${encodeURIComponent(typed)}`)])
    at = Math.min(at, shown.length - 1)
    list.replaceChildren(...shown.map(([label, kind, act], index) => {
      const item = make("li", { role: "option", id: `command${index}` })
      item.setAttribute("aria-selected", index === at)
      item.append(label, make("small", { textContent: kind }))
      item.onclick = () => { box.close(); act() }
      return item
    }))
    input.setAttribute("aria-activedescendant", `command${at}`)
    list.children[at]?.scrollIntoView({ block: "nearest" })
  }
  input.oninput = () => { at = 0; draw() }
  input.onkeydown = event => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); at = (at + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % shown.length; draw() }
    if (event.key === "Enter") { event.preventDefault(); list.children[at]?.click() }
  }
  draw()
}

export async function saveView() {
  const name = await ask("Save this view", "A name for it", "Save")
  if (!name) return
  try {
    await post("/ui/views", { name, query: $("#list").dataset.query })
    location.reload()
  } catch (problem) { failed(problem) }
}

export function curl(text) {
  const box = dialog(`<h2>The same from the API</h2><pre></pre><form method="dialog"><button type="button" data-copy>Copy</button><button class="primary">Close</button></form>`)
  $("pre", box).textContent = text
  $("[data-copy]", box).dataset.copy = text
}
