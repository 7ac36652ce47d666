import { $, TYPING, style } from "./dom.js"

document.documentElement.classList.add("js")

// What is needed only now and then comes at the first sign that it will be.
let loaded = false
async function later() {
  style()
  const { pressed } = await import("./keys.js")
  loaded = true
  return pressed
}
const facts = $("#list")?.dataset
const early = $("#pane .head, [data-screen], #discovery")
if (early || (facts && !facts.total) || facts?.offset > 0) later()

// What is pressed or typed before it is here happens when it is.
for (const kind of ["click", "change", "input"]) document.addEventListener(kind, async event => {
  const control = event.target.closest(kind === "click" ? "button[type=button]" : "form.find *")
  if (loaded || !control) return
  await later()
  control.dispatchEvent(new Event(kind, { bubbles: true }))
}, true)
const once = { once: true, passive: true }
for (const sign of ["pointerover", "pointerdown", "focusin", "wheel", "touchstart"])
  document.addEventListener(sign, later, once)
$("#scroll")?.addEventListener("scroll", later, once)

let ahead  // what is typed behind ⌘K before its box is here
document.addEventListener("keydown", async event => {
  const { key, target } = event, control = event.ctrlKey || event.metaKey
  const single = /^([a-zA-Z/?[\]+-]|Escape)$/.test(key) && !event.altKey && !target.closest(TYPING)
  const typed = ahead != null && !control && !key[1]
  if (!typed && (loaded || !(control ? key === "k" : single))) return
  event.preventDefault()
  if (typed) event.stopImmediatePropagation()
  if (typed) return ahead += key
  if (key === "/") return $("input[type=search]")?.focus()
  if (control) ahead ??= ""
  const pressed = await later(), box = pressed(event)
  if (box && ahead) {
    box.value = ahead
    box.oninput()
  }
  ahead = null
})
