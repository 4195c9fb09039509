// The coloured editor of Liquid: variables and tags are drawn below what is typed; names are inserted where one writes.
// Everything here is an addition: without it the text is typed and sent as it is.
"use strict";
(() => {
  const TOKENS = /(\{\{[\s\S]*?(?:\}\}|$))|(\{%[\s\S]*?(?:%\}|$))/g;

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
    const area = written?.isConnected ? written : document.querySelector("[data-editor] textarea");
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function goTo(area, number) {
    for (let around = area?.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    const lines = area.value.split("\n");
    const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
    area.focus();
    area.setSelectionRange(start, start + (lines[number - 1] ?? "").length);
    area.scrollIntoView({ block: "center" });
  }

  document.addEventListener("click", (event) => {
    const inserter = event.target.closest("[data-insert]");
    if (inserter) { inserter.closest("details").open = false; insert(`{{ ${inserter.dataset.insert} }}`); }
    const goer = event.target.closest("[data-goto]");
    if (goer) goTo(document.getElementById(goer.dataset.goto), Number(goer.dataset.line));
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-editor] textarea")) written = event.target;
  });
  document.addEventListener("input", (event) => {
    const editor = event.target.closest("[data-editor]");
    if (editor) drawEditor(editor);
  });
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-editor]").forEach(drawEditor));
})();
