/* The graph of a journey: begins in its middle, or at what is chosen in it, and stays where it was when it is drawn anew. */
(() => {
  let left = null;
  const find = () => document.getElementById("canvas");
  const place = () => {
    const canvas = find();
    if (!canvas) return;
    const chosen = canvas.querySelector(".node.chosen") || canvas.querySelector(".node");
    if (left !== null) canvas.scrollLeft = left;
    else if (chosen) {
      const box = chosen.getBoundingClientRect(), frame = canvas.getBoundingClientRect();
      canvas.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
    }
  };
  document.addEventListener("htmx:beforeSwap", () => { const canvas = find(); if (canvas) left = canvas.scrollLeft; });
  document.addEventListener("htmx:afterSettle", place);
  place();
})();
