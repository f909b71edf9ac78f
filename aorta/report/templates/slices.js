"use strict";
(() => {
  const stack = JSON.parse(document.getElementById("stack").textContent);
  const slider = document.getElementById("slice"), told = document.getElementById("told");
  const picture = document.getElementById("picture"), here = document.getElementById("here");
  const layers = [...document.querySelectorAll("#drawing g")];
  const last = stack.first + stack.pictures.length - 1;

  function show(k) {
    k = Math.max(stack.first, Math.min(last, k));
    const at = k - stack.first, doubt = stack.doubtful.includes(k);
    slider.value = k;
    picture.hidden = !stack.pictures[at];
    picture.src = stack.pictures[at];
    for (const layer of layers) {
      const paths = stack.outlines[at][layer.dataset.layer] || [];
      layer.innerHTML = paths.map((p) => `<polygon points="${p}"/>`).join("");
    }
    const trust = stack.confidence ? `, confidence ${stack.confidence[k].toFixed(2)}` : "";
    told.textContent = `${k}${trust}${doubt ? ", doubtful" : ""}`;
    told.className = doubt ? "doubt" : "";
    if (here) { here.setAttribute("x1", at + 0.45); here.setAttribute("x2", at + 0.45); }
  }

  const now = () => Number(slider.value);
  slider.addEventListener("input", () => show(now()));
  for (const box of document.querySelectorAll("input[data-layer]")) {
    const layer = layers.find((g) => g.dataset.layer === box.dataset.layer);
    box.addEventListener("change", () => { layer.style.display = box.checked ? "" : "none"; });
  }
  for (const button of document.querySelectorAll("button[data-doubt]")) {
    button.addEventListener("click", () => {
      const ahead = Number(button.dataset.doubt) > 0;
      const found = ahead ? stack.doubtful.find((k) => k > now()) : stack.doubtful.filter((k) => k < now()).pop();
      if (found !== undefined) show(found);
    });
  }
  document.getElementById("confidence")?.addEventListener("click", (event) => {
    if (event.target.dataset.slice) show(Number(event.target.dataset.slice));
  });
  document.addEventListener("keydown", (event) => {
    if (event.target === slider) return;
    if (event.key === "ArrowRight" || event.key === "ArrowUp") show(now() + 1);
    if (event.key === "ArrowLeft" || event.key === "ArrowDown") show(now() - 1);
  });
  show(now());
})();
