// The search box and the filters: the list follows them as they are changed.
import { $ } from "./dom.js"
import { current, listQuery } from "./state.js"
import { visit } from "./visit.js"

const FORM = "form.find", USUAL = "-active_at"
let timer

function find(replace, always) {
  const query = new URLSearchParams()
  for (const [name, value] of new FormData($(FORM)))
    if (value && !(name === "sort" && value === USUAL)) query.append(name, value)
  const url = new URL(`${current() ? location.pathname : "/ui/"}?${query}`, location)
  if (always || listQuery(url) !== listQuery(location)) visit(url, { replace })
}

document.addEventListener("change", ({ target }) => { if (target.closest(FORM)) find(false) })
document.addEventListener("submit", event => {
  if (!event.target.matches(FORM) || event.submitter?.name === "back") return
  event.preventDefault()
  find(false, true)
})
document.addEventListener("input", ({ target }) => {
  if (target.type !== "search" || !target.closest(FORM)) return
  clearTimeout(timer)
  timer = setTimeout(find, 120, true)
})
