// Many at once: two steps to choose all, an undo for ten seconds, and no selection outlives its filter.
import { $, $$, dialog, failed, number, part, post, sessions, toast } from "./dom.js"
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
  bar.innerHTML = `<p role="status"><b>${sessions(count)}</b>${all ? " match and are" : ""} selected.${full ? ` <button type="button" class="quiet" data-do="page">Select the ${$$("#rows .row").length} shown</button>` : ""}${full && ids.length >= Math.min(50, $$("#rows .row").length) ? ` <button type="button" class="quiet" data-do="all">Select all ${number(total)} that match</button>` : ""}</p>` +
    [["resolve", "Resolve"], ["reopen", "Reopen"], ["tag", "Tag…"], ["archive", "Archive"], ["delete", "Delete…"]].map(([name, label]) => `<button type="button" data-do="${name}">${label}</button>`).join("") + `<button type="button" class="quiet" data-do="none">Clear</button>`
}

async function act(name) {
  const ids = chosen(), { total, query, asof } = facts(), count = all ? total : ids.length
  let value = ""
  if (name === "none") { for (const one of $$("#rows input:checked")) one.checked = false; all = false; return show() }
  if (name === "page") { for (const one of $$("#rows input[name=ids]")) one.checked = true; return show() }
  if (name === "all") { all = true; return show() }
  if (name === "tag") { value = await ask(`Tag ${sessions(count)}`, "Tag"); if (!value) return }
  if (name === "delete" && await ask(`Delete ${sessions(count)} for ever`, `There is no undo. Type ${count} to confirm`, "Delete", "danger") !== `${count}`) return
  const fields = new URLSearchParams({ action: name, value })
  if (all) fields.set("all", JSON.stringify({ query, snapshot: asof, count }))
  else for (const id of ids) fields.append("ids", id)
  try {
    const done = await (await post("/ui/bulk", fields)).json()
    toast(`${sessions(done.changed)} ${name}${/e$/.test(name) ? "d" : name === "tag" ? "ged" : "ed"}`, done.undo && "Undo", async () => {
      const back = await (await post(`/ui/bulk/${done.undo}/undo`, {})).json()
      toast(`${number(back.restored)} taken back${back.skipped ? `, ${back.skipped} had changed since` : ""}`)
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

export function ask(title, label, verb = "OK", style = "primary") {
  return new Promise(done => {
    const box = dialog(`<h2></h2><form method="dialog"><label for="asked"></label><input id="asked" autocomplete="off"><button value="">Cancel</button><button class="${style}" value="ok">${verb}</button></form>`)
    const input = $("input", box)
    $("h2", box).textContent = title
    $("label", box).textContent = label
    box.onclose = () => done(box.returnValue && input.value.trim())
    input.onkeydown = event => { if (event.key === "Enter") { event.preventDefault(); box.close("ok") } }
    input.focus()
  })
}

document.addEventListener("click", event => { const it = event.target.closest("[data-do]"); if (it) act(it.dataset.do) })
