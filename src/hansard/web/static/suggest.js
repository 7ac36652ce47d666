// What may follow in the search box: names of qualifiers, then their values.
import { $, $$, part } from "./dom.js"

const SEARCH = "input[type=search]", BEGUN = /(^|\s)-?[\w.-]{2,}(:\S*)?$/
let asked, place = -1

function hide() {
  asked?.abort()
  $("#suggestions")?.remove()
  for (const name of ["role", "aria-expanded", "aria-controls", "aria-activedescendant"])
    $(SEARCH)?.removeAttribute(name)
}

async function suggest({ value, selectionStart }) {
  hide()
  asked = new AbortController()
  const text = value.slice(0, selectionStart)
  if (!BEGUN.test(text)) return
  try {
    const made = await part(`/ui/suggestions?q=${encodeURIComponent(text)}`, "", asked.signal)
    const box = $(SEARCH), { left, bottom } = box.getBoundingClientRect()
    if (!$("li", made) || document.activeElement !== box) return
    Object.assign($("ul", made).style, { left: `${left}px`, top: `${bottom + 4}px` })
    $("#main").append(made)
    place = -1
    box.role = "combobox"
    box.ariaExpanded = "true"
    box.setAttribute("aria-controls", "suggestions")
  } catch {}
}

function choose({ dataset }) {
  const box = $(SEARCH), rest = box.value.slice(box.selectionStart), { text } = dataset
  box.value = text + rest
  box.focus()
  box.setSelectionRange(text.length, text.length)
  box.dispatchEvent(new Event("input", { bubbles: true }))
}

document.addEventListener("input", ({ target }) => { if (target.matches(SEARCH)) suggest(target) })
document.addEventListener("pointerdown", event => {
  const item = event.target.closest("#suggestions li")
  if (!item) return hide()
  event.preventDefault()
  choose(item)
})
document.addEventListener("keydown", event => {
  const { key, target } = event, items = $$("#suggestions li")
  if (!items.length || !target.matches(SEARCH)) return
  const by = { ArrowDown: 1, ArrowUp: -1 }[key]
  if (by) {
    items[place]?.removeAttribute("aria-selected")
    place = (Math.max(place, by < 0 ? 0 : -1) + by + items.length) % items.length
    items[place].ariaSelected = "true"
    target.setAttribute("aria-activedescendant", items[place].id)
  } else if (key === "Enter" && place >= 0) choose(items[place])
  else {
    if (key === "Escape" || key === "Enter" || key === "Tab") hide()
    if (key !== "Escape") return
  }
  event.preventDefault()
  event.stopPropagation()
}, true)
