// What other screens do beyond their forms: wait for a key's first call, send a file, show a span.
import { $, $$, checked, json, make } from "./dom.js"
import { csrf } from "./posting.js"

const wait = $("[data-wait]")
if (wait) {
  const timer = setInterval(async () => {
    if (!(await json(wait.dataset.wait)).used) return
    clearInterval(timer)
    wait.classList.add("got")
    $("i", wait).className = "ic check"
    $("span", wait).textContent = "Received"
  }, 1500)
}

for (const form of $$("form[data-auto]")) form.onchange = () => form.requestSubmit()

const drop = $("#drop")
if (drop) {
  $("#file").onchange = ({ target }) => send(target.files[0])
  drop.ondragover = drop.ondragleave = drop.ondrop = event => {
    event.preventDefault()
    drop.classList.toggle("over", event.type === "dragover")
    send(event.dataTransfer.files[0])
  }
}

async function send(file) {
  if (!file) return
  const box = $("#imported"), url = `/ui/import?name=${encodeURIComponent(file.name)}`
  box.textContent = `Reading ${file.name}…`
  try {
    const headers = { "X-CSRF-Token": csrf(), "Content-Type": "application/octet-stream" }
    const answer = await checked(await fetch(url, { method: "POST", headers, body: file }))
    const lines = (await answer.json()).said
    box.replaceChildren(...lines.map(textContent => make("p", { textContent })))
  } catch (problem) { box.textContent = problem.message }
}
