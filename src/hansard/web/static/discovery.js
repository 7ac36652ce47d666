// What the coding agents on this machine have kept: counted, and imported when it is wanted.
import { $, fragment, part } from "./dom.js"
import { post } from "./posting.js"

const found = $("#discovery")
if (found) discover(() => part("/ui/discovery", "discovery"))

async function discover(asked) {
  const importing = "importing" in found.dataset
  try { found.replaceChildren(await asked()) } catch { return }
  const form = $("form", found), going = $("[data-again]", found)
  found.toggleAttribute("data-importing", importing || going?.localName === "progress")
  if (importing && $("[data-done]", found)) return location.reload()
  if (going) setTimeout(discover, 500, () => part("/ui/discovery", "discovery"))
  if (form) form.onsubmit = event => {
    event.preventDefault()
    discover(async () => fragment(await (await post(form.action, {}, "discovery")).text()))
  }
}
