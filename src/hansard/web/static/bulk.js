// Many at once: two steps to choose all, an undo for ten seconds; no selection outlives its filter.
import { $, $$, number, sessions } from "./dom.js"
import { inView, pick, renew } from "./list.js"
import { ask, failed, toast } from "./notices.js"
import { post } from "./posting.js"
import { list, picked } from "./state.js"

let all = false

function showBar() {
  const bar = $("#bulk"), page = inView().length
  bar.hidden = !picked.size && !all
  $("#list").classList.toggle("selecting", !bar.hidden)
  if (bar.hidden) return
  const count = all ? list.total : picked.size
  const step = (name, text) =>
    `<button type="button" class="quiet" data-do="${name}">${text}</button>`
  let next = ""
  if (!all && count < list.total) {
    if (count < page) next = step("page", `Select the ${page} on this page`)
    else if (!("search" in $("#list").dataset))
      next = step("all", `Select all ${number(list.total)} that match`)
  }
  if (!all && count === 2) {
    const [one, other] = picked
    next += ` <a href="/ui/sessions/${one}/compare?against=${other}">Compare</a>`
  }
  const verb = all ? "match and are " : ""
  $("p", bar).innerHTML = `<b>${sessions(count)}</b> ${verb}selected ${next}`
}

function clear() {
  picked.clear()
  for (const tick of $$("#rows input:checked")) tick.checked = false
  all = false
}

const CHOICES = {
  none: clear,
  page: () => { for (const row of inView()) pick($("input", row), true) },
  all: () => { all = true },
}

async function act(name) {
  if (CHOICES[name]) { CHOICES[name](); return showBar() }
  const ids = [...picked], count = all ? list.total : ids.length
  if (name === "export") {
    location.href = `/ui/export${all ? list.query : `?ids=${ids}`}`
    return
  }
  let value = ""
  if (name === "tag") {
    value = await ask(`Tag ${sessions(count)}`, "Tag")
    if (!value) return
  }
  if (name === "delete") {
    const label = `This can't be undone. Type ${count} to confirm`
    const typed = await ask(`Permanently delete ${sessions(count)}`, label, "Delete", "danger")
    if (typed !== `${count}`) return
  }
  const fields = new URLSearchParams({ action: name, value })
  if (all) fields.set("all", JSON.stringify({ query: list.query, snapshot: list.asof, count }))
  else for (const id of ids) fields.append("ids", id)
  try {
    const done = await (await post("/ui/bulk", fields)).json()
    toast(done.said, done.undo && "Undo", () => undo(done.undo))
    startAnew()
  } catch (problem) {
    failed(problem)
    if (problem.status === 409) startAnew()
  }
}

async function undo(id) {
  const { restored, skipped } = await (await post(`/ui/bulk/${id}/undo`, {})).json()
  const rest = skipped ? `, ${skipped} changed since` : ""
  toast(`${number(restored)} restored${rest}`)
  startAnew()
}

function startAnew() {
  all = false
  renew()
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-do]")
  if (button) act(button.dataset.do)
  if (target.name !== "ids") return
  all = false
  showBar()
})
