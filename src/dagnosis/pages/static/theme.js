// Before the first paint: the theme that was chosen here, or, in a frame, the one that Airflow shows.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  try {
    if (window.parent !== window) {
      const around = window.parent.document.documentElement;
      root.dataset.theme = around.classList.contains("dark") ? "dark" : "light";
      return;
    }
  } catch {
    // framed by another origin: as the system says
  }
  try {
    const chosen = localStorage.getItem("dagnosis-theme");
    if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  } catch {
    // no storage: as the system says
  }
})();
