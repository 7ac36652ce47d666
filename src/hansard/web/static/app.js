import { $, style } from "./dom.js"

document.documentElement.classList.add("js")

// What is needed only now and then comes at the first sign that it will be.
const later = () => { style(); return import("./list.js") }
const list = $("#list")
if ($("#pane .head, [data-screen]") || (list && !list.dataset.total) || list?.dataset.offset > 0) later()
// What is pressed or typed before it is here happens when it is.
for (const kind of ["click", "change", "input"]) document.addEventListener(kind, async event => {
  const it = event.target.closest(kind === "click" ? "button[type=button]" : "form.find *")
  if (window.H.list || !it) return
  await later()
  it.dispatchEvent(new Event(kind, { bubbles: true }))
}, true)
for (const sign of ["pointerover", "pointerdown", "focusin", "wheel", "touchstart"]) document.addEventListener(sign, later, { once: true, passive: true })
$("#scroll")?.addEventListener("scroll", later, { once: true, passive: true })
document.addEventListener("keydown", async event => {
  const control = event.ctrlKey || event.metaKey
  const ours = control ? event.key === "k" : /^([a-zA-Z/?[\]]|Escape)$/.test(event.key) && !event.altKey && !event.target.closest("input:not([type=checkbox]), textarea, select")
  if (window.H.keys || !ours) return
  event.preventDefault()
  if (event.key === "/") return $("input[type=search]")?.focus()
  ;(await import("./keys.js")).pressed(event)
})
