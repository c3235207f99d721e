// Keeps the part of the page that changes as it is on the server, and takes a dropped workbook.
"use strict";
const state = document.getElementById("state");
const drop = document.getElementById("drop");
const EVERY = 1000;

/** Return the part of the page that the server answers with; what is wrong is told, and null. */
async function ask(address, options) {
  const answer = await fetch(address, { headers: { "x-part": "1" }, ...options });
  const text = await answer.text();
  if (answer.ok) return text;
  const page = new DOMParser().parseFromString(text, "text/html");
  alert(page.querySelector("main p")?.textContent || page.body.textContent);
  return null;
}

async function show() {
  const text = await ask("/state");
  if (text !== null && text !== show.last) {
    const open = [...state.querySelectorAll("details")].map((each) => each.open);
    const typed = [...state.querySelectorAll("input:not([type=hidden])")].map((each) => each.value);
    const focus = document.activeElement?.name;
    state.innerHTML = text; // the server's own page, escaped there
    state.querySelectorAll("input:not([type=hidden])").forEach((each, i) => { each.value = typed[i] || ""; });
    state.querySelectorAll("details").forEach((each, i) => { each.open = open[i] ?? each.open; });
    if (focus) state.querySelector(`[name="${focus}"]:not([type=hidden])`)?.focus();
    show.last = text;
  }
}

async function send(form, body) {
  await ask(form.action, { method: "POST", body });
  await show();
}

state.addEventListener("submit", (event) => {
  if (!event.target.matches("form.part")) return;
  event.preventDefault();
  send(event.target, new FormData(event.target));
});
drop.addEventListener("submit", (event) => {
  event.preventDefault();
  send(drop, new FormData(drop)).then(() => { document.getElementById("workbook").value = ""; });
});
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    const file = event.dataTransfer?.files?.[0];
    if (name !== "drop" || !file) return;
    const body = new FormData(drop);
    body.set("workbook", file, file.name);
    send(drop, body);
  });
}
setInterval(() => {
  if (document.hidden || document.getElementById("live")?.dataset.live !== "1") return;
  show().catch(() => {});
}, EVERY);
