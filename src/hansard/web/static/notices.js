// What the page says and asks beside its content.
import { $, make, style } from "./dom.js"

export function toast(text, label, act, wait = 10000) {
  style()
  const box = make("div")
  box.append(make("span", { textContent: text }))
  if (label) {
    const button = make("button", { textContent: label })
    button.onclick = () => { box.remove(); act() }
    box.append(button)
  }
  $("#toasts")?.append(box)
  setTimeout(() => box.remove(), wait)
  return box
}

export function failed({ name, message, id }) {
  if (name === "AbortError") return
  const offline = /fetch|network|load failed/i.test(message)
  toast(offline ? "Can't reach the server" : message, id && "Copy request id", () => copy(id))
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    toast("Copied", "", null, 1600)
  } catch {
    toast(text)
  }
}

export function dialog(content, name = "") {
  const box = make("dialog", { className: name, innerHTML: content })
  box.addEventListener("close", () => box.remove())
  box.onclick = event => { if (event.target === box) box.close() }
  document.body.append(box)
  box.showModal()
  return box
}

export function ask(title, label, verb = "OK", kind = "primary") {
  return new Promise(done => {
    const box = dialog(`<h2></h2><form method="dialog"><label for="asked"></label>` +
      `<input id="asked" autocomplete="off"><button value="">Cancel</button>` +
      `<button class="${kind}" value="ok">${verb}</button></form>`)
    const input = $("input", box)
    $("h2", box).textContent = title
    $("label", box).textContent = label
    box.onclose = () => done(box.returnValue && input.value.trim())
    input.onkeydown = event => {
      if (event.key !== "Enter") return
      event.preventDefault()
      box.close("ok")
    }
    input.focus()
  })
}
