// The mapping's editor grows with its text, and so do its line numbers. Without it both stay as the page drew them.
"use strict";
(() => {
  const area = document.getElementById("text");
  const numbers = document.querySelector(".mapping-numbers");
  if (!area || !numbers) return;
  area.addEventListener("input", () => {
    const lines = area.value.split("\n").length;
    area.rows = lines;
    numbers.replaceChildren(...Array.from({ length: lines }, (_, place) => {
      const number = document.createElement("span");
      number.textContent = String(place + 1);
      return number;
    }));
  });
})();
