// The virtual phones page, kept fresh. Everything works without this file; with it, forms are sent in the background
// and only the parts that changed are put in place, so that focus, scrolling and half-written texts stay.
"use strict";
const parts = ["facts", "problem", "phones", "wire", "controls"];
let asking = false, askAgain = false, turn = 0, unsaved = 0, saved = Promise.resolve();

// Times are written in UTC by the server; show them as the reader's own.
function localiseTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime), two = (n, width = 2) => String(n).padStart(width, "0");
    const clock = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
    if (time.dataset.show === "exact") time.textContent = `${clock}:${two(moment.getSeconds())}.${two(moment.getMilliseconds(), 3)}`;
    else if (time.dataset.show === "day") time.textContent = moment.toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "long" });
    else time.textContent = clock;
  }
}

// A text that somebody is writing survives unless the server has a new draft for it.
function keepDrafts(before, after) {
  for (const old of before.querySelectorAll("textarea")) {
    const fresh = after.querySelector(`#${CSS.escape(old.id)}`);
    if (fresh && old.value !== old.defaultValue && fresh.defaultValue === old.defaultValue) fresh.value = old.value;
  }
}

function swap(page) {
  const active = document.activeElement, focused = active && (active.id || active.name && active.form && active.name);
  const range = active && active.tagName === "TEXTAREA" ? [active.selectionStart, active.selectionEnd] : null;
  for (const id of parts) {
    const old = document.getElementById(id), fresh = page.getElementById(id);
    if (id === "controls" && old && old.contains(active) && active.type === "range") continue;
    if (!old || !fresh) {
      if (old && id === "problem") old.remove();
      else if (fresh && id === "problem") document.querySelector(".work").prepend(fresh);
      continue;
    }
    localiseTimes(fresh);
    if (id === "phones" ? swapSeats(old, fresh) : old.innerHTML === fresh.innerHTML) continue;
    const opened = old.querySelector("details[open]");
    if (opened && opened.contains(active)) continue;
    const top = old.querySelector(".rows")?.scrollTop;
    old.replaceWith(fresh);
    if (top) fresh.querySelector(".rows")?.scrollTo(0, top);
  }
  if (focused && !document.activeElement?.isSameNode(active)) {
    const again = document.getElementById(focused) || document.querySelector(`[name="${CSS.escape(focused)}"]`);
    again?.focus({ preventScroll: true });
    if (range && again?.tagName === "TEXTAREA") again.setSelectionRange(...range);
  }
  prepare();
}

// Phones are compared one by one; true when the row itself need not be replaced.
function swapSeats(old, fresh) {
  const names = root => [...root.querySelectorAll(".seat")].map(seat => seat.id).join();
  keepDrafts(old, fresh);
  if (!names(old) || names(old) !== names(fresh)) return false;
  for (const seat of fresh.querySelectorAll(".seat")) {
    const before = document.getElementById(seat.id);
    const menu = before.querySelector("details[open]");
    if (before.dataset.html === seat.innerHTML || (menu && menu.contains(document.activeElement))) continue;
    const html = seat.innerHTML;
    before.replaceWith(seat);
    seat.dataset.html = html;
  }
  return true;
}

// The phones of a first visit are those where something happened last; from then on they stay while others get theirs.
function stay() {
  const show = document.getElementById("phones").dataset.show, here = new URL(location.href);
  if (!show || here.searchParams.has("show")) return;
  here.searchParams.set("show", show);
  history.replaceState(null, "", here);
}

function prepare() {
  stay();
  for (const talk of document.querySelectorAll(".talk")) talk.scrollTop = talk.scrollHeight;
  for (const text of document.querySelectorAll(".composer textarea")) grow(text);
  for (const range of document.querySelectorAll("input[type=range]")) fill(range);
}

// The part of a slider's track up to its thumb.
function fill(range) {
  const share = (range.value - range.min) / (range.max - range.min), thumb = 14;
  range.style.setProperty("--full", `calc(${share * 100}% + ${(0.5 - share) * thumb}px)`);
}

function grow(text) {
  text.style.blockSize = "auto";
  text.style.blockSize = `${Math.min(text.scrollHeight + 2, 120)}px`;
}

async function read(answer) {
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Asks for the page again. What was asked before the reader acted is out of date, and is dropped.
async function refresh() {
  if (asking) { askAgain = true; return; }
  asking = true;
  const mine = turn;
  try {
    const page = await read(await fetch(location.href));
    if (mine !== turn) askAgain = true;
    else if (!unsaved) swap(page);
  } catch { /* the next event asks again */ }
  asking = false;
  if (askAgain) { askAgain = false; refresh(); }
}

document.addEventListener("submit", async event => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const data = new FormData(form, event.submitter);
  const text = form.querySelector("textarea");
  if (text) { text.value = ""; text.defaultValue = ""; }
  if ("busy" in form.dataset) event.submitter.setAttribute("aria-busy", "true");
  form.closest("details")?.removeAttribute("open");
  const mine = ++turn, answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(data) });
  const page = await read(answer);
  if (mine !== turn) return refresh();
  turn += 1;
  history.replaceState(null, "", answer.url);
  swap(page);
});

document.addEventListener("input", event => {
  if (event.target.type === "range") fill(event.target), event.target.parentElement.querySelector("output span").textContent = event.target.value;
  if (event.target.tagName === "TEXTAREA") grow(event.target);
});
document.addEventListener("change", event => {
  const form = event.target.form;
  if (!form || !("auto" in form.dataset)) return;
  // One after the other, and no page from before the last of them may put an old state back.
  const body = new URLSearchParams(new FormData(form));
  turn += 1;
  unsaved += 1;
  saved = saved.then(() => fetch(form.action, { method: "POST", body })).catch(() => {}).then(() => {
    turn += 1;
    unsaved -= 1;
    if (!unsaved) refresh();
  });
});
document.addEventListener("keydown", event => {
  if (event.key === "Enter" && !event.shiftKey && event.target.matches(".composer textarea")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
  if (event.key === "Escape") event.target.closest("details[open]")?.removeAttribute("open");
});
document.addEventListener("click", event => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.removeAttribute("open");
});

localiseTimes(document);
prepare();
new EventSource(document.body.dataset.live).onmessage = refresh;
