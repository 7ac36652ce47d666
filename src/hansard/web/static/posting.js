// What changes something on the server.
import { checked } from "./dom.js"

export const csrf = () => document.body.dataset.csrf

export async function post(url, fields, part = "") {
  const headers = { "X-Fragment": part, "X-CSRF-Token": csrf() }
  return checked(await fetch(url, { method: "POST", headers, body: new URLSearchParams(fields) }))
}
