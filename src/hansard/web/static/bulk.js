// Many at once: two steps to choose all, an undo for ten seconds, and no selection outlives its filter.
import { $, $$, dialog, failed, number, post, sessions, toast } from "./dom.js"
import { facts, inView, pick, picked, renew } from "./list.js"

let all = false

export function chose() {
  all = false
  show()
}

function show() {
  const bar = $("#bulk"), { total } = facts(), page = inView().length, list = $("#list").dataset
  bar.hidden = !picked.size && !all
  $("#list").classList.toggle("selecting", !bar.hidden)
  if (bar.hidden) return
  const count = all ? total : picked.size
  const step = (name, text) => `<button type="button" class="quiet" data-do="${name}">${text}</button>`
  const next = all || total <= count ? "" : count < page ? step("page", `Select the ${page} on this page`) : "search" in list ? "" : step("all", `Select all ${number(total)} that match`)
  $("p", bar).innerHTML = `<b>${sessions(count)}</b> ${all ? "match and are " : ""}selected ${next}`
}

async function act(name) {
  const ids = [...picked], { total, query, asof } = facts(), count = all ? total : ids.length
  let value = ""
  if (name === "none") { picked.clear(); for (const one of $$("#rows input:checked")) one.checked = false; all = false; return show() }
  if (name === "page") { for (const one of inView()) pick($("input", one), true); return show() }
  if (name === "all") { all = true; return show() }
  if (name === "export") return void (location.href = `/ui/export${all ? query : `?ids=${ids}`}`)
  if (name === "tag") { value = await ask(`Tag ${sessions(count)}`, "Tag"); if (!value) return }
  if (name === "delete" && await ask(`Delete ${sessions(count)} for ever`, `There is no undo. Type ${count} to confirm`, "Delete", "danger") !== `${count}`) return
  const fields = new URLSearchParams({ action: name, value })
  if (all) fields.set("all", JSON.stringify({ query, snapshot: asof, count }))
  else for (const id of ids) fields.append("ids", id)
  try {
    const done = await (await post("/ui/bulk", fields)).json()
    toast(done.said, done.undo && "Undo", async () => {
      const back = await (await post(`/ui/bulk/${done.undo}/undo`, {})).json()
      toast(`${number(back.restored)} taken back${back.skipped ? `, ${back.skipped} had changed since` : ""}`)
      again()
    })
    again()
  } catch (problem) { failed(problem); if (problem.status === 409) again() }
}

const again = () => { all = false; renew() }

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
