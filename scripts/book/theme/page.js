"use strict";

// Copying a terminal's transcript gives the commands, without their prompt and without the output.
window.playground_text = (block) => {
  const code = block.querySelector("code");
  // A program is copied without the numbers of its notes.
  const marks = /[ \t]*(\/\/|#)( [①-㉟])*( new)?$/gm;
  const text = block.closest(".programs") ? code.textContent.replace(marks, "") : code.textContent;
  if (!code.classList.contains("language-console")) return text;
  const commands = text.match(/^(\$|PS>|>) .*$/gm) ?? [text];
  return commands.map((line) => line.replace(/^\S+ /, "")).join("\n");
};

// Boxes that scroll sideways can be reached by the keyboard.
const boxes = document.querySelectorAll("pre > code, .table-wrapper, .wire");
const reach = (box) => { box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1; };
const resized = new ResizeObserver((changes) => changes.forEach(({ target }) => reach(target)));
boxes.forEach((box) => resized.observe(box));
document.fonts.ready.then(() => boxes.forEach(reach)); // a font changes what is in a box, not the box

// In such a box the arrows scroll, and do not turn the page.
for (const box of boxes) {
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") event.stopPropagation();
  });
}

// What is folded is printed all the same.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details:not([open])")) fold.open = true;
});

// On a narrow screen each cell says which column it is of.
const colon = document.documentElement.lang === "en" ? ": " : "：";
for (const row of document.querySelectorAll("main tbody tr")) {
  const columns = row.closest("table").querySelectorAll("th");
  for (const cell of row.cells) cell.dataset.column = (columns[cell.cellIndex]?.textContent ?? "") + colon;
}

// So can the button for the table of contents, which is a label.
document.getElementById("mdbook-sidebar-toggle")?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  event.currentTarget.click();
});

// Rust or Python: what was chosen once is chosen on every page.
const tabs = [...document.querySelectorAll(".programs > input")];
const choose = (value) => {
  const groups = new Map();
  for (const tab of tabs) if (tab.value === value && !groups.has(tab.name)) groups.set(tab.name, tab);
  groups.forEach((tab) => { tab.checked = true; });
};
try { choose(localStorage.getItem("program")); } catch { /* no storage: Rust comes first */ }
for (const tab of tabs) {
  tab.addEventListener("change", () => {
    choose(tab.value);
    tab.checked = true;
    try { localStorage.setItem("program", tab.value); } catch { /* then it is chosen on this page */ }
  });
}

// The other language opens at the section that is being read: both books have the same anchors.
document.querySelector("a.language")?.addEventListener("click", ({ currentTarget }) => {
  const headings = [...document.querySelectorAll("main :is(h1, h2, h3)[id]")];
  const read = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 4);
  currentTarget.hash = scrollY > 100 ? (read.at(-1)?.id ?? "") : "";
});
