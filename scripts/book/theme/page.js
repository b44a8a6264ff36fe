"use strict";

// Copying a terminal's transcript gives the commands, without their prompt and without the output.
window.playground_text = (block) => {
  const code = block.querySelector("code");
  const text = code.textContent;
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

// The other language opens at the section that is being read: both books have the same anchors.
document.querySelector("a.language")?.addEventListener("click", ({ currentTarget }) => {
  const headings = [...document.querySelectorAll("main :is(h1, h2, h3)[id]")];
  const read = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 4);
  currentTarget.hash = scrollY > 100 ? (read.at(-1)?.id ?? "") : "";
});
