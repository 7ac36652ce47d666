// Small tools that every module uses.
export const $ = (selector, root = document) => root.querySelector(selector)
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]
export const make = (tag, facts) => Object.assign(document.createElement(tag), facts)
export const csrf = () => document.body.dataset.csrf

export const number = count => count.toLocaleString("en")
export const sessions = (count, kind = "") => `${number(count)} ${kind}session${count === 1 ? "" : "s"}`

export function fragment(text) {
  const made = make("template")
  made.innerHTML = text
  return made.content
}

export async function checked(answer) {
  if (answer.redirected && answer.url.includes("/ui/sign-in")) location.href = answer.url
  if (answer.ok) return answer
  const said = $("main p", new DOMParser().parseFromString(await answer.text(), "text/html"))
  throw Object.assign(new Error(said?.textContent || `The server answered ${answer.status}`), { id: answer.headers.get("X-Request-ID"), status: answer.status })
}

export const get = async (url, part, signal) => checked(await fetch(url, { headers: part ? { "X-Fragment": part } : {}, signal }))
export const part = async (url, name, signal) => fragment(await (await get(url, name, signal)).text())

export async function post(url, fields, name) {
  const headers = { "X-CSRF-Token": csrf() }
  if (name) headers["X-Fragment"] = name
  return checked(await fetch(url, { method: "POST", headers, body: new URLSearchParams(fields) }))
}

// The styles of what comes later than the list.
export function style() {
  if ($("link[href$='later.css']")) return
  const link = make("link", { rel: "stylesheet", href: $("link[href$='app.css']").href.replace("app.css", "later.css") })
  document.head.append(link)
  return new Promise(done => { link.onload = link.onerror = done })
}

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

export function failed(problem) {
  if (problem.name === "AbortError") return
  const offline = /fetch|network|load failed/i.test(problem.message)
  toast(offline ? "The server cannot be reached" : problem.message, problem.id && "Copy request id", () => copy(problem.id))
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    toast("Copied", "", null, 1600)
  } catch {
    toast(text)
  }
}

export const wide = () => matchMedia("(min-width: 861px)").matches

export function ago(stamp) {
  const at = new Date(stamp), seconds = (Date.now() - at) / 1000
  if (seconds < 60) return "now"
  for (const [unit, size, until] of [["min", 60, 3600], ["h", 3600, 86400], ["d", 86400, 604800]]) if (seconds < until) return `${Math.floor(seconds / size)} ${unit}`
  return null
}

export const session = url => url.pathname.match(/^\/ui\/sessions\/([^/]+)/)?.[1]
export const current = () => $("#pane .head")?.dataset.session ?? session(location)
export const row = id => id ? $(`.row a[href^="/ui/sessions/${CSS.escape(id)}"]`) : null

export function dialog(inside, name = "") {
  const box = make("dialog", { className: name, innerHTML: inside })
  box.addEventListener("close", () => box.remove())
  box.onclick = event => { if (event.target === box) box.close() }
  document.body.append(box)
  box.showModal()
  return box
}
