//! The two languages, and the few words that the builder adds to the text.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

impl Language {
    pub(crate) const BOTH: [Self; 2] = [Self::English, Self::Chinese];

    /// As in `<html lang>`, and the folder of the book.
    pub(crate) fn code(self) -> &'static str {
        self.pick("en", "zh-CN")
    }

    pub(crate) fn other(self) -> Self {
        self.pick(Self::Chinese, Self::English)
    }

    pub(crate) fn pick<T>(self, english: T, chinese: T) -> T {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// This language's file for an English one: `README.md`, `README.zh-CN.md`.
    pub(crate) fn file(self, english: &str) -> String {
        self.pick(english.to_owned(), english.replace(".md", ".zh-CN.md"))
    }

    /// The configuration that `book.toml` would hold.
    pub(crate) fn config(self) -> String {
        let title = self.pick("socket-lessons", "socket-lessons：网络编程课");
        format!(
            "[book]\ntitle = '{title}'\nlanguage = '{code}'\n\
             [build]\ncreate-missing = false\n\
             use-default-preprocessors = false\n\
             [output.html]\nadditional-css = ['book.css', 'wire.css']\nadditional-js = ['search.js', 'page.js', 'wire.js']\n\
             preferred-dark-theme = 'navy'\nsmart-punctuation = false\nno-section-label = true\n\
             input-404 = ''\n\
             [output.html.playground]\nrunnable = false\n\
             [output.html.search]\nheading-split-level = 2\nboost-title = 3\nuse-boolean-and = true\n",
            code = self.code(),
        )
    }
}

/// What mdBook itself says, in Chinese.
pub(crate) const MDBOOK_IN_CHINESE: &[(&str, &str)] = &[
    ("Keyboard shortcuts", "键盘快捷键"),
    (
        "<p>Press <kbd>←</kbd> or <kbd>→</kbd> to navigate between chapters</p>",
        "<p><kbd>←</kbd> <kbd>→</kbd> 上一页、下一页</p>",
    ),
    (
        "<p>Press <kbd>S</kbd> or <kbd>/</kbd> to search in the book</p>",
        "<p><kbd>S</kbd> 或 <kbd>/</kbd> 搜索</p>",
    ),
    ("<p>Press <kbd>?</kbd> to show this help</p>", "<p><kbd>?</kbd> 显示本帮助</p>"),
    ("<p>Press <kbd>Esc</kbd> to hide this help</p>", "<p><kbd>Esc</kbd> 关闭本帮助</p>"),
    ("\"Toggle Table of Contents\"", "\"显示或隐藏目录\""),
    ("\"Table of contents\"", "\"目录\""),
    ("\"Change theme\"", "\"切换主题\""),
    ("\"Themes\"", "\"主题\""),
    (">Auto<", ">跟随系统<"),
    (">Light<", ">浅色<"),
    (">Dark<", ">深色<"),
    ("\"Search (`/`)\"", "\"搜索（/）\""),
    ("\"Toggle Searchbar\"", "\"显示或隐藏搜索栏\""),
    ("\"Search this book ...\"", "\"搜索本书……\""),
    ("\"Print this book\"", "\"打印本书\""),
    ("\"Page navigation\"", "\"翻页\""),
    ("\"Previous chapter\"", "\"上一页\""),
    ("\"Next chapter\"", "\"下一页\""),
];

/// What mdBook's scripts say, in Chinese.
pub(crate) const SCRIPTS_IN_CHINESE: &[(&str, &str)] = &[
    ("'Copy to clipboard'", "'复制'"),
    ("'Copied!'", "'已复制'"),
    ("'Clipboard error!'", "'复制失败'"),
    ("'No search results for \\'' + searchterm + '\\'.'", "'没有找到“' + searchterm + '”'"),
    ("count + ' search result for \\'' + searchterm + '\\':'", "count + ' 处“' + searchterm + '”'"),
    (
        "count + ' search results for \\'' + searchterm + '\\':'",
        "count + ' 处“' + searchterm + '”'",
    ),
];
