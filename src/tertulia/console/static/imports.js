// Choosing a file: how much of it has been sent. A chosen file stays chosen while another field is mended.
"use strict";
(() => {
  document.addEventListener("htmx:xhr:progress", (event) => {
    const place = document.getElementById("upload");
    if (!place || !event.target.closest?.("#import-file") || !event.detail.lengthComputable) return;
    const share = Math.floor((event.detail.loaded / event.detail.total) * 100);
    place.hidden = false;
    place.textContent = share < 100 ? place.dataset.words.replace("%s", String(share)) : place.dataset.reading;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "import-file") return;
    const file = event.target.querySelector('[type="file"]'); // kept from before, so it does not know what is said now
    if (event.target.querySelector("#file-help.error")) file.setAttribute("aria-invalid", "true"); else file.removeAttribute("aria-invalid");
    event.target.querySelector('[aria-invalid="true"]')?.focus();
  });
})();
