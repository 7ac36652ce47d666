// What is pressed anywhere: copying, opening, switching, and links that need not load a whole page.
import { $, $$, ago, copy, failed, get, post, toast } from "./dom.js"
import { visit } from "./visit.js"

const root = document.documentElement

// Anything on any screen that copies, opens or switches says so in an attribute.
document.addEventListener("click", async event => {
  const hit = name => event.target.closest(`[data-${name}]`)
  const plain = !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.button
  let it
  if ((it = hit("copy"))) copy(it.dataset.copy)
  else if ((it = hit("copy-from"))) copy($(it.dataset.copyFrom).textContent)
  else if ((it = hit("copy-text"))) copy(await (await get(it.dataset.copyText)).text())
  else if ((it = hit("curl"))) (await import("./palette.js")).curl(it.dataset.curl)
  else if (hit("palette")) (await import("./palette.js")).show()
  else if (hit("save-view")) (await import("./palette.js")).saveView()
  else if ((it = hit("theme-switch"))) { event.preventDefault(); theme() }
  else if (plain && $("#list") && (it = event.target.closest("a[href^='/ui/']")) && /^\/ui\/(sessions\/[^/]+)?$/.test(it.pathname) && !it.target) {
    event.preventDefault()
    const menu = it.closest("details.menu")
    if (menu) menu.open = false
    visit(it.href, { focus: !!it.closest(".row") })
  }
  for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false
})

document.addEventListener("submit", async event => {
  const form = event.target
  if (form.dataset.quiet !== "pane") return
  event.preventDefault()
  try {
    const fields = new FormData(form, event.submitter)
    const was = $(".head").dataset.resolution
    const { refreshed } = await import("./reading.js")
    refreshed(await (await post(form.action, fields, "pane")).text())
    const { said } = event.submitter.dataset
    if (said) toast(said, "Undo", async () => refreshed(await (await post(form.action, { resolution: was }, "pane")).text()))
  } catch (problem) { failed(problem) }
})

function theme() {
  const order = ["auto", "light", "dark"]
  const next = order[(order.indexOf(root.dataset.theme) + 1) % 3]
  root.dataset.theme = next
  document.cookie = `theme=${next}; path=/; max-age=31536000; samesite=lax`
}

// Times grow older on the screen as they do in life.
setInterval(() => { for (const one of $$("#rows time")) one.textContent = ago(one.dateTime) ?? one.textContent }, 30000)
