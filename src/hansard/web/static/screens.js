// What the other screens do beyond their forms: wait for a key's first call, send a file, show a chosen span.
import { $, $$, checked, csrf, get, make } from "./dom.js"

const wait = $("[data-wait]")
if (wait) {
  const timer = setInterval(async () => {
    if (!(await (await get(wait.dataset.wait)).json()).used) return
    clearInterval(timer)
    wait.classList.add("got")
    $("i", wait).className = "ic check"
    $("span", wait).textContent = "Received"
  }, 1500)
}

for (const form of $$("form[data-auto]")) form.onchange = () => form.requestSubmit()

const drop = $("#drop")
if (drop) {
  $("#file").onchange = event => send(event.target.files[0])
  drop.ondragover = event => { event.preventDefault(); drop.classList.add("over") }
  drop.ondragleave = () => drop.classList.remove("over")
  drop.ondrop = event => { event.preventDefault(); drop.classList.remove("over"); send(event.dataTransfer.files[0]) }
}

async function send(file) {
  if (!file) return
  const box = $("#imported")
  box.textContent = `Reading ${file.name}…`
  try {
    const headers = { "X-CSRF-Token": csrf(), "Content-Type": "application/octet-stream" }
    const told = await (await checked(await fetch(`/ui/import?name=${encodeURIComponent(file.name)}`, { method: "POST", headers, body: file }))).json()
    box.replaceChildren(...told.said.map(textContent => make("p", { textContent })))
  } catch (problem) { box.textContent = problem.message }
}
