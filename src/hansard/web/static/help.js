// Which keys there are, and whether single ones count.
import { $, get } from "./dom.js"
import { dialog, toast } from "./notices.js"

export const enabled = () => localStorage.getItem("keys") !== "off"

function toggle() {
  localStorage.setItem("keys", enabled() ? "off" : "on")
  toast(`Shortcuts are ${enabled() ? "on" : "off"}`, "", null, 2000)
}

export async function help() {
  const box = dialog(await (await get("/ui/help")).text())
  $(".off", box).onclick = () => { toggle(); box.close() }
}
