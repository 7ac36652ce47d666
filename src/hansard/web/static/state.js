// What is in sight, which all modules share: the session that is read, the list, what is picked.
import { $, $$ } from "./dom.js"

export const list = { query: "", total: 0, asof: "" }
export const picked = new Set()

export const session = url => url.pathname.match(/\/ui\/sessions\/([^/]+)/)?.[1]
export const current = () => $("#pane .head")?.dataset.session ?? session(location)
export const row = id => id ? $(`.row a[href^="/ui/sessions/${CSS.escape(id)}"]`) : null

export function mark(id) {
  for (const link of $$(".row a[aria-current]")) link.removeAttribute("aria-current")
  row(id?.replace(/^ses_/, ""))?.setAttribute("aria-current", "true")
}

// The part of an address that says which list it shows.
const PANE = ["tab", "at", "before", "after", "day", "page"]
export function listQuery({ search }) {
  const query = new URLSearchParams(search)
  for (const name of PANE) query.delete(name)
  return query.toString()
}

// What is pressed stays where it is until it is released, at most for ten seconds: a browser drops
// the click on what was replaced meanwhile.
let until = 0
addEventListener("pointerdown", ({ target, button }) => {
  if (!button && target.closest("a, button, summary, label, input")) until = Date.now() + 10000
}, true)
for (const end of ["pointerup", "pointercancel"])
  addEventListener(end, () => { until = Date.now() + 50 }, true)
export async function released() {
  while (Date.now() < until) await new Promise(done => setTimeout(done, 20))
}
