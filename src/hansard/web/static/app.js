import { $, style } from "./dom.js"

document.documentElement.classList.add("js")

// What is needed only now and then comes at the first sign that it will be.
const later = () => { style(); return import("./list.js") }
const list = $("#list")
if ($("#pane .head, [data-screen]") || (list && !list.dataset.total) || list?.dataset.offset > 0) later()
for (const sign of ["pointerover", "pointerdown", "focusin", "wheel", "touchstart"]) document.addEventListener(sign, later, { once: true, passive: true })
$("#scroll")?.addEventListener("scroll", later, { once: true, passive: true })
document.addEventListener("keydown", async event => {
  const control = event.ctrlKey || event.metaKey
  const ours = control ? event.key === "k" : /^([a-zA-Z/?[\]]|Escape)$/.test(event.key) && !event.altKey && !event.target.closest("input:not([type=checkbox]), textarea, select")
  if (window.H.keys || !ours) return
  event.preventDefault()
  ;(await import("./keys.js")).pressed(event)
})
