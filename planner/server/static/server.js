// Keeps the changing part of the page up to date with the server, and accepts dropped workbooks.
"use strict";
const state = document.getElementById("state");
const drop = document.getElementById("drop");
const EVERY = 1000;
// the token is no longer needed in the address
if (location.search) history.replaceState(null, "", location.pathname + location.hash);

/** Return the part of the page in the server's answer; on an error, show it and return null. */
async function ask(address, options) {
  const answer = await fetch(address, { headers: { "x-part": "1" }, ...options });
  const text = await answer.text();
  if (answer.ok) return text;
  const page = new DOMParser().parseFromString(text, "text/html");
  alert(page.querySelector("main p")?.textContent || page.body.textContent);
  return null;
}

const key = (each) =>
  each.id ||
  each.getAttribute?.("aria-labelledby") ||
  (each.nodeName === "OPTION" ? each.textContent : "");

// Updates a part of the page, replacing only the nodes that differ, so that focus, touches, open
// lists and typed text stay.
function renew(was, next) {
  for (const { name, value } of next.attributes ?? [])
    if (name !== "open" && was.getAttribute(name) !== value) was.setAttribute(name, value);
  for (const { name } of next.attributes ? [...was.attributes] : [])
    if (name !== "open" && !next.hasAttribute(name)) was.removeAttribute(name);
  const old = new Map([...was.childNodes].filter(key).map((each) => [key(each), each]));
  let at = was.firstChild;
  for (const each of [...next.childNodes]) {
    let same = at && at.nodeName === each.nodeName && !key(at) ? at : undefined;
    if (key(each)) {
      same = old.get(key(each));
      old.delete(key(each));
      if (same?.parentNode !== was || same.nodeName !== each.nodeName) same = undefined;
      while (same && at !== same) {
        at = at.nextSibling;
        at.previousSibling.remove();
      }
    }
    if (!same) was.insertBefore(each, at);
    else {
      if (!same.tagName && same.data !== each.data) same.data = each.data;
      if (same.tagName) renew(same, each);
      at = same.nextSibling;
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

let turn = 0;
let asked = 0;
/** Show the server's answer, unless a newer request was sent; return whether it worked. */
async function show(address = "/state", options = {}) {
  const mine = ++turn;
  asked += 1;
  const text = await ask(address, options).finally(() => {
    asked -= 1;
  });
  if (text === null || mine !== turn) return text !== null;
  const next = document.createElement("template");
  next.innerHTML = text; // the server's own page, escaped there
  renew(state, next.content);
  return true;
}

/** Scroll to and focus the heading of the requested job, only if it is new. */
function lead(known) {
  const made = [...state.querySelectorAll("h2[id^=job-]")].find((each) => !known.has(each.id));
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  made?.focus({ preventScroll: true });
  made?.parentElement.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
}

async function send(form, body) {
  const known = new Set([...state.querySelectorAll("h2[id^=job-]")].map((each) => each.id));
  const done = await show(form.action, { method: "POST", body });
  if (!done)
    await show(); // the answer was not as expected
  else if (form.matches("[action='/jobs']")) lead(known);
}

state.addEventListener("submit", (event) => {
  if (!event.target.matches("form.part")) return;
  event.preventDefault();
  const body = new FormData(event.target);
  const { submitter } = event;
  if (submitter?.name) body.append(submitter.name, submitter.value);
  if (submitter?.dataset.busy) submitter.textContent = submitter.dataset.busy;
  send(event.target, body);
});
drop.addEventListener("submit", (event) => {
  event.preventDefault();
  send(drop, new FormData(drop)).then(() => {
    document.getElementById("workbook").value = "";
  });
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
  if (asked || document.hidden || document.getElementById("live")?.dataset.live !== "1") return;
  show().catch(() => {});
}, EVERY);
