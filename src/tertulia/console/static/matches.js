// The draft of a match: order of apps, inserting names, the coloured editor, choosing lists, the launch dialog.
// Everything here is an addition: without it the same buttons send the form.
"use strict";
(() => {
  const TOKENS = /(\{\{[\s\S]*?(?:\}\}|$))|(\{%[\s\S]*?(?:%\}|$))/g;
  const form = () => document.getElementById("draft");

  function drawLine(text) {
    const line = document.createElement("div");
    let at = 0;
    for (const found of text.matchAll(TOKENS)) {
      line.append(text.slice(at, found.index));
      const token = document.createElement(found[1] ? "b" : "i");
      token.textContent = found[0];
      line.append(token);
      at = found.index + found[0].length;
    }
    line.append(text.slice(at));
    return line;
  }
  function drawEditor(editor) {
    const [pre, area] = [editor.querySelector("pre"), editor.querySelector("textarea")];
    pre.replaceChildren(...area.value.split("\n").map(drawLine));
    editor.classList.add("editor-on");
  }
  let written = null; // the editor that was written in last
  function insert(text) {
    const area = written?.isConnected ? written : form().querySelector("[data-editor] textarea");
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function move(button) {
    const row = button.closest("li");
    const other = button.dataset.move === "1" ? row.nextElementSibling : row.previousElementSibling;
    if (!other) return;
    if (button.dataset.move === "1") other.after(row); else other.before(row);
    const stays = button.checkVisibility({ visibilityProperty: true }) ? button : row.querySelector(`[data-move="${button.dataset.move === "1" ? "-1" : "1"}"]`);
    stays.focus();
    form().dispatchEvent(new CustomEvent("moved", { bubbles: true }));
  }

  document.addEventListener("click", (event) => {
    const inserter = event.target.closest("[data-insert]");
    if (inserter) { inserter.closest("details").open = false; insert(`{{ ${inserter.dataset.insert} }}`); }
    const mover = event.target.closest("[data-move]");
    if (mover) { event.preventDefault(); move(mover); }
    const closer = event.target.closest("a[data-close]");
    if (closer) { event.preventDefault(); history.replaceState(null, "", closer.href); }
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-editor] textarea")) written = event.target;
  });
  document.addEventListener("input", (event) => {
    const editor = event.target.closest("[data-editor]");
    if (editor) drawEditor(editor);
  });
  document.addEventListener("change", (event) => {
    const kind = event.target.dataset?.chooses;
    if (kind && event.target.checked) form().querySelector(`[name="audience"][value="${kind}"]`).checked = true;
  });
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-editor]").forEach(drawEditor);
    document.querySelectorAll("dialog[data-open]").forEach((dialog) => { dialog.close(); dialog.showModal(); });
  });
})();
