// Small tools that every module uses.
export const $ = (selector, root = document) => root.querySelector(selector)
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]
export const make = (tag, facts) => Object.assign(document.createElement(tag), facts)
export const TYPING = "input:not([type=checkbox]), textarea, select"

export const number = count => count.toLocaleString("en")
export const sessions = (count, kind = "") =>
  `${number(count)} ${kind}session${count === 1 ? "" : "s"}`

export function fragment(text) {
  const template = make("template")
  template.innerHTML = text
  return template.content
}

export async function checked(answer) {
  if (answer.redirected && answer.url.includes("/ui/sign-in")) {
    const here = location.href.slice(location.origin.length)
    location.href = `/ui/sign-in?next=${encodeURIComponent(here)}`
  }
  if (answer.ok) return answer
  const page = new DOMParser().parseFromString(await answer.text(), "text/html")
  const message = $("main p", page)?.textContent || `The server answered ${answer.status}`
  const id = answer.headers.get("X-Request-ID")
  throw Object.assign(new Error(message), { id, status: answer.status })
}

export const get = async (url, part = "", signal) =>
  checked(await fetch(url, { headers: { "X-Fragment": part }, signal }))
export const json = async (url, signal) => (await get(url, "", signal)).json()
export const part = async (url, name, signal) =>
  fragment(await (await get(url, name, signal)).text())

// The styles of what comes later than the list.
export function style() {
  if ($("link[href$='later.css']")) return
  const href = $("link[href$='app.css']").href.replace("app.css", "later.css")
  const link = make("link", { rel: "stylesheet", href })
  document.head.append(link)
  return new Promise(done => { link.onload = link.onerror = done })
}
