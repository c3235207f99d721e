// Keeps the part of the page that changes as it is on the server, and takes a dropped workbook.
"use strict";
const state = document.getElementById("state");
const drop = document.getElementById("drop");
const FIELDS = "input:not([type=hidden]), select";
const FOUND = "a, button, input, select, summary, [tabindex]";
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

// Puts in place what differs alone: a list that is open, or a field one writes in, stays as it is.
function fill(text) {
  const next = document.createElement("template");
  next.innerHTML = text; // the server's own page, escaped there
  const key = (each) => each.id || each.getAttribute("aria-labelledby");
  const made = new Map([...next.content.children].map((each) => [key(each), each]));
  const old = new Map([...state.children].map((each) => [key(each), each]));
  for (const [name, each] of old) if (!made.has(name)) each.remove();
  let at = state.firstElementChild;
  for (const [name, each] of made) {
    const was = old.get(name);
    each.source = each.outerHTML;
    if (was === undefined) state.insertBefore(each, at);
    else {
      at = was.nextElementSibling;
      if (was.source !== each.source) renew(was, each);
    }
  }
}

function renew(was, each) {
  const focus = [...was.querySelectorAll(FOUND)].indexOf(document.activeElement);
  const open = [...was.querySelectorAll("details")].map((of) => of.open);
  const typed = new Map([...was.querySelectorAll(FIELDS)].map((of) => [of.name, of.value]));
  was.replaceWith(each);
  for (const of of each.querySelectorAll(FIELDS)) {
    const all = of.options && [...of.options].map((option) => option.value);
    if (typed.has(of.name) && (!all || all.includes(typed.get(of.name)))) of.value = typed.get(of.name);
  }
  each.querySelectorAll("details").forEach((of, i) => { of.open = open[i] ?? of.open; });
  each.querySelectorAll(FOUND)[focus]?.focus();
}

async function show() {
  const text = await ask("/state");
  if (text !== null) fill(text);
}

async function send(form, body) {
  await ask(form.action, { method: "POST", body });
  await show();
}

state.addEventListener("submit", (event) => {
  if (!event.target.matches("form.part")) return;
  event.preventDefault();
  const body = new FormData(event.target);
  if (event.submitter?.name) body.append(event.submitter.name, event.submitter.value);
  send(event.target, body);
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
for (const each of state.children) each.source = each.outerHTML;
setInterval(() => {
  if (document.hidden || document.getElementById("live")?.dataset.live !== "1") return;
  show().catch(() => {});
}, EVERY);
