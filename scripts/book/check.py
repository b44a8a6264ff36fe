#!/usr/bin/env python3
"""Looks at the book as a reader does: every page in a real browser. Ends with 1 if anything is wrong.

Needs Chromium with its driver (Debian: chromium chromium-driver fonts-noto-cjk), Selenium
(pip install selenium), and axe-core (npm install --prefix target/ci-tools axe-core; another place
goes into the variable AXE). Builds the book itself.

    python3 scripts/book/check.py             every page
    python3 scripts/book/check.py tcp-client  only those whose address contains this; no links
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "target/book"
AXE = Path(os.environ.get("AXE", ROOT / "target/ci-tools/node_modules/axe-core/axe.min.js"))
LANGUAGES = {"en": "zh-CN", "zh-CN": "en"}
PATIENCE = 30  # seconds; no page needs one
BROWSERS = min(4, os.cpu_count() or 1)
WIDE, NARROW = (1280, 900), [(390, 844), (320, 640)]
problems = []


def problem(page, text):
    problems.append(f"{page}: {text}")
    print(f"{page}: {text}", flush=True)


class Page(HTMLParser):
    """The anchors of a page, and what it links to."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.headings = set(), [], []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if attributes.get("id"):
            if attributes["id"] in self.anchors:
                self.links.append(("twice", attributes["id"]))
            self.anchors.add(attributes["id"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name in ("href", "src"):
            if attributes.get(name):
                self.links.append((name, attributes[name]))


def check_links():
    """Every link and anchor leads somewhere; headings are in order."""
    pages = {path: Page(path) for path in BOOK.rglob("*.html")}
    for path, page in pages.items():
        name = path.relative_to(BOOK)
        for kind, link in page.links:
            if kind == "twice":
                if path.name != "print.html":
                    problem(name, f"two elements are #{link}")
                continue
            if kind == "href" and link.startswith(("https://", "data:,")):
                continue
            if urlsplit(link).scheme:
                problem(name, f"loads or leads to {link}")
                continue
            target, anchor = urldefrag(urljoin(path.as_uri(), link))
            target = Path(unquote(urlsplit(target).path))
            if not target.is_file():
                problem(name, f"{link} leads nowhere")
            elif anchor and target.suffix == ".html" and unquote(anchor) not in pages[target].anchors:
                problem(name, f"{link}: no such place on the page")
        steps = zip([0] + page.headings, page.headings)
        if path.name != "print.html" and any(after > before + 1 for before, after in steps):
            problem(name, f"headings leave out a level: {page.headings}")
    for path in (BOOK / "en").rglob("*.html"):
        if not (BOOK / "zh-CN" / path.relative_to(BOOK / "en")).exists():
            problem(path.relative_to(BOOK), "not in the Chinese book")


class Browser:
    def __init__(self, address):
        options = webdriver.ChromeOptions()
        options.binary_location = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_script_timeout(120)
        self.address = address
        permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
        self.cdp("Browser.grantPermissions", permissions=permissions, origin=address.rstrip("/"))

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def size(self, size):
        self.cdp("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False)

    def open(self, page):
        self.driver.get(self.address + page)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def wait(self, condition, what, page):
        try:
            return WebDriverWait(self.driver, PATIENCE).until(lambda _: condition())
        except TimeoutException:
            problem(page, f"{what} (it is {self.driver.current_url})")
            return None

    def theme(self, name):
        self.run("localStorage.setItem('mdbook-theme', arguments[0])", name)

    def logged(self, page):
        """What the page logged and asked for since the last time."""
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING"):
                problem(page, f"console: {entry['message']}")
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                address = message["params"]["request"]["url"]
                if not address.startswith((self.address, "data:", "file:")):
                    problem(page, f"asks for {address}")

    def axe(self, page, theme):
        self.run(AXE.read_text("utf-8"))
        found = self.driver.execute_async_script(
            "const done = arguments[0];"
            "axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations), e => done(String(e)));"
        )
        if isinstance(found, str):
            problem(page, f"axe: {found}")
            return
        for one in found:
            if one["impact"] in ("serious", "critical"):
                node = one["nodes"][0]
                why = node["failureSummary"].split("\n")[-1].strip()
                problem(page, f"axe ({theme}): {one['id']}, {len(one['nodes'])} times: {node['target']}: {why}")


def attempt(browser, page, check, *arguments):
    """A page on which something can't be done is wrong, but no reason not to look at the others."""
    try:
        check(browser, page, *arguments)
    except WebDriverException as error:
        problem(page, f"{check.__name__}: {error.msg}")


# What a page may have, in screens of WIDE with all folds closed.
SCREENS, LONG = 7, {"lessons/socket-tour.html": 9, "lessons/ip-addresses.html": 9}

# The height of the page, where its first program begins, and blocks of code that are open twice.
FIGURES = """
const shown = [...document.querySelectorAll("main pre")].filter((block) => block.checkVisibility());
const texts = shown.map((block) => block.textContent.trim()).filter((text) => text.split("\\n").length > 2);
const program = document.querySelector("main .programs");
return [
  document.documentElement.scrollHeight,
  program ? program.getBoundingClientRect().top + scrollY : 0,
  texts.filter((text, at) => texts.indexOf(text) < at).map((text) => text.slice(0, 60)),
];
"""

# What is wider than the screen, but for boxes that scroll by themselves.
WIDER = """
const wide = (e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("pre, .table-wrapper, .wire-box, .wire, .picture");
return document.documentElement.scrollWidth > innerWidth
  ? [...document.querySelectorAll("main *")].filter(wide).slice(0, 3).map((e) => e.tagName + "." + e.className) : null;
"""


def check_page(browser, page):
    browser.size(WIDE)
    browser.theme("light")
    browser.open(page)
    browser.logged(page)
    check_figures(browser, page)
    browser.axe(page, "light")
    browser.run("document.querySelector('#mdbook-theme-navy').click()")
    browser.axe(page, "navy")
    for width in NARROW:
        browser.size(width)
        if (wide := browser.run(WIDER)) is not None:
            problem(page, f"wider than a screen of {width[0]} pixels: {wide}")
    browser.logged(page)


def check_figures(browser, page):
    height, program, twice = browser.run(FIGURES)
    name = page.split("/", 1)[-1]
    if name.startswith(("lessons/", "concepts/", "questions/")):
        screens = LONG.get(name, SCREENS)
        if height > screens * WIDE[1]:
            problem(page, f"{height / WIDE[1]:.1f} screens long, not {screens}")
    if program >= 2 * WIDE[1]:
        problem(page, f"its first program begins on screen {program / WIDE[1] + 1:.1f}")
    for code in twice:
        problem(page, f"this stands open twice: {code}")


def check_search(browser, page, word, expected):
    browser.size(WIDE)
    browser.open(page)
    browser.find("body").send_keys("/")
    browser.wait(lambda: browser.find("#mdbook-searchbar").is_displayed(), "no search bar", page)
    browser.find("#mdbook-searchbar").send_keys(word)
    script = "return [...document.querySelectorAll('#mdbook-searchresults a')].map(a => a.href)"
    found = browser.wait(lambda: browser.run(script), f"a search for {word} finds nothing", page)
    if found and not any(expected in link for link in found):
        problem(page, f"a search for {word} does not find {expected}, but {found[:5]}")
    if found:
        text = urldefrag(found[0])[0].split("?")[0]
        browser.driver.get(text)
        if word.lower() not in browser.run("return document.querySelector('main').textContent").lower():
            problem(page, f"a search for {word} leads to {text}, which does not have it")


def search(browser, page, text):
    """Puts the text in place of what was searched for, as the mouse does: no key is pressed."""
    bar = browser.find("#mdbook-searchbar")
    browser.run("arguments[0].focus(); arguments[0].select()", bar)
    browser.cdp("Input.insertText", text=text)
    script = (
        "const header = document.querySelector('#mdbook-searchresults-header').textContent;"
        "const links = [...document.querySelectorAll('#mdbook-searchresults a')].map(a => a.href);"
        "return header.includes(arguments[0]) ? (links.length ? links : ['nothing']) : null"
    )
    return browser.wait(lambda: browser.run(script, text.strip()), f"no search for {text!r}", page)


def check_answers(browser, page, answers):
    """Whatever is pasted, the page that answers it comes first."""
    browser.size(WIDE)
    browser.open(page)
    browser.find("body").send_keys("/")
    browser.wait(lambda: browser.find("#mdbook-searchbar").is_displayed(), "no search bar", page)
    for expected, lines in answers:
        for line in lines:
            found = search(browser, page, f"  {line} ") or ["nothing"]
            if urlsplit(found[0]).path != f"/{page.split('/')[0]}/{expected}.html":
                problem(page, f"a search for {line!r} leads to {found[0]}, not to {expected}")


def check_marks(browser, page):
    """A pasted line survives a reload, and marks its own words in what it finds."""
    browser.size(WIDE)
    browser.open(page)
    browser.find("body").send_keys("/")
    browser.wait(lambda: browser.find("#mdbook-searchbar").is_displayed(), "no search bar", page)
    line = "BrokenPipeError: [Errno 32] Broken pipe in a + b % c & d #is it?"
    search(browser, page, line)
    browser.driver.refresh()
    value = "return document.querySelector('#mdbook-searchbar').value"
    browser.wait(lambda: browser.run(value) == line, f"{line!r} is lost in a reload", page)
    script = "return document.querySelector('#mdbook-searchresults a')?.href"
    if not (found := browser.wait(lambda: browser.run(script), f"{line!r} finds nothing", page)):
        return
    browser.driver.get(found)
    script = "return [...new Set([...document.querySelectorAll('main mark')].map(m => m.textContent.toLowerCase()))]"
    browser.wait(lambda: browser.run(script), f"{line!r} marks nothing", page)
    if "brokenpipeerror" not in (marks := browser.run(script)) or any(len(mark) < 3 for mark in marks):
        problem(page, f"{line!r} marks {marks}")


def check_http_server(browser, page):
    """Lesson 21's server in a browser: its page in GBK has its title."""
    server = subprocess.Popen(
        ["cargo", "run", "--quiet", "--locked", "-p", "http-server", "--", "127.0.0.1:0"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    try:
        address = server.stderr.readline().split()[-1]
        browser.driver.get(f"http://{address}/")
        browser.wait(lambda: browser.driver.title == "网络编程测试", "not the title of its page", page)
    finally:
        server.terminate()
        server.wait()
        for log in ("browser", "performance"):  # it isn't the book that asked for this
            browser.driver.get_log(log)


def check_language(browser, page):
    browser.size(WIDE)
    browser.open(page)
    language, rest = page.split("/", 1)
    browser.find(".menu-bar a.language").click()
    expected = f"{browser.address}{LANGUAGES[language]}/{rest}"
    browser.wait(lambda: browser.driver.current_url == expected, f"the switch does not lead to {expected}", page)
    if browser.run("return document.documentElement.lang") != LANGUAGES[language]:
        problem(page, "the other page does not name its language")
    # From the middle of a page it leads to the same section.
    browser.open(page)
    section = browser.run("return document.querySelectorAll('main h2[id]')[2].id")
    browser.run("document.getElementById(arguments[0]).scrollIntoView()", section)
    browser.run("document.querySelector('.menu-bar a.language').click()")
    expected += f"#{section}"
    browser.wait(lambda: browser.driver.current_url == expected, f"the switch does not lead to {expected}", page)


def check_theme(browser, page):
    browser.size(WIDE)
    browser.open(page)
    backgrounds = []
    browser.find("#mdbook-theme-toggle").click()
    for theme in ("light", "navy"):
        browser.find(f"#mdbook-theme-{theme}").click()
        backgrounds.append(browser.run("return getComputedStyle(document.documentElement).backgroundColor"))
        if theme not in browser.run("return document.documentElement.className").split():
            problem(page, f"the theme {theme} can't be chosen")
    if backgrounds[0] == backgrounds[1]:
        problem(page, f"both themes have the background {backgrounds[0]}")


def copied(browser, block):
    button = block.find_element(By.CSS_SELECTOR, ".clip-button")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    return browser.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0], e => arguments[0](String(e)))")


def check_keyboard(browser, page):
    """The table of contents opens and closes without a mouse."""
    browser.size(WIDE)
    browser.open(page)
    toggle = browser.find("#mdbook-sidebar-toggle")
    before = toggle.get_attribute("aria-expanded")
    browser.run("arguments[0].focus()", toggle)
    if browser.run("return document.activeElement.id") != "mdbook-sidebar-toggle":
        problem(page, "the button for the table of contents can't be reached by the keyboard")
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    if toggle.get_attribute("aria-expanded") == before:
        problem(page, "Enter does not open or close the table of contents")


def check_copy(browser, page):
    """A command is copied by itself, and a program without the numbers of its notes."""
    browser.size(WIDE)
    browser.open(page)
    block = browser.find("pre:has(> code.language-sh)")
    if (text := copied(browser, block)).strip() != "cargo run --example tcp-server-threaded":
        problem(page, f"the first command is copied as {text!r}")
    source = (ROOT / "crates/tcp-server-threaded/examples/tcp-server-threaded.rs").read_text("utf-8")
    text = copied(browser, browser.find(".program pre"))
    lines = [line for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if line not in source or re.search("[①-㉟]|// new$", line)]
    if len(lines) < 20 or wrong:
        problem(page, f"the program is copied with {wrong}, {len(lines)} lines")


def check_wire(browser, page):
    """The picture of the wire goes on a step at a time, asks before it shows, and keeps its keys."""
    browser.size(WIDE)
    browser.open(page)
    figure = "document.querySelector('figure.wire.steps')"
    seen = browser.run(f"""
        const figure = {figure}, next = figure.querySelectorAll(".wire-controls button")[1];
        const says = () => figure.querySelector("output").textContent, seen = [];
        for (let turn = 0; turn < 99 && next.ariaDisabled !== "true"; turn++) {{
            const before = says(), shown = () => figure.querySelectorAll(".step:not(.later)").length;
            const rows = shown(), asks = figure.querySelector("output strong") !== null;
            next.click();
            const lit = [...figure.querySelectorAll("pre")].map((box) => box.querySelectorAll(".lit").length);
            seen.push({{ asks, more: shown() - rows, changed: says() !== before, lit: Math.max(...lit) }});
        }}
        return seen""")
    if not seen or not any(turn["asks"] for turn in seen):
        problem(page, f"the picture of the wire asks nothing: {seen}")
    for turn, after in zip(seen, seen[1:] + [{"asks": False}]):
        if turn["more"] != (not after["asks"]) or not turn["changed"] or turn["lit"] > 1:
            problem(page, f"a step of the picture of the wire: {turn}, then {after}")
    # The keys with which mdBook turns pages.
    address, step = browser.driver.current_url, f"return {figure}.querySelector('input').value"
    for place in ("button", ".wire-box", "input"):
        browser.run(f"{figure}.querySelector(arguments[0]).focus()", place)
        before = int(browser.run(step))
        # Whether or not there is a question between the two steps.
        browser.driver.switch_to.active_element.send_keys(Keys.ARROW_LEFT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
        if browser.driver.current_url != address:
            problem(page, f"an arrow key in the picture's {place} leads to {browser.driver.current_url}")
            browser.open(page)
        elif int(browser.run(step)) != before - 1:
            problem(page, f"an arrow key in the picture's {place} does not go through it")
    browser.axe(page, "the picture of the wire, gone through")


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    if not AXE.is_file():
        sys.exit(f"Error: no {AXE}; npm install --prefix target/ci-tools axe-core")
    server = subprocess.Popen(
        ["cargo", "run", "--quiet", "--locked", "--manifest-path", "scripts/book/Cargo.toml", "--", "--serve", "0"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )
    try:
        line = server.stdout.readline()
        address = re.search(r"http://[^ ]*/", line)
        if not address:
            sys.exit(f"Error: no book: {line!r}")
        look(address[0], wanted)
    finally:
        server.terminate()
        server.wait()
    print(f"{len(problems)} problems" if problems else "the book is in order")
    sys.exit(bool(problems))


def look(address, wanted):
    pages = sorted(path.relative_to(BOOK).as_posix() for path in BOOK.rglob("*.html"))
    # toc.html is for those without scripts; print.html asks for the printer as soon as it is loaded.
    pages = [page for page in pages if not page.endswith(("/toc.html", "/print.html")) and wanted in page]
    if not wanted:
        check_links()
    tasks = [(page, check_page) for page in pages]
    steps = [page for page in pages if 'class="wire steps"' in (BOOK / page).read_text("utf-8")]
    tasks += [(page, check_wire) for page in steps if page.startswith("en/") or "tcp-client" in page]
    for language, word, expected in (
        ("zh-CN", "三次握手", "concepts/tcp.html"),
        ("zh-CN", "半关闭", "concepts/tcp.html"),
        ("zh-CN", "backlog", "lessons/"),
        ("zh-CN", "recv_from", "lessons/udp-"),
        ("en", "backlog", "lessons/"),
        ("en", "recv_from", "lessons/udp-"),
    ):
        tasks.append((f"{language}/index.html", check_search, word, expected))
    searches = tomllib.loads((ROOT / "scripts/book/searches.toml").read_text("utf-8"))
    for language in LANGUAGES:
        answers = [*searches["both"].items(), *searches.get(language, {}).items()]
        tasks += [(f"{language}/index.html", check_answers, answers), (f"{language}/index.html", check_marks)]
    for page in ("en/lessons/tcp-client.html", "zh-CN/index.html", "zh-CN/concepts/tcp.html"):
        tasks += [(page, check_language), (page, check_theme)]
    tasks += [("http-server", check_http_server), ("en/index.html", check_keyboard), ("en/lessons/tcp-server-threaded.html", check_copy)]
    queue = iter(tasks)
    with ThreadPoolExecutor() as pool:  # each of its threads has a browser of its own, and takes the next task
        list(pool.map(work, [address] * BROWSERS, [queue] * BROWSERS))
    print(f"looked at {len(pages)} pages")


def work(address, tasks):
    browser = Browser(address)
    try:
        browser.open("index.html")
        for page, check, *arguments in tasks:
            attempt(browser, page, check, *arguments)
        browser.logged("the last pages")
    finally:
        browser.driver.quit()


if __name__ == "__main__":
    main()
