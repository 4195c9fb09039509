// The shell's behaviour: keys, palette, dialogs, menus, toast with undo, tables by keyboard, and the state of the line.
// Everything here is an addition: without it pages still work as plain links and forms.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const GO_LIMIT_MS = 1200;

  // --- dialogs and menus -------------------------------------------------------------------------------------------
  const openDialog = (id) => { const dialog = document.getElementById(id); if (dialog && !dialog.open) dialog.showModal(); };
  const closeMenus = (except) => $$("details.menu[open]").forEach((menu) => { if (menu !== except) menu.open = false; });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) openDialog(opener.dataset.dialog);
    if (event.target.closest("[data-palette]")) openPalette();
    const closer = event.target.closest("[data-close]");
    if (closer) closer.closest("dialog")?.close();
    if (event.target instanceof HTMLDialogElement) event.target.close(); // the scrim
    closeMenus(event.target.closest("details.menu"));
    const copier = event.target.closest("[data-copy]");
    if (copier) copyText(copier);
  });

  async function copyText(button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    const word = $("[data-copied]", button);
    if (word) { const before = word.textContent; word.textContent = word.dataset.copied; setTimeout(() => { word.textContent = before; }, 2000); }
  }

  // --- command palette ---------------------------------------------------------------------------------------------
  const palette = () => document.getElementById("palette");
  const options = () => $$('[role="option"]', palette());

  function openPalette() {
    const dialog = palette();
    if (!dialog || dialog.open) return;
    dialog.showModal();
    const input = $("input", dialog);
    input.value = "";
    window.htmx.trigger(input, "palette-open");
    input.focus();
  }
  function chooseOption(index) {
    const all = options();
    all.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const input = $("input", palette());
    if (all[index]) { input.setAttribute("aria-activedescendant", all[index].id); all[index].scrollIntoView({ block: "nearest" }); }
    else input.removeAttribute("aria-activedescendant");
  }
  function walkPalette(event) {
    const all = options();
    const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") chooseOption((at + 1) % all.length);
    else if (event.key === "ArrowUp") chooseOption((at - 1 + all.length) % all.length);
    else if (event.key === "Enter") {
      if ($("input", palette()).value !== shownQuery) enterWaits = event; else openOption(all[at], event);
    } else return;
    event.preventDefault();
  }
  // Enter that is faster than the answer waits for it, so that it never opens what an older text had found.
  let shownQuery = "";
  let enterWaits = null;
  function openOption(option, event) {
    if (!option) return;
    if (event.ctrlKey || event.metaKey) window.open(option.href, "_blank", "noopener"); else option.click();
  }
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "palette-list") return;
    shownQuery = new URL(event.detail.xhr.responseURL).searchParams.get("q");
    chooseOption(0);
    if (enterWaits && $("input", palette()).value === shownQuery) { openOption(options()[0], enterWaits); enterWaits = null; }
  });

  // --- rows by keyboard --------------------------------------------------------------------------------------------
  const rows = () => $$("[data-rows] tbody tr, [data-rows] > li");
  const currentRow = () => rows().find((row) => row.hasAttribute("aria-current") || row.contains(document.activeElement));

  function moveRow(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(currentRow());
    const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
    all.forEach((row) => row.removeAttribute("aria-current"));
    next.setAttribute("aria-current", "true");
    ($("a", next) || next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  // --- keys --------------------------------------------------------------------------------------------------------
  let goUntil = 0;
  const typing = (target) => target.closest?.('input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]');
  const undoLast = () => { const button = $("#toast [data-undo]"); if (button) button.form.requestSubmit(button); };
  const SINGLE = {
    "?": () => openDialog("keys"),
    "[": () => foldNav(),
    "/": () => $("[data-search]")?.focus(),
    f: () => $("[data-add-filter]")?.click(),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    x: () => $("input.pick", currentRow() ?? document.createElement("i"))?.click(),
    z: undoLast,
    g: () => { goUntil = Date.now() + GO_LIMIT_MS; },
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
    if (event.target.closest?.("#palette")) { walkPalette(event); return; }
    if (walkChips(event)) { event.preventDefault(); return; }
    if (event.key === "Escape") { closeMenus(); document.dispatchEvent(new CustomEvent("clear-selection")); if (typing(event.target)) event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (goUntil > Date.now()) {
      goUntil = 0;
      const place = $(`.nav a[data-key="${CSS.escape(key)}"]`);
      if (place) { event.preventDefault(); place.click(); return; }
    }
    if (key === "Enter" && currentRow() && !event.target.closest("a, button")) { $("a", currentRow())?.click(); return; }
    const act = SINGLE[key];
    if (act) { event.preventDefault(); act(); }
  });

  // A filter's chips: arrows from cross to cross, Backspace takes the chip away.
  function walkChips(event) {
    const chip = event.target.closest?.(".chip");
    if (!chip || event.ctrlKey || event.metaKey || event.altKey) return false;
    const drop = $(".chip-drop", chip);
    if (["Backspace", "Delete"].includes(event.key) && event.target.tagName !== "INPUT") { drop.click(); return true; }
    if (event.target !== drop || !["ArrowLeft", "ArrowRight"].includes(event.key)) return false;
    const all = $$(".chip .chip-drop");
    const onwards = (event.key === "ArrowRight") === (document.documentElement.dir !== "rtl");
    all[all.indexOf(drop) + (onwards ? 1 : -1)]?.focus();
    return true;
  }

  function foldNav() {
    const folded = document.documentElement.classList.toggle("nav-rail");
    document.cookie = `nav=${folded ? "rail" : "full"}; path=/; max-age=31536000; samesite=lax`;
  }

  // --- toast: counts down, waits while hovered or focused ----------------------------------------------------------
  function runToast(toast) {
    let left = Number(toast.dataset.undoS || 6);
    const figure = $(".left", toast);
    const draw = () => { if (figure) figure.textContent = `${left} s`; };
    draw();
    const tick = setInterval(() => {
      if (toast.matches(":hover, :focus-within")) return;
      left -= 1;
      draw();
      if (left > 0) return;
      clearInterval(tick);
      if (!toast.classList.contains("toast-failed")) toast.remove();
    }, 1000);
  }
  function showToast({ text, failed }) {
    const place = document.getElementById("toasts");
    const toast = document.createElement("div");
    toast.className = failed ? "toast toast-failed" : "toast";
    toast.id = "toast";
    toast.textContent = text;
    toast.dir = "auto";
    place.replaceChildren(toast);
    runToast(toast);
  }
  document.addEventListener("htmx:oobAfterSwap", (event) => { const toast = event.target.id === "toasts" && $("#toast"); if (toast) runToast(toast); });
  const isAsked = (event) => event.detail.requestConfig?.verb === "post"; // figures that fetch themselves try again
  document.addEventListener("htmx:responseError", (event) => { if (isAsked(event)) showToast({ text: document.body.dataset.failed, failed: true }); });
  document.addEventListener("toast", (event) => showToast(event.detail));

  // --- forms: the button that was pressed is busy, and is pressed once ---------------------------------------------
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method === "dialog") return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    if (event.target.method === "post" && !event.target.hasAttribute("hx-post")) {
      event.target.dataset.sent = "1";
      event.submitter?.setAttribute("aria-busy", "true");
    }
  });
  window.addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => { delete form.dataset.sent; $$("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy")); }));
  document.addEventListener("change", (event) => { if (event.target.closest("[data-submit-on-change]")) event.target.form.requestSubmit(); });

  // --- the line ----------------------------------------------------------------------------------------------------
  function showLine() {
    const line = document.getElementById("line-state");
    if (!line) return;
    line.hidden = navigator.onLine;
    line.textContent = navigator.onLine ? "" : document.body.dataset.offline;
  }
  window.addEventListener("online", showLine);
  window.addEventListener("offline", showLine);

  // --- selection of rows, with the bulk bar in the count row's place (Alpine holds what dies with the page) --------
  document.addEventListener("alpine:init", () => {
    window.Alpine.data("selection", () => ({
      count: 0,
      all: false,
      last: -1,
      init() { this.clear = this.clear.bind(this); document.addEventListener("clear-selection", this.clear); },
      destroy() { document.removeEventListener("clear-selection", this.clear); },
      boxes() { return $$("input.pick", this.$root); },
      get some() { return this.count > 0; },
      get none() { return this.count === 0; },
      update() {
        const boxes = this.boxes();
        this.count = boxes.filter((box) => box.checked).length;
        const head = $("input.pick-all", this.$root);
        if (head) { head.checked = this.count > 0 && this.count === boxes.length; head.indeterminate = this.count > 0 && !head.checked; }
        if (this.count === 0) this.all = false;
      },
      pick(event) {
        const boxes = this.boxes();
        const at = boxes.indexOf(event.target);
        if (event.shiftKey && this.last >= 0) {
          const [from, to] = [Math.min(at, this.last), Math.max(at, this.last)];
          boxes.slice(from, to + 1).forEach((box) => { box.checked = event.target.checked; });
        }
        this.last = at;
        this.update();
      },
      pickAll(event) { this.boxes().forEach((box) => { box.checked = event.target.checked; }); this.update(); },
      takeAll() { this.all = true; },
      clear() { this.boxes().forEach((box) => { box.checked = false; }); this.update(); },
    }));
  });

  document.addEventListener("DOMContentLoaded", () => {
    const toast = document.getElementById("toast");
    if (toast) runToast(toast);
    $(':is(input, select, textarea)[aria-invalid="true"]')?.focus();
    showLine();
  });
})();
