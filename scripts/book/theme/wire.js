"use strict";

// A recorded picture, gone through step by step, in step with the lines of both programs. Before a
// step that surprises it asks. Without this script the picture is whole, and its steps are a list.
for (const figure of document.querySelectorAll("figure.wire.steps")) {
  const { code, names, steps, say } = JSON.parse(figure.querySelector("script").textContent);
  const rows = figure.querySelectorAll("svg .step");
  const box = figure.querySelector(".wire-box");
  const add = (tag, to, more) => {
    const { dataset, ...rest } = more ?? {};
    const element = Object.assign(document.createElement(tag), rest);
    Object.assign(element.dataset, dataset);
    to.append(element);
    return element;
  };
  let at = 0, asking = false, whole = false, python = false;

  const panel = document.createElement("div");
  panel.className = "wire-panel";
  box.after(panel);
  const controls = add("div", panel, { className: "wire-controls", role: "group", ariaLabel: say.buttons });
  const button = (text, click) => add("button", controls, { type: "button", textContent: text, onclick: click });
  const back = button(say.back, () => go(-1));
  const next = button(say.next, () => go(1));
  const range = add("input", controls, { type: "range", min: 1, max: steps.length, value: 1, ariaLabel: say.step });
  range.oninput = () => { at = range.value - 1; asking = whole = false; show(); };
  const all = button(say.all, () => { whole = !whole; asking = false; show(); });
  const other = button("", () => speak(!python));
  const output = add("output", panel, { className: "wire-says" });
  const sides = add("div", panel, { className: "wire-sides" });
  const views = names.map((name) => {
    const side = add("div", sides);
    const head = add("p", side, { className: "wire-name" });
    add("b", head, { textContent: name });
    return { how: add("span", head), lines: add("pre", side) };
  });

  function speak(it) {
    python = it;
    other.textContent = say.speak + (python ? "Rust" : "Python");
    show();
  }

  function go(by) {
    if (whole && by > 0) [whole, at] = [false, 0];
    else if (asking) [asking, at] = [false, by > 0 ? at + 1 : at];
    else if (by > 0 && steps[at + 1]?.ask) asking = true;
    else at = Math.max(0, Math.min(steps.length - 1, at + by));
    show();
  }

  // The lines around the one where a side is: five, on a phone three.
  function excerpt({ how, lines }, program, place) {
    lines.parentElement.className = `wire-side ${place?.[0] ?? ""}`;
    lines.hidden = !program;
    how.textContent = place ? ` ${say[place[0]]}` : "";
    const version = Number(python && Boolean(program?.[1])); // one version is in Rust only
    const all = program?.[version] ?? [], line = place?.[1 + version] ?? 0;
    const many = matchMedia("(max-width: 600px)").matches ? 3 : 5;
    const from = Math.max(0, Math.min(line - (many >> 1), all.length - many)), some = all.slice(from, from + many);
    const indent = (text) => Math.max(0, text.search(/\S/));
    const least = Math.min(...some.filter((text) => text.trim()).map(indent));
    lines.replaceChildren();
    some.forEach((text, number) => {
      const own = add("span", lines, { textContent: text.trim() || " " });
      own.style.paddingInlineStart = `calc(2rem + ${Math.max(0, indent(text) - least)}ch)`;
      own.className = place && from + number === line ? "lit" : "";
    });
  }

  function show() {
    const step = steps[at];
    figure.classList.toggle("whole", whole);
    rows.forEach((row, number) => {
      row.classList.toggle("later", !whole && number > at);
      row.classList.toggle("now", !whole && number === at);
    });
    const told = step.ask ? `<em>${step.ask}</em> ${step.answer} ${step.text}` : step.text;
    output.innerHTML = whole ? say.whole : asking ? `<strong>${steps[at + 1].ask}</strong>` : told;
    next.textContent = asking ? say.show : say.next;
    back.ariaDisabled = String(at === 0 && !asking && !whole);
    next.ariaDisabled = String(at === steps.length - 1 && !whole);
    all.ariaPressed = String(whole);
    range.value = at + 1;
    range.ariaValueText = `${at + 1} / ${steps.length}`;
    views.forEach((view, side) => excerpt(view, code[side], step.lines[side]));
    sides.hidden = other.hidden = whole;
    const now = rows[at].getBoundingClientRect(), seen = box.getBoundingClientRect();
    if (now.top < seen.top + 20 || now.bottom > seen.bottom - 20) box.scrollTop += now.top - seen.top - seen.height / 2;
    box.scrollLeft += (now.left + now.right - seen.left - seen.right) / 2;
  }

  // The keys that mdBook turns pages with go through the picture while the focus is in it.
  figure.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.stopPropagation();
    event.preventDefault();
    go(event.key === "ArrowRight" ? 1 : -1);
  });
  // The lines are in the language that the page's tabs show, until it is changed here.
  document.addEventListener("change", ({ target }) => {
    if (target.matches(".programs input[type=radio]")) speak(target.value === "python");
  });
  box.tabIndex = 0;
  box.role = "group";
  box.ariaLabel = say.buttons;
  speak(Boolean(document.querySelector(".programs input[value=python]:checked")));
}
