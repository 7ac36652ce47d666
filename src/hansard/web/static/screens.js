// What the other screens do beyond their forms.
import { $ } from "./dom.js"

const screen = $("[data-screen]")
