// What is pressed anywhere: copying, opening, switching, and links that need not load a whole page.
import { $, $$, get } from "./dom.js"
import { copy, failed, toast } from "./notices.js"
import { curl, saveView, showPalette } from "./palette.js"
import { post } from "./posting.js"
import { refreshed } from "./reading.js"
import { isHere, visit } from "./visit.js"

const root = document.documentElement

// Anything on any screen that copies, opens or switches says so in an attribute.
const ACTS = {
  copy,
  "copy-from": selector => copy($(selector).textContent),
  "copy-text": async url => copy(await (await get(url)).text()),
  curl,
  palette: showPalette,
  "save-view": saveView,
}

const AGES = [["min", 60, 3600], ["h", 3600, 86400], ["d", 86400, 604800]]
function ago(stamp) {
  const seconds = (Date.now() - new Date(stamp)) / 1000
  if (seconds < 60) return "just now"
  for (const [unit, size, until] of AGES)
    if (seconds < until) return `${Math.floor(seconds / size)} ${unit} ago`
  return null
}

function buttonAct(target) {
  for (const name in ACTS) {
    const button = target.closest(`[data-${name}]`)
    if (button) return () => ACTS[name](button.getAttribute(`data-${name}`))
  }
}

function followLink(event) {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return
  const link = event.target.closest("a[href^='/ui/']")
  if (!link || link.target || !isHere(link)) return
  event.preventDefault()
  const menu = link.closest("details.menu")
  if (menu) menu.open = false
  visit(link.href, { focus: !!link.closest(".row") })
}

document.addEventListener("click", event => {
  const { target } = event, act = buttonAct(target)
  if (act) act()
  else if (target.closest("[data-theme-switch]")) {
    event.preventDefault()
    switchTheme()
  } else followLink(event)
  for (const menu of $$("details.menu[open]")) if (!menu.contains(target)) menu.open = false
})

document.addEventListener("submit", async event => {
  const form = event.target, button = event.submitter
  if (form.dataset.quiet !== "pane") return
  event.preventDefault()
  const send = async fields => refreshed(await (await post(form.action, fields, "pane")).text())
  try {
    const { said, undo } = button.dataset
    await send(new FormData(form, button))
    if (said) toast(said, "Undo", () => send({ [button.name]: undo }))
  } catch (problem) { failed(problem) }
})

function switchTheme() {
  const order = ["auto", "light", "dark"]
  const next = order[(order.indexOf(root.dataset.theme) + 1) % 3]
  root.dataset.theme = next
  document.cookie = `theme=${next}; path=/; max-age=31536000; samesite=lax`
}

// Times grow older on the screen as they do in life.
setInterval(() => {
  for (const time of $$("#rows time")) time.textContent = ago(time.dateTime) ?? time.textContent
}, 30000)
