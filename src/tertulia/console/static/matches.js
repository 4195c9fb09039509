// The draft of a match: order of apps, choosing lists, the launch dialog.
// Everything here is an addition: without it the same buttons send the form.
"use strict";
(() => {
  const form = () => document.getElementById("draft");

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
    const mover = event.target.closest("[data-move]");
    if (mover) { event.preventDefault(); move(mover); }
    const closer = event.target.closest("a[data-close]");
    if (closer) { event.preventDefault(); history.replaceState(null, "", closer.href); }
  });
  document.addEventListener("change", (event) => {
    const kind = event.target.dataset?.chooses;
    if (kind && event.target.checked) form().querySelector(`[name="audience"][value="${kind}"]`).checked = true;
  });
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("dialog[data-open]").forEach((dialog) => { dialog.close(); dialog.showModal(); });
  });
})();
