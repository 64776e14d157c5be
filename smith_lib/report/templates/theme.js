// Light or dark: what was chosen before, else what the system prefers. `theme` tells those who draw.
"use strict";
const theme = (() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const heard = [];
  const kept = () => { try { return localStorage.getItem("smith-theme"); } catch { return null; } };
  const set = (name) => {
    document.documentElement.dataset.theme = name;
    heard.forEach((one) => one());
  };
  set(kept() || (system.matches ? "dark" : "light"));
  system.addEventListener("change", () => { if (!kept()) set(system.matches ? "dark" : "light"); });
  return {
    colour: (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim(),
    onchange: (one) => heard.push(one),
    toggle: () => {
      const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      try { localStorage.setItem("smith-theme", other); } catch { /* a page without storage forgets */ }
      set(other);
    },
  };
})();
