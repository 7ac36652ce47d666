// Many at once: two steps to choose all, an undo for ten seconds, and no selection outlives its filter.
import { $, $$, dialog, failed, part, post, toast } from "./dom.js"
import { facts } from "./list.js"
import { visit } from "./visit.js"

let all = false

export function chose() {
  all = false
  show()
}

const chosen = () => $$("#rows input:checked").map(one => one.value)

function show() {
  const bar = $("#bulk"), ids = chosen(), { total } = facts()
  bar.hidden = !ids.length && !all
  $("#list").classList.toggle("selecting", !bar.hidden)
  if (bar.hidden) return
  const count = all ? total : ids.length
  const full = !all && total > ids.length && !("search" in $("#list").dataset)
  bar.innerHTML = `<p role="status"><b>${count.toLocaleString("en")}</b> ${all ? "sessions match and are" : count === 1 ? "session" : "sessions"} selected.${full ? ` <button type="button" class="quiet" data-do="page">Select the ${$$("#rows .row").length} shown</button>` : ""}${full && ids.length >= Math.min(50, $$("#rows .row").length) ? ` <button type="button" class="quiet" data-do="all">Select all ${total.toLocaleString("en")} that match</button>` : ""}</p>` +
    [["resolve", "Resolve"], ["reopen", "Reopen"], ["tag", "Tag…"], ["archive", "Archive"], ["delete", "Delete…"]].map(([name, label]) => `<button type="button" data-do="${name}">${label}</button>`).join("") + `<button type="button" class="quiet" data-do="none">Clear</button>`
}

async function act(name) {
  const ids = chosen(), { total, query, asof } = facts(), count = all ? total : ids.length
  let value = ""
  if (name === "none") { for (const one of $$("#rows input:checked")) one.checked = false; all = false; return show() }
  if (name === "page") { for (const one of $$("#rows input[name=ids]")) one.checked = true; return show() }
  if (name === "all") { all = true; return show() }
  if (name === "tag") { value = await ask(`Tag ${count.toLocaleString("en")} sessions`, "Tag", ""); if (!value) return }
  if (name === "delete" && await ask(`Delete ${count.toLocaleString("en")} sessions for ever`, `Type ${count} to confirm; there is no undo`, "") !== String(count)) return
  const fields = new URLSearchParams({ action: name, value })
  if (all) fields.set("all", JSON.stringify({ query, snapshot: asof, count }))
  else for (const id of ids) fields.append("ids", id)
  try {
    const done = await (await post("/ui/bulk", fields)).json()
    const said = { resolve: "resolved", reopen: "reopened", tag: "tagged", archive: "archived", delete: "deleted" }[name]
    toast(`${done.changed.toLocaleString("en")} ${done.changed === 1 ? "session" : "sessions"} ${said}`, done.undo && "Undo", async () => {
      const back = await (await post(`/ui/bulk/${done.undo}/undo`, {})).json()
      toast(`${back.restored.toLocaleString("en")} taken back${back.skipped ? `, ${back.skipped} had changed since` : ""}`)
      again()
    })
    again()
  } catch (problem) { failed(problem); if (problem.status === 409) again() }
}

async function again() {
  all = false
  const made = await part(`/ui/${facts().query}`, "list")
  $("#list").replaceWith($("#list", made))
  ;(await import("./live.js")).light()
  ;(await import("./list.js")).begin()
}

export function ask(title, label, initial) {
  return new Promise(done => {
    const box = dialog(`<h2></h2><form method="dialog"><label class="sr" for="asked"></label><input id="asked" autocomplete="off"><button value="">Cancel</button><button class="primary" value="ok">OK</button></form>`)
    $("h2", box).textContent = title
    $("label", box).textContent = label
    $("input", box).placeholder = label
    $("input", box).value = initial
    box.onclose = () => done(box.returnValue === "ok" ? $("input", box).value.trim() : "")
    $("input", box).onkeydown = event => { if (event.key === "Enter") { event.preventDefault(); box.close("ok") } }
    $("input", box).focus()
  })
}

document.addEventListener("click", event => { const it = event.target.closest("[data-do]"); if (it) act(it.dataset.do) })
