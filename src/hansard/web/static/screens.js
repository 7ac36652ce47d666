// What the other screens do beyond their forms: wait for a key's first call, send a file, show a chosen span.
import { $, $$, csrf, get } from "./dom.js"

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

for (const form of $$("form[data-auto]")) { $("button", form).hidden = true; form.addEventListener("change", () => form.requestSubmit()) }

const drop = $("#drop")
if (drop) {
  $("#file").onchange = event => send(event.target.files[0])
  drop.ondragover = event => { event.preventDefault(); drop.classList.add("over") }
  drop.ondragleave = () => drop.classList.remove("over")
  drop.ondrop = event => { event.preventDefault(); drop.classList.remove("over"); send(event.dataTransfer.files[0]) }
}

function send(file) {
  if (!file) return
  const box = $("#imported")
  box.innerHTML = "<p></p><progress max=1 value=0></progress>"
  const say = text => { $("p", box).textContent = text }
  say(`Sending ${file.name}`)
  const call = new XMLHttpRequest()
  call.upload.onprogress = event => { $("progress", box).value = event.loaded / event.total; if (event.loaded === event.total) { say("Reading…"); $("progress", box).removeAttribute("value") } }
  call.onload = () => {
    $("progress", box).remove()
    if (call.status !== 200) return say($("main p", new DOMParser().parseFromString(call.responseText, "text/html"))?.textContent ?? "That did not work")
    const { new: fresh, same, updated, bad, messages } = JSON.parse(call.responseText)
    say(`${fresh.toLocaleString("en")} new, ${updated} added to, ${same} there already, ${bad} bad; ${messages.toLocaleString("en")} messages.`)
    $("p", box).append(" ", Object.assign(document.createElement("a"), { href: "/ui/", textContent: "Show the sessions" }))
  }
  call.onerror = () => say("The server cannot be reached")
  call.open("POST", `/ui/import?name=${encodeURIComponent(file.name)}`)
  call.setRequestHeader("X-CSRF-Token", csrf())
  call.setRequestHeader("Content-Type", "application/octet-stream")
  call.send(file)
}
