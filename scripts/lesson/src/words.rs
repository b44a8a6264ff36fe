//! The two languages that `cargo lesson` speaks.

use std::env;

use clap::ValueEnum;
use course::{Lesson, Words};

/// The option that chooses the language.
#[derive(clap::Args)]
pub(crate) struct Speak {
    /// The language of what is said: en or zh; by default the locale's
    #[arg(long, value_enum, value_name = "en|zh", hide_possible_values = true)]
    lang: Option<Language>,
}

impl Speak {
    /// The language that was chosen, or else the locale's.
    pub(crate) fn language(&self) -> Language {
        self.lang.unwrap_or_else(Language::of_locale)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    #[value(name = "en")]
    English,
    #[value(name = "zh")]
    Chinese,
}

impl Language {
    /// By the variables that say it (locale(7)).
    pub(crate) fn of_locale() -> Self {
        let said = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| env::var(name).unwrap_or_default());
        let said = said.iter().find(|said| !said.is_empty());
        if said.is_some_and(|said| said.starts_with("zh")) { Self::Chinese } else { Self::English }
    }

    /// What is said in this language.
    pub(crate) fn pick<T>(self, english: T, chinese: T) -> T {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// The article, before another thing to read; nothing if the lesson goes beyond the articles.
    pub(crate) fn article(self, lesson: &Lesson) -> String {
        lesson.article().map_or(String::new(), |source| {
            self.pick(format!("the article ({source}) and "), format!("文章（{source}）和 "))
        })
    }

    /// What the course says in this language.
    pub(crate) fn of(self, words: &Words) -> &str {
        self.pick(&words.en, if words.zh.is_empty() { &words.en } else { &words.zh })
    }
}
