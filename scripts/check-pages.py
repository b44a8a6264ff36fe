#!/usr/bin/env python3
"""Checks that the pages say what the programs are.

For each README: a Chinese twin with as many headings and the same code blocks; each block of Rust
or Python stands in the lesson's own files; links to files lead somewhere. For each lesson: a row
in the table of the top README, and a manifest that says its number, what it follows, its source.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
problems = []


def blocks(text):
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def headings(text):
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [line.split()[0] for line in text.splitlines() if line.startswith("#")]


def check_page(page):
    name = page.relative_to(ROOT)
    chinese = page.with_name(page.stem + ".zh-CN.md")
    if not chinese.exists():
        problems.append(f"{name}: no Chinese twin")
        return
    texts = {path: path.read_text("utf-8") for path in (page, chinese)}
    if headings(texts[page]) != headings(texts[chinese]):
        problems.append(f"{name}: headings differ from those of its twin")
    if blocks(texts[page]) != blocks(texts[chinese]):
        problems.append(f"{name}: code blocks differ from those of its twin")
    for path, text in texts.items():
        for link in re.findall(r"\]\((?!https?:)([^)#\s]+)", text):
            if not (path.parent / link).exists():
                problems.append(f"{path.relative_to(ROOT)}: {link} leads nowhere")


def check_lesson(folder, rows):
    name = folder.name
    manifest = tomllib.loads((folder / "Cargo.toml").read_text("utf-8"))
    lesson = manifest["package"]["metadata"]["lesson"]
    for row in rows:
        if f"({'crates/' + name}/" not in row and f"`{name}`" not in row:
            continue
        if row.startswith(f"| {lesson['number']} |"):
            break
    else:
        problems.append(f"README.md: no row for lesson {lesson['number']}, {name}")
    for file in (f"{name}.py", "README.md"):
        if not (folder / file).exists():
            problems.append(f"{name}: {file} is missing")
            return
    sources = {
        "rust": "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("src/*.rs"))),
        "python": (folder / f"{name}.py").read_text("utf-8"),
    }
    for kind, block in blocks((folder / "README.md").read_text("utf-8")):
        if kind in sources and block not in sources[kind]:
            problems.append(f"{name}/README.md: not in the {kind} program:\n{block}")


def main():
    rows = (ROOT / "README.md").read_text("utf-8").splitlines()
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("crates/*/README.md")]
    for page in sorted(pages):
        if not page.name.endswith(".zh-CN.md"):
            check_page(page)
    lessons = [path.parent for path in ROOT.glob("crates/*/Cargo.toml")]
    lessons = sorted(folder for folder in lessons if folder.name != "netcommon")
    for folder in lessons:
        check_lesson(folder, rows)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(pages)} pages and {len(lessons)} lessons checked, {len(problems)} problems")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
